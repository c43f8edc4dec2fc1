//! Options in files: how values are written, and what is wrong with those that cannot be read.

use std::time::Duration;

use hubwire::SignalR;
use hubwire::options::{
    Configuration, DeadPeerTimeouts, EndpointOptions, HubOptions, ServeOptions, ServerOptions,
};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

fn assert_read(value: &Value, expected: Duration) {
    let options: HubOptions = serde_json::from_value(json!({"handshake_timeout": value})).unwrap();
    assert_eq!(options.handshake_timeout, expected, "{value}");
}

#[test]
fn times_are_text_or_seconds() {
    assert_read(&json!("15s"), Duration::from_secs(15));
    assert_read(&json!("1m 30s"), Duration::from_secs(90));
    assert_read(&json!("500ms"), Duration::from_millis(500));
    assert_read(&json!(20), Duration::from_secs(20));
    assert_read(&json!(0.25), Duration::from_millis(250));
}

#[test]
fn what_is_unlimited_or_off_is_written_in_json_and_in_toml() {
    for value in ["null", "\"unlimited\""] {
        let options: HubOptions =
            serde_json::from_str(&format!("{{\"maximum_receive_message_size\": {value}}}"))
                .unwrap();
        assert_eq!(options.maximum_receive_message_size, None, "{value}");
    }
    for value in ["null", "\"off\""] {
        let options: EndpointOptions =
            serde_json::from_str(&format!("{{\"dead_peer_timeouts\": {value}}}")).unwrap();
        assert_eq!(options.dead_peer_timeouts, None, "{value}");
    }
    let options: EndpointOptions =
        toml::from_str("dead_peer_timeouts = { keep_alive = 5 }").unwrap();
    let expected = DeadPeerTimeouts {
        keep_alive: Duration::from_secs(5),
        ..DeadPeerTimeouts::default()
    };
    assert_eq!(options.dead_peer_timeouts, Some(expected));
}

#[track_caller]
fn assert_unreadable(text: &str, expected: &[&str]) {
    let error = serde_json::from_str::<Configuration>(text)
        .unwrap_err()
        .to_string();
    for part in expected {
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn unknown_names_are_errors_that_list_the_known_ones() {
    assert_unreadable(r#"{"hubz": {}}"#, &["`hubz`", "`hubs`", "`endpoints`"]);
    assert_unreadable(
        r#"{"hub": {"keepalive_interval": "15s"}}"#,
        &[
            "`keepalive_interval`",
            "`keep_alive_interval`",
            "`answer_buffer_size`",
            "line 1",
        ],
    );
    assert_unreadable(
        r#"{"hubs": {"ChatHub": {"allowed_origins": []}}}"#,
        &["`allowed_origins`", "`handshake_timeout`"],
    );
    assert_unreadable(
        r#"{"endpoint": {"dead_peer_timeouts": {"keepalive": 1}}}"#,
        &["`dead_peer_timeouts`", "`keepalive`", "`keep_alive`"],
    );
    assert_unreadable(
        r#"{"hub": {"naming": "DotNet"}}"#,
        &["`naming`", "\"DotNet\"", "`dotnet`"],
    );
    assert_unreadable(
        r#"{"hub": {"supported_protocols": ["xml"]}}"#,
        &["`supported_protocols`", "`xml`", "`messagepack`"],
    );
    let twice = r#"{"hub": {"detailed_errors": true, "detailed_errors": false}}"#;
    assert_unreadable(twice, &["duplicate", "`detailed_errors`"]);
}

#[test]
fn values_of_other_types_are_errors_that_name_the_option() {
    for (option, value) in [
        ("handshake_timeout", "\"soon\""),
        ("handshake_timeout", "\"15\""),
        ("handshake_timeout", "-1"),
        ("handshake_timeout", "1e300"),
        ("handshake_timeout", "-0.5"),
        ("handshake_timeout", "18446744073709551616"),
        ("handshake_timeout", "\"99999999999999999999s\""),
        ("handshake_timeout", "\"18446744073709551615s 1s\""),
        ("handshake_timeout", "\"600000000000 years\""),
        ("maximum_receive_message_size", "18446744073709551616"),
        ("maximum_receive_message_size", "1e3"),
        ("handshake_timeout", "null"),
        ("maximum_receive_message_size", "\"32 KiB\""),
        ("maximum_receive_message_size", "-1"),
        ("maximum_parallel_invocations_per_client", "0"),
        ("maximum_running_calls_per_client", "1.5"),
        ("detailed_errors", "\"yes\""),
        ("supported_protocols", "\"json\""),
    ] {
        let text = format!(r#"{{"hub": {{"{option}": {value}}}}}"#);
        assert_unreadable(&text, &[&format!("`{option}` is "), "expected"]);
    }
}

/// An error in TOML shows its line.
#[test]
fn errors_in_toml_show_their_place() {
    let text = "[hub]\ndetailed_errors = true\nhandshake_timeout = 'soon'\n";
    let error = toml::from_str::<Configuration>(text)
        .unwrap_err()
        .to_string();
    for part in ["line 3", "`handshake_timeout` is \"soon\"", "1m 30s"] {
        assert!(error.contains(part), "{error}");
    }
}

/// Any value that a file may have, most of them nearly right.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9]{0,24} ?(ns|ms|s|m|h|days|years|)( [0-9]{1,3}s)?".prop_map(Value::from),
        "json|messagepack|dotnet|off|unlimited|https://[a-z.*:0-9/]{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let keys = prop_oneof![Just("keep_alive".to_owned()), any::<String>()];
    leaf.prop_recursive(2, 8, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map(keys.clone(), inner, 0..3).prop_map(Value::from_iter),
        ]
    })
}

fn sections() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop_oneof![
        select(HubOptions::NAMES).prop_map(|option| ("hub", option)),
        select(EndpointOptions::NAMES).prop_map(|option| ("endpoint", option)),
        select(ServerOptions::NAMES).prop_map(|option| ("server", option)),
        select(ServeOptions::NAMES).prop_map(|option| ("serve", option)),
    ]
}

proptest! {
    /// Whatever a file says, it is read and makes sense, or it is an error that names the option.
    #[test]
    fn any_value_is_accepted_or_refused_by_name((section, option) in sections(), value in values()) {
        let file = json!({section: {option: value}});
        let error = match serde_json::from_value::<Configuration>(file) {
            Err(error) => error.to_string(),
            Ok(configuration) => match configuration.validate() {
                Err(invalid) => invalid.to_string(),
                Ok(()) => {
                    let _ = SignalR::builder().configuration(configuration).build();
                    return Ok(());
                }
            },
        };
        let name = format!("`{option}`");
        prop_assert!(error.contains(&name), "{}", error);
    }
}
