//! The metrics of connections, and of what they carry.

use hubwire::metrics::{ALL, MetricKind};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use test_support::http_client::HttpClient;
use test_support::in_memory::*;

use super::calls::values;
use super::*;

/// Returns the values of a gauge, each with its labels.
fn gauge(recorded: &Recorded, name: &str) -> Vec<(String, f64)> {
    let values = recorded
        .iter()
        .filter_map(|(key, _, _, value)| match value {
            DebugValue::Gauge(value) if key.key().name() == name => {
                let labels: Vec<_> = key.key().labels().map(|label| label.value()).collect();
                Some((labels.join(" "), value.into_inner()))
            }
            _ => None,
        });
    let mut values: Vec<_> = values.collect();
    values.sort_by(|one, other| one.0.cmp(&other.0));
    values
}

fn by_transport(polls: f64, event_streams: f64, web_sockets: f64) -> Vec<(String, f64)> {
    vec![
        ("long_polling".to_owned(), polls),
        ("server_sent_events".to_owned(), event_streams),
        ("web_sockets".to_owned(), web_sockets),
    ]
}

async fn connected() -> (TestServer<MeasuredHub>, TestClient) {
    let server = server(|hub| hub);
    let client = server.connect().await;
    (server, client)
}

#[test]
fn the_open_connections_are_counted_and_return_to_zero() {
    let name = "signalr.server.active_connections";
    let open = recorded(async {
        let (_server, client) = connected().await;
        pass(seconds(2)).await;
        std::mem::forget(client);
    });
    assert_eq!(gauge(&open, name), by_transport(0.0, 0.0, 1.0));
    let closed = recorded(async {
        let (_server, mut client) = connected().await;
        pass(seconds(2)).await;
        client.close().await.unwrap();
        pass(seconds(2)).await;
    });
    assert_eq!(gauge(&closed, name), by_transport(0.0, 0.0, 0.0));
}

/// Returns the exported values of a gauge; unlike a snapshot, this does not reset them.
fn exported(exporter: &PrometheusHandle, name: &str) -> Vec<f64> {
    let name = name.replace('.', "_");
    let text = exporter.render();
    let lines = text.lines().filter_map(|line| line.strip_prefix(&name));
    let lines = lines.filter(|rest| rest.starts_with([' ', '{']));
    let values = lines.map(|rest| rest.rsplit(' ').next().unwrap().parse().unwrap());
    values.collect()
}

#[test]
fn what_waits_for_clients_is_known_and_gone_when_they_have_left() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let exporter = recorder.handle();
    let of = |name| exported(&exporter, name);
    let open = || of("signalr.server.active_connections").iter().sum::<f64>();
    let queued = || of("hubwire.outbound.queued.connections");
    record_with(&recorder, async {
        let (server, mut client) = connected().await;
        let mut away = TestClient::connect_pulled(&server.endpoint).await.unwrap();
        let mut other = TestClient::connect_pulled(&server.endpoint).await.unwrap();
        let polling = HttpClient::start_polling(&server.endpoint).await;
        away.leave();
        other.leave();
        let all = server.context().clients().all();
        all.send("Text", ("x".repeat(10_000),)).await.unwrap();
        message(&mut client).await;
        pass(seconds(2)).await;
        assert_eq!((open(), queued()), (4.0, vec![3.0]));
        let held = of("hubwire.outbound.memory")[0];
        // The message is framed once for each of the three formats.
        assert!((30_000.0..31_000.0).contains(&held), "{held}");

        other.come_back();
        message(&mut other).await;
        pass(seconds(2)).await;
        assert_eq!((open(), queued()), (4.0, vec![2.0]));

        client.close().await.unwrap();
        polling.delete().await;
        drop((client, away, other));
        pass(seconds(20)).await;
        server.leaves_nothing_behind().await;
        for metric in ALL.iter().filter(|it| it.kind == MetricKind::Gauge) {
            let values = of(metric.name);
            assert!(!values.is_empty(), "{}", metric.name);
            assert!(values.iter().all(|value| *value == 0.0), "{values:?}");
        }
    });
}

#[test]
fn the_duration_of_a_connection_is_recorded_once_with_its_end() {
    let ends = recorded(async {
        let (server, mut client) = connected().await;
        pass(seconds(3)).await;
        client.close().await.unwrap();
        let mut silent = server.connect().await;
        ping(&mut silent).await;
        let _absent = HttpClient::start_polling(&server.endpoint).await;
        pass(seconds(40)).await;
        let _last = server.connect().await;
        server.signalr.shutdown().await;
        pass(seconds(70)).await;
    });
    let ends = values(ends, "signalr.server.connection.duration");
    let counts: Vec<_> = ends.iter().map(|(it, all)| (&**it, all.len())).collect();
    let expected = [
        ("app_shutdown web_sockets", 1),
        ("normal_closure web_sockets", 1),
        ("timeout long_polling", 1),
        ("timeout web_sockets", 1),
    ];
    assert_eq!(counts, expected);
    let normal = ends[1].1[0];
    assert!((3.0..3.1).contains(&normal), "{normal}");
}

#[test]
fn what_connections_carry_is_counted() {
    let scene = || async {
        let (server, mut client) = connected().await;
        for _ in 0..3 {
            let all = server.context().clients().all();
            all.send("Text", ("x",)).await.unwrap();
            message(&mut client).await;
        }
        client.invoke("Join", ("tea",)).await.unwrap();
        client.close().await.unwrap();
    };
    let counted = |name| measured(name, scene()).pop().unwrap().1;
    // The answer to the handshake, three messages and a completion.
    assert_eq!(counted("hubwire.outbound.messages"), 5);
    // The answer to the handshake is no hub message, and neither is the request.
    assert_eq!(counted("hubwire.inbound.messages"), 1);
    assert!(counted("hubwire.outbound.bytes") > 5 * 10);
    assert!(counted("hubwire.inbound.bytes") > 50);
    assert_eq!(counted("hubwire.sends"), 3);
}

#[test]
fn refused_handshakes_and_clients_that_are_let_go_are_counted_by_reason() {
    let scene = || async {
        let (server, mut silent) = connected().await;
        let mut stranger = server.open();
        stranger.send_bytes(b"hello\x1e").await.unwrap();
        message(&mut stranger).await;
        ping(&mut silent).await;
        pass(seconds(40)).await;
    };
    assert_counted(
        &measured("hubwire.handshake.refusals", scene()),
        &[("malformed", 1)],
    );
    assert_counted(
        &measured("hubwire.connections.let_go", scene()),
        &[("silent", 1)],
    );
}
