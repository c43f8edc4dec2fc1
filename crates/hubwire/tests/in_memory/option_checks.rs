//! Options that make no sense are refused at start-up.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::panic::{self, catch_unwind};
use std::time::Duration;

use hubwire::options::{Configuration, EndpointOptions, HubOptions, ServeOptions, ServerOptions};
use hubwire::{HubResult, SignalR, StreamReader, hub};
use serde_json::json;
use test_support::bombs::ErrorLines;
use test_support::in_memory::*;

struct CheckedHub;

#[hub]
impl CheckedHub {
    pub async fn sum(&self, mut numbers: StreamReader<u32>) -> HubResult<u32> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }
}

/// What is wrong with options of which a file sets one.
fn wrong(section: &str, option: &str, value: &str) -> String {
    let text = format!(r#"{{"{section}": {{"{option}": {value}}}}}"#);
    let configuration: Configuration = serde_json::from_str(&text).unwrap();
    let invalid = configuration.validate().unwrap_err();
    assert_eq!(invalid.option(), option);
    invalid.to_string()
}

#[test]
fn defaults_make_sense() {
    assert_eq!(HubOptions::default().validate(), Ok(()));
    assert_eq!(EndpointOptions::default().validate(), Ok(()));
    assert_eq!(ServeOptions::default().validate(), Ok(()));
    assert_eq!(ServerOptions::default().validate(), Ok(()));
    assert_eq!(Configuration::default().validate(), Ok(()));
}

#[test]
fn times_are_longer_than_zero() {
    for (section, option) in [
        ("hub", "handshake_timeout"),
        ("hub", "keep_alive_interval"),
        ("hub", "client_timeout_interval"),
        ("hub", "cancelled_stream_timeout"),
        ("hub", "client_result_timeout"),
        ("endpoint", "authentication_timeout"),
        ("endpoint", "transport_send_timeout"),
        ("endpoint", "transport_progress_timeout"),
        ("endpoint", "web_socket_close_timeout"),
        ("serve", "request_headers_timeout"),
        ("serve", "write_timeout"),
    ] {
        let expected = format!("`{option}` is 0ns: a time must be longer than zero");
        assert_eq!(wrong(section, option, "0"), expected);
    }
}

#[test]
fn messages_names_and_buffers_have_a_size() {
    for (section, option) in [
        ("hub", "maximum_receive_message_size"),
        ("hub", "maximum_group_name_size"),
        ("hub", "outbound_buffer_size"),
        ("hub", "answer_buffer_size"),
        ("endpoint", "application_maximum_buffer_size"),
        ("endpoint", "transport_progress_size"),
        ("serve", "maximum_connections"),
        ("serve", "maximum_connections_per_address"),
        ("serve", "maximum_tls_handshakes"),
        ("server", "maximum_outbound_memory"),
        ("server", "outbound_turn_size"),
        ("server", "unflushed_size"),
    ] {
        let expected = format!("`{option}` is 0: it must be at least 1");
        assert_eq!(wrong(section, option, "0"), expected);
    }
}

#[test]
fn numbers_leave_room_for_sums() {
    let (largest, most) = (usize::MAX, usize::MAX / 2);
    for (section, option) in [
        ("hub", "maximum_outbound_buffer_size"),
        ("endpoint", "application_maximum_buffer_size"),
        ("server", "maximum_outbound_memory"),
    ] {
        let expected = format!("`{option}` is {largest}: it must be at most {most}");
        assert_eq!(wrong(section, option, &largest.to_string()), expected);
    }
}

/// Where sizes are as large as they may be, nothing overflows.
#[tokio::test(start_paused = true)]
async fn the_largest_values_work() {
    let (most, forever) = (usize::MAX / 2, Duration::MAX);
    let signalr = SignalR::builder()
        .maximum_outbound_memory(most)
        .outbound_victim_size(most)
        .maximum_orphaned_calls(most)
        .outbound_turn_size(most)
        .unflushed_size(most)
        .handshake_timeout(forever)
        .keep_alive_interval(forever)
        .client_timeout_interval(forever)
        .client_result_timeout(forever)
        .cancelled_stream_timeout(forever)
        .maximum_receive_message_size(most)
        .maximum_parallel_invocations_per_client(NonZeroUsize::new(most).unwrap())
        .stream_buffer_capacity(NonZeroUsize::new(most).unwrap())
        .maximum_pending_client_results(most)
        .maximum_groups_per_connection(most)
        .outbound_buffer_size(most)
        .maximum_outbound_buffer_size(most)
        .answer_buffer_size(most)
        .maximum_group_name_size(most)
        .maximum_running_calls_per_client(most)
        .maximum_parallel_streams_per_client(most)
        .application_maximum_buffer_size(most)
        .transport_send_timeout(forever)
        .transport_progress_timeout(forever)
        .transport_progress_size(most)
        .web_socket_close_timeout(forever)
        .build();
    let server = TestServer::on(signalr, CheckedHub, |hub| hub);
    let mut client = server.connect().await;
    ping(&mut client).await;
    let all = server.context().clients().all();
    for _ in 0..10 {
        all.send("Text", ("x".repeat(10_000),)).await.unwrap();
    }
    pass(seconds(100)).await;
    for _ in 0..10 {
        assert_eq!(client.push().await.unwrap().0, "Text");
    }
    let call = json!({"type": 1, "invocationId": "1", "target": "Sum", "arguments": [], "streamIds": ["s"]});
    client.send_record(&call).await.unwrap();
    for item in [3, 4] {
        let item = json!({"type": 2, "invocationId": "s", "item": item});
        client.send_record(&item).await.unwrap();
    }
    let end = json!({"type": 3, "invocationId": "s"});
    client.send_record(&end).await.unwrap();
    assert_eq!(client.completion("1").await, Ok(json!(7)));
    client.close().await.unwrap();
    server.leaves_nothing_behind().await;
}

#[test]
fn a_hub_without_protocols_is_refused() {
    assert_eq!(
        wrong("hub", "supported_protocols", "[]"),
        "`supported_protocols` is []: there are no supported protocols, so nobody could connect"
    );
}

#[test]
fn clients_are_waited_for_before_they_are_disconnected() {
    let wrong = wrong("hub", "maximum_outbound_buffer_size", "1024");
    let expected = "`maximum_outbound_buffer_size` is 1024: it must be at least `outbound_buffer_size`, which is 1048576";
    assert!(wrong.starts_with(expected), "{wrong}");
}

#[test]
fn probes_come_before_a_peer_is_dead() {
    for timeouts in [
        r#"{"unacknowledged": 10, "keep_alive": 11}"#,
        r#"{"unacknowledged": 10, "keep_alive": 0.5}"#,
    ] {
        let wrong = wrong("endpoint", "dead_peer_timeouts", timeouts);
        assert!(wrong.starts_with("`dead_peer_timeouts` is "), "{wrong}");
    }
}

#[test]
fn origins_are_those_of_pages() {
    let wrong = wrong("endpoint", "allowed_origins", r#"["shop.example"]"#);
    let expected =
        "`shop.example` in `allowed_origins` is the origin of no page: the scheme is missing";
    assert!(wrong.starts_with(expected), "{wrong}");
}

#[test]
fn proxies_have_addresses() {
    let wrong = wrong("server", "trusted_proxies", r#"["unix", "proxy.example"]"#);
    let expected = "`proxy.example` in `trusted_proxies` is no proxy: it is neither an address";
    assert!(wrong.starts_with(expected), "{wrong}");
}

#[test]
#[should_panic(
    expected = "The server cannot be built: `10.0.0.1/8` in `trusted_proxies` is no proxy: \
                it is an address in the network `10.0.0.0/8`: name either"
)]
fn a_server_with_a_proxy_that_matches_nothing_is_not_built() {
    let _ = SignalR::builder().trusted_proxies(["10.0.0.1/8"]).build();
}

#[tokio::test(start_paused = true)]
async fn pings_as_rare_as_timeouts_are_a_warning() {
    let lines = ErrorLines::counted();
    let signalr = SignalR::new();
    let hub = signalr.hub().name("usual").keep_alive_interval(seconds(29));
    let _ = hub.build(CheckedHub);
    assert_eq!(lines.take_warnings(), 0);
    let hub = signalr.hub().name("rare").keep_alive_interval(seconds(30));
    let _ = hub.build(CheckedHub);
    assert_eq!(lines.take_warnings(), 1);
}

#[test]
#[should_panic(
    expected = "The server cannot be built: `unflushed_size` is 0: it must be at least 1"
)]
fn a_server_with_nonsense_is_not_built() {
    let _ = SignalR::builder().unflushed_size(0).build();
}

#[test]
#[should_panic(expected = "The server cannot be built: `handshake_timeout` is 0ns")]
fn nor_one_with_nonsense_for_its_hubs() {
    let _ = SignalR::builder().handshake_timeout(Duration::ZERO).build();
}

#[test]
#[should_panic(expected = "The server cannot be built: `transport_send_timeout` is 0ns")]
fn nor_one_with_nonsense_for_its_endpoints() {
    let _ = SignalR::builder()
        .transport_send_timeout(Duration::ZERO)
        .build();
}

#[test]
#[should_panic(expected = "The hub `CheckedHub` cannot be built: `answer_buffer_size` is 0")]
fn a_hub_with_nonsense_is_not_built() {
    let signalr = SignalR::new();
    let _ = signalr.hub().answer_buffer_size(0).build(CheckedHub);
}

#[test]
#[should_panic(expected = "`transport_progress_size` is 0: it must be at least 1")]
fn an_endpoint_takes_no_nonsense() {
    let hub = SignalR::new().hub().build(CheckedHub);
    let _ = hub.endpoint().transport_progress_size(0);
}

thread_local! {
    static PANICKED_IN: Cell<Option<String>> = const { Cell::new(None) };
}

/// The file in which this panics.
fn file_of_panic(panics: impl FnOnce() + panic::UnwindSafe) -> String {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let file = info.location().map(|location| location.file().to_owned());
        PANICKED_IN.set(file);
        usual(info);
    }));
    catch_unwind(panics).unwrap_err();
    PANICKED_IN.take().unwrap()
}

#[test]
fn a_panic_names_the_line_that_sets_nonsense() {
    let size = file_of_panic(|| {
        let hub = SignalR::new().hub().build(CheckedHub);
        let _ = hub.endpoint().transport_progress_size(0);
    });
    assert_eq!(size, file!());
    let origin = file_of_panic(|| {
        let hub = SignalR::new().hub().build(CheckedHub);
        let _ = hub.endpoint().allowed_origins(["shop.example"]);
    });
    assert_eq!(origin, file!());
    let options = file_of_panic(|| {
        let hub = SignalR::new().hub().build(CheckedHub);
        let mut options = EndpointOptions::default();
        options.allowed_origins = vec!["*".to_owned()];
        let _ = hub.endpoint().options(options);
    });
    assert_eq!(options, file!());
    let hub = file_of_panic(|| {
        let hub = SignalR::new().hub().answer_buffer_size(0);
        let _ = hub.build(CheckedHub);
    });
    assert_eq!(hub, file!());
    let server = file_of_panic(|| {
        let _ = SignalR::builder().allowed_origins(["shop.example"]).build();
    });
    assert_eq!(server, file!());
}

#[test]
fn a_configuration_with_nonsense_in_any_section_is_refused() {
    for (text, option) in [
        ("server.unflushed_size = 0", "unflushed_size"),
        ("serve.write_timeout = '0s'", "write_timeout"),
        ("hub.handshake_timeout = 0", "handshake_timeout"),
        ("endpoint.allowed_origins = ['*']", "allowed_origins"),
        (
            "hubs.ChatHub.supported_protocols = []",
            "supported_protocols",
        ),
        (
            "endpoints.ChatHub.web_socket_close_timeout = '0s'",
            "web_socket_close_timeout",
        ),
        // Each alone makes sense.
        (
            "hub.outbound_buffer_size = 2000\nhub.maximum_outbound_buffer_size = 3000\nhubs.ChatHub.outbound_buffer_size = 4000",
            "maximum_outbound_buffer_size",
        ),
    ] {
        let configuration: Configuration = toml::from_str(text).unwrap();
        assert_eq!(
            configuration.validate().unwrap_err().option(),
            option,
            "{text}"
        );
    }
}
