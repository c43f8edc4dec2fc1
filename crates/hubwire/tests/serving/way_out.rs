//! A client that keeps up is never disconnected, and a client with a dead network is: on real
//! sockets.

use std::time::Duration;

use hubwire::SignalR;
use hubwire::backplane::InProcessFarm;
use hubwire::options::DeadPeerTimeouts;
use hubwire::protocol::Transport;
use serde_json::json;
use test_support::http_client::HANDSHAKE;
use test_support::line::{Line, cut_off};
use test_support::requests;
use test_support::way_out::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::WIRE;

const MB: usize = 1_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcasts_of_any_size_reach_fresh_clients_that_read_at_once() {
    let server = Server::start(WIRE).await;
    for (size, count) in [(MB, 20), (64 * KIB, 375), (256 * KIB, 94), (MB, 24)] {
        let mut clients = Vec::new();
        for transport in EVERY_TRANSPORT.into_iter().cycle().take(6) {
            clients.push(server.connect_over(transport).await);
        }
        broadcasts_reach(clients, &server, size, count).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_of_megabytes_reach_the_one_client_that_reads() {
    let server = Server::start(WIRE).await;
    let sizes = [(2 * MB, 6), (3 * MB, 3)];
    for (transport, (size, count)) in EVERY_TRANSPORT
        .into_iter()
        .flat_map(|it| sizes.map(|size| (it, size)))
    {
        let mut client = server.connect_over(transport).await;
        let only = server.context().clients().client(client.id().await);
        let reading = reading(vec![client], count);
        let text = "x".repeat(size);
        for number in 0..count {
            only.text(number, &text).await.unwrap();
        }
        assert_all_read(reading, count).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_reaches_a_client_that_reads_it_steadily_through_a_small_window() {
    let server = Server::start(WIRE).await;
    for transport in EVERY_TRANSPORT {
        let window = Some(64 * KIB as u32);
        let client = Client::connect_over(transport, server.address, window).await;
        let clients = vec![client.at(20 * MB), server.connect().await];
        broadcasts_reach(clients, &server, MB, 20).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_lasts_for_as_long_as_its_client_reads_it_however_slowly() {
    let server = Server::start(WIRE).await;
    let lasts = Duration::from_secs(14);
    assert_lives(&server, [20_000, 50_000, 100_000], lasts).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_with_a_dead_network_is_given_up_with_any_traffic_or_none() {
    let signalr = SignalR::new();
    let hub = signalr
        .hub::<WayOutHub>()
        .keep_alive_interval(Duration::from_secs(3600));
    let hub = hub.build(WayOutHub);
    let timeouts = DeadPeerTimeouts {
        unacknowledged: Duration::from_secs(3),
        keep_alive: Duration::from_secs(1),
    };
    let endpoint = hub.endpoint().dead_peer_timeouts(timeouts);
    let server = Server::of(WIRE, signalr, hub, endpoint).await;
    let alive = server.connect().await;
    for sends in [false, true] {
        let dead = server.connect().await;
        cut_off(dead.socket.tcp());
        let since = Instant::now();
        while server.signalr.statistics().connections > 1 {
            if sends {
                server.broadcast(0, "text").await;
            }
            sleep(Duration::from_millis(200)).await;
            assert!(
                since.elapsed() < Duration::from_secs(12),
                "it is still there"
            );
        }
    }
    drop(alive);
}

/// An event stream has no socket of its own that the sweep could look at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_events_with_a_dead_network_is_given_up() {
    let signalr = SignalR::new();
    let hub = signalr
        .hub::<WayOutHub>()
        .keep_alive_interval(Duration::from_secs(3600));
    let hub = hub.build(WayOutHub);
    let timeouts = DeadPeerTimeouts {
        unacknowledged: Duration::from_secs(3),
        keep_alive: Duration::from_secs(1),
    };
    let endpoint = hub.endpoint().dead_peer_timeouts(timeouts);
    let server = Server::of(WIRE, signalr, hub, endpoint).await;
    let alive = open_event_stream(&server).await;
    let dead = open_event_stream(&server).await;
    assert_eq!(server.signalr.statistics().connections, 2);
    cut_off(dead.tcp());
    let since = Instant::now();
    while server.signalr.statistics().connections > 1 {
        sleep(Duration::from_millis(200)).await;
        assert!(
            since.elapsed() < Duration::from_secs(12),
            "it is still there"
        );
    }
    sleep(Duration::from_secs(5)).await;
    assert_eq!(server.signalr.statistics().connections, 1);
    drop(alive);
}

/// Opens an event stream, with a handshake.
async fn open_event_stream(server: &Server) -> Line {
    let line = "POST /hub/negotiate?negotiateVersion=1";
    let negotiated = requests::request(server.address, line, "").await;
    let body: serde_json::Value = serde_json::from_str(&negotiated.body).unwrap();
    let path = format!("/hub?id={}", body["connectionToken"].as_str().unwrap());
    let mut stream = Line::connect(server.address).await.unwrap();
    let accept = "Accept: text/event-stream\r\n";
    let line = format!("GET {path}");
    requests::send_head(&mut stream, server.address, &line, accept, b"").await;
    requests::read_until(&mut stream, ":\r\n\r\n").await;
    requests::post(server.address, &path, HANDSHAKE).await;
    requests::read_until(&mut stream, "{}\u{1e}\r\n\r\n\r\n").await;
    stream
}

/// Reads an endless stream at each of these speeds over each transport through a small window, and
/// checks that no item is missing.
async fn assert_lives(server: &Server, speeds: [usize; 3], lasts: Duration) {
    let mut reading = JoinSet::new();
    for (transport, speed) in each_transport_at(speeds) {
        let mut client = connect_with_a_small_window(server, transport).await;
        let call = json!({"type": 4, "invocationId": "s", "target": "Endless", "arguments": []});
        client.send(&call).await;
        let mut client = client.at(speed);
        reading.spawn(async move {
            let until = Instant::now() + lasts;
            while Instant::now() < until {
                let item = timeout(PATIENCE, client.message()).await.unwrap();
                let item = item.unwrap_or_else(|| panic!("{transport:?} at {speed} B/s ended"));
                assert_eq!(item["type"], 2, "{transport:?} at {speed} B/s: {item}");
            }
            client
        });
    }
    let clients = reading.join_all().await;
    // Of those that were let go, the kernel may still have had something.
    let connections = server.signalr.statistics().connections;
    assert_eq!(connections, clients.len());
}

fn each_transport_at(speeds: [usize; 3]) -> impl Iterator<Item = (Transport, usize)> {
    let transports = EVERY_TRANSPORT.into_iter();
    transports.flat_map(move |transport| speeds.map(|speed| (transport, speed)))
}

async fn connect_with_a_small_window(server: &Server, transport: Transport) -> Client {
    Client::connect_over(transport, server.address, Some(16 * KIB as u32)).await
}

/// The system's own timeout for unacknowledged bytes ends readers with a window smaller than the
/// next write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steady_reader_with_a_small_window_is_no_dead_peer() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
    let timeouts = DeadPeerTimeouts {
        unacknowledged: Duration::from_secs(3),
        keep_alive: Duration::from_secs(1),
    };
    let endpoint = hub.endpoint().dead_peer_timeouts(timeouts);
    let server = Server::of(WIRE, signalr, hub, endpoint).await;
    let lasts = Duration::from_secs(9);
    assert_lives(&server, [10_000, 20_000, 50_000], lasts).await;
}

/// The system asks a peer with a closed window ever more rarely whether it has room again, and
/// the peer says nothing unasked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_pauses_is_no_dead_peer() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
    let timeouts = DeadPeerTimeouts {
        unacknowledged: Duration::from_secs(3),
        keep_alive: Duration::from_secs(1),
    };
    let endpoint = hub.endpoint().dead_peer_timeouts(timeouts);
    let server = Server::of(WIRE, signalr, hub, endpoint).await;
    let mut pausing = Vec::new();
    for transport in EVERY_TRANSPORT {
        let mut client = connect_with_a_small_window(&server, transport).await;
        let call = json!({"type": 4, "invocationId": "s", "target": "Endless", "arguments": []});
        client.send(&call).await;
        pausing.push((transport, client));
    }
    // The questions come after 0.2, 0.6, 1.4, 3, 6.2 and 12.6 s.
    sleep(Duration::from_secs(11)).await;
    for (transport, client) in &mut pausing {
        for _ in 0..5000 {
            let item = timeout(PATIENCE, client.message()).await.unwrap();
            let item = item.unwrap_or_else(|| panic!("{transport:?} ended"));
            assert_eq!(item["type"], 2, "{transport:?}: {item}");
        }
    }
    assert_eq!(server.signalr.statistics().connections, pausing.len());
}

/// A full socket accepts more only once a third of its buffer is free: at 20 kB/s, after more than
/// a minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_kernel_still_has_to_send_counts_as_it_arrives() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
    let endpoint = hub
        .endpoint()
        .transport_progress_timeout(Duration::from_secs(4))
        .transport_progress_size(20 * KIB);
    let server = Server::of(WIRE, signalr, hub, endpoint).await;
    let lasts = Duration::from_secs(9);
    assert_lives(&server, [20_000, 30_000, 50_000], lasts).await;
}

/// The kernel takes a long message at once, and its client reads it for longer than one that polls may
/// be away, and than a response may be left unread.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_message_lasts_for_as_long_as_its_client_reads_it() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
    let endpoint = hub.endpoint().disconnect_timeout(Duration::from_secs(8));
    let server = Server::of(WIRE, signalr, hub, endpoint).await;
    let mut reading = JoinSet::new();
    for transport in EVERY_TRANSPORT {
        let window = Some(64 * KIB as u32);
        let client = Client::connect_over(transport, server.address, window).await;
        let client = client.at(200_000);
        reading.spawn(async move { (transport, client.count_pushes(3).await) });
    }
    server.broadcast(0, &"x".repeat(3 * MB)).await;
    server.broadcast(1, "behind it").await;
    sleep(Duration::from_secs(13)).await;
    server.broadcast(2, "later").await;
    while let Some(read) = reading.join_next().await {
        let (transport, read) = read.unwrap();
        assert_eq!(read, 3, "over {transport:?}");
    }
    assert_eq!(server.signalr.statistics().outbound_bytes, 0);
}

/// The reverse case: a client that takes nothing of what the kernel holds is disconnected, even if
/// the queue is empty.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_nothing_from_the_kernel_is_disconnected() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
    let timeouts = DeadPeerTimeouts {
        unacknowledged: Duration::from_secs(60),
        keep_alive: Duration::from_secs(1),
    };
    let endpoint = hub
        .endpoint()
        .dead_peer_timeouts(timeouts)
        .transport_progress_timeout(Duration::from_secs(2))
        .disconnect_timeout(Duration::from_secs(2));
    let server = Server::of(WIRE, signalr, hub, endpoint).await;
    let mut idle = Vec::new();
    for transport in EVERY_TRANSPORT {
        idle.push(connect_with_a_small_window(&server, transport).await);
    }
    let mut reading = server.connect().await;
    server.broadcast(0, &"x".repeat(200 * KIB)).await;
    reading.message().await.unwrap();
    let since = Instant::now();
    while server.signalr.statistics().connections > 1 {
        sleep(Duration::from_millis(100)).await;
        let left = server.signalr.statistics();
        assert!(since.elapsed() < Duration::from_secs(12), "{left:?}");
    }
    // A client with nothing queued may be idle.
    sleep(Duration::from_secs(3)).await;
    assert_eq!(server.signalr.statistics().connections, 1);
    drop(idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcasts_of_another_node_reach_clients_that_read() {
    let farm = InProcessFarm::new();
    let node = |farm: &InProcessFarm| SignalR::builder().backplane(farm.node()).build();
    let here = Server::on(WIRE, node(&farm)).await;
    let there = Server::on(WIRE, node(&farm)).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(here.connect().await);
    }
    broadcasts_reach(clients, &there, 16 * KIB, 4000).await;
    assert_eq!(here.signalr.statistics().outbound_bytes, 0);
}
