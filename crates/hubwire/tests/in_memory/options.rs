//! No option is forgotten: each has its default, a value that a file may set, and a test of its effect.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use hubwire::options::{EndpointOptions, HubOptions, ServeOptions, ServerOptions};
use hubwire::protocol::Transport;
use serde::de::DeserializeOwned;

/// Each option, another value than its default as a file has it, and the file and the test that show its effect.
const OPTIONS: &str = r#"
handshake_timeout | "1s" | in_memory/timing.rs | a_handshake_that_does_not_arrive_is_canceled
keep_alive_interval | "1s" | in_memory/timing.rs | the_interval_of_pings_can_be_set
client_timeout_interval | "1s" | in_memory/option_effects.rs | client_timeout_interval
maximum_receive_message_size | "unlimited" | in_memory/option_effects.rs | maximum_receive_message_size
maximum_parallel_invocations_per_client | 3 | in_memory/calls.rs | with_three_slots_calls_begin_in_order_and_end_in_any
maximum_running_calls_per_client | 2 | in_memory/metrics.rs | limits_of_streams_and_calls
supported_protocols | ["messagepack"] | in_memory/option_effects.rs | supported_protocols
naming | "dotnet" | in_memory/option_effects.rs | naming
stream_buffer_capacity | 2 | in_memory/option_effects.rs | stream_buffer_capacity
maximum_parallel_streams_per_client | 5 | in_memory/streams.rs | the_streams_of_a_connection_are_bounded
cancelled_stream_timeout | "1s" | in_memory/option_effects.rs | cancelled_stream_timeout
client_result_timeout | "1s" | in_memory/option_effects.rs | client_result_timeout
maximum_pending_client_results | 3 | in_memory/client_results.rs | the_pending_results_of_a_client_are_bounded
detailed_errors | true | in_memory/calls.rs | with_detailed_errors_binding_failures_are_explained
maximum_groups_per_connection | 2 | in_memory/group_limits.rs | a_connection_is_in_as_many_groups_as_its_hub_allows
maximum_group_name_size | 3 | in_memory/option_effects.rs | maximum_group_name_size
outbound_buffer_size | 65536 | in_memory/slow_clients.rs | a_send_to_one_client_waits_until_there_is_room
maximum_outbound_buffer_size | 65536 | in_memory/slow_clients.rs | a_broadcast_waits_for_nobody_and_disconnects_a_slow_client_at_the_maximum
answer_buffer_size | 262144 | in_memory/unread_answers.rs | calls_of_a_client_that_does_not_read_its_completions_wait
one_connection_per_user | "newest" | in_memory/one_connection_per_user.rs | a_file_chooses_which_connection_stays
when_busy | "drop_oldest" | in_memory/when_busy.rs | a_hub_that_drops_the_oldest_keeps_the_newest_within_its_bound
transports | ["web_sockets"] | in_memory/endpoint_option_effects.rs | transports
poll_timeout | "2s" | in_memory/long_polling.rs | a_poll_ends_empty_after_the_poll_timeout_and_nothing_is_pinged
disconnect_timeout | "60s" | in_memory/long_polling.rs | a_client_that_comes_after_the_disconnect_timeout_is_unknown
application_maximum_buffer_size | 1024 | in_memory/endpoint_option_effects.rs | application_maximum_buffer_size
transport_send_timeout | 3 | in_memory/slow_clients.rs | a_send_waits_for_the_send_timeout_at_most_and_its_message_stays_queued
transport_progress_timeout | 20 | in_memory/slow_clients.rs | the_progress_timeout_can_be_set_and_a_steady_reader_meets_it
transport_progress_size | 1024 | in_memory/endpoint_option_effects.rs | transport_progress_size
dead_peer_timeouts | "off" | serving/way_out.rs | a_peer_with_a_dead_network_is_given_up_with_any_traffic_or_none
authentication_timeout | "3s" | in_memory/authentication.rs | authentication_timeout
close_on_authentication_expiration | true | in_memory/authentication_expiry.rs | a_connection_ends_when_its_authentication_does
minimum_protocol_version | 1 | in_memory/endpoint_option_effects.rs | minimum_protocol_version
web_socket_close_timeout | 0.5 | in_memory/endpoint_option_effects.rs | web_socket_close_timeout
allowed_origins | ["https://shop.example"] | in_memory/endpoint_option_effects.rs | allowed_origins
keep_request | "path_only" | raw_socket/kept_requests.rs | a_connection_keeps_the_part_of_its_request_that_its_endpoint_names
maximum_kept_request_size | 100 | raw_socket/kept_requests.rs | a_connection_keeps_as_much_of_its_request_as_its_endpoint_allows
maximum_outbound_memory | 1048576 | in_memory/outbound_memory.rs | beyond_the_maximum_the_clients_with_the_oldest_messages_are_disconnected
outbound_victim_size | 1 | in_memory/server_option_effects.rs | outbound_victim_size
maximum_orphaned_calls | 10 | in_memory/orphaned_calls.rs | a_thousand_calls_that_outlive_their_connections_are_bounded
maximum_negotiated_ids_per_address | 2 | in_memory/server_option_effects.rs | maximum_negotiated_ids_per_address
outbound_turn_size | 1024 | in_memory/server_option_effects.rs | outbound_turn_size
unflushed_size | 1024 | in_memory/server_option_effects.rs | unflushed_size
trusted_proxies | ["10.0.0.0/8", "unix"] | in_memory/trusted_proxies.rs | trusted_proxies
request_headers_timeout | "5s" | faults/head_timeout.rs | the_application_can_set_the_limit
write_timeout | 3 | serving/unread_responses.rs | the_socket_of_a_peer_that_reads_nothing_is_freed
maximum_connections | 60000 | serving/connection_limits.rs | connections_beyond_the_maximum_get_503_until_others_leave
maximum_connections_per_address | 100 | serving/connection_limits.rs | each_address_has_room_of_its_own
tls_handshake_timeout | "2s" | tls/handshakes.rs | a_handshake_that_takes_too_long_ends
maximum_tls_handshakes | 3 | tls/handshakes.rs | clients_that_only_begin_keep_nobody_out
"#;

/// An option, another value than its default, a file and a test.
fn options() -> impl Iterator<Item = [&'static str; 4]> {
    let rows = OPTIONS.lines().filter(|row| !row.is_empty());
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        cells.try_into().unwrap()
    })
}

fn names() -> BTreeSet<&'static str> {
    let all = [
        HubOptions::NAMES,
        EndpointOptions::NAMES,
        ServeOptions::NAMES,
        ServerOptions::NAMES,
    ];
    all.concat().into_iter().collect()
}

#[test]
fn the_effect_of_every_option_is_tested() {
    let listed: BTreeSet<_> = options().map(|[option, ..]| option).collect();
    assert_eq!(listed, names());
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for [option, _, file, test] in options() {
        let text = fs::read_to_string(tests.join(file)).unwrap();
        assert!(
            text.contains(&format!("fn {test}(")),
            "{option}: {file} has no test {test}"
        );
        assert!(
            text.contains(option),
            "{option}: {file} does not speak of it"
        );
    }
}

/// What a file sets, with the defaults of everything else.
fn read<T: DeserializeOwned>(option: &str, value: &str) -> T {
    let text = format!("{{\"{option}\": {value}}}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Whether this is the default of an option, whichever type it is of.
fn is_default(option: &str, value: &str) -> bool {
    if HubOptions::NAMES.contains(&option) {
        read::<HubOptions>(option, value) == HubOptions::default()
    } else if EndpointOptions::NAMES.contains(&option) {
        read::<EndpointOptions>(option, value) == EndpointOptions::default()
    } else if ServeOptions::NAMES.contains(&option) {
        read::<ServeOptions>(option, value) == ServeOptions::default()
    } else {
        read::<ServerOptions>(option, value) == ServerOptions::default()
    }
}

#[test]
fn a_file_can_set_every_option() {
    for [option, value, ..] in options() {
        assert!(!is_default(option, value), "{option}");
    }
}

/// The table rows of the guide: the names of options and their defaults, as a file has them.
fn documented() -> Vec<(String, String)> {
    let guide = include_str!("../../../../docs/options.md");
    let rows = guide.lines().filter(|line| line.starts_with("| `"));
    let cell = |cell: Option<&str>| cell.unwrap().trim().trim_matches('`').to_owned();
    rows.map(|row| {
        let mut cells = row.split('|').skip(1);
        (cell(cells.next()), cell(cells.next()))
    })
    .collect()
}

#[test]
fn the_guide_has_every_option_with_its_default() {
    let documented = documented();
    let listed: BTreeSet<_> = documented
        .iter()
        .map(|(option, _)| option.as_str())
        .collect();
    assert_eq!(listed, names());
    for (option, default) in &documented {
        assert!(
            is_default(option, default),
            "the default of {option} is not {default}"
        );
    }
}

/// The options that ASP.NET Core has, and its defaults.
#[test]
fn defaults_are_those_of_aspnet_core() {
    const KIB: usize = 1024;
    let hub = HubOptions::default();
    assert_eq!(hub.handshake_timeout, Duration::from_secs(15));
    assert_eq!(hub.keep_alive_interval, Duration::from_secs(15));
    assert_eq!(hub.client_timeout_interval, Duration::from_secs(30));
    assert_eq!(hub.maximum_receive_message_size, Some(32 * KIB));
    assert_eq!(hub.stream_buffer_capacity.get(), 10);
    assert_eq!(hub.maximum_parallel_invocations_per_client.get(), 1);
    assert!(!hub.detailed_errors);
    let protocols: Vec<_> = hub.supported_protocols.iter().map(|it| it.name()).collect();
    assert_eq!(protocols, ["json", "messagepack"]);
    // There, it is `TransportMaxBufferSize`.
    assert_eq!(hub.answer_buffer_size, 64 * KIB);
    let endpoint = EndpointOptions::default();
    assert_eq!(endpoint.application_maximum_buffer_size, 64 * KIB);
    assert_eq!(endpoint.transport_send_timeout, Duration::from_secs(10));
    assert_eq!(endpoint.minimum_protocol_version, 0);
    assert!(!endpoint.close_on_authentication_expiration);
    assert_eq!(endpoint.poll_timeout, Duration::from_secs(90));
    assert_eq!(endpoint.disconnect_timeout, Duration::from_secs(15));
    assert_eq!(endpoint.transports, Transport::ALL);
    assert_eq!(endpoint.web_socket_close_timeout, Duration::from_secs(5));
}
