//! A client that keeps up is never disconnected, and a client with a dead network is: on real
//! sockets.

use std::time::Duration;

use hubwire::SignalR;
use hubwire::backplane::InProcessFarm;
use hubwire::options::DeadPeerTimeouts;
use serde_json::json;
use test_support::http_client::HANDSHAKE;
use test_support::requests;
use test_support::way_out::*;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const MB: usize = 1_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcasts_of_any_size_reach_fresh_clients_that_read_at_once() {
    let server = Server::start().await;
    for (size, count) in [(MB, 20), (64 * KIB, 375), (256 * KIB, 94), (MB, 24)] {
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(server.connect().await);
        }
        broadcasts_reach(clients, &server, size, count).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_of_megabytes_reach_the_one_client_that_reads() {
    let server = Server::start().await;
    for (size, count) in [(2 * MB, 6), (3 * MB, 3)] {
        let mut client = server.connect().await;
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
    let server = Server::start().await;
    let client = Client::connect(server.address, Some(64 * KIB as u32)).await;
    let clients = vec![client.at(20 * MB), server.connect().await];
    broadcasts_reach(clients, &server, MB, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_lasts_for_as_long_as_its_client_reads_it_however_slowly() {
    let server = Server::start().await;
    let mut reading = JoinSet::new();
    for speed in [20_000, 50_000, 100_000] {
        let mut client = Client::connect(server.address, Some(16 * KIB as u32)).await;
        let call = json!({"type": 4, "invocationId": "s", "target": "Endless", "arguments": []});
        client.send(&call).await;
        let mut client = client.at(speed);
        reading.spawn(async move {
            let until = Instant::now() + Duration::from_secs(14);
            while Instant::now() < until {
                let item = timeout(PATIENCE, client.message()).await.unwrap();
                assert_eq!(item.expect("it was disconnected")["type"], 2);
            }
        });
    }
    while let Some(read) = reading.join_next().await {
        read.unwrap();
    }
}

/// Drops every packet that reaches the socket, as a dead network does.
fn cut_off(socket: &TcpStream) {
    const RETURN: u16 = 0x06;
    let nothing = socket2::SockFilter::new(RETURN, 0, 0, 0);
    socket2::SockRef::from(socket)
        .attach_filter(&[nothing])
        .unwrap();
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
    let server = Server::of(signalr, hub, endpoint).await;
    let alive = server.connect().await;
    for sends in [false, true] {
        let dead = server.connect().await;
        cut_off(&dead.socket);
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
    let server = Server::of(signalr, hub, endpoint).await;
    let alive = open_event_stream(&server).await;
    let dead = open_event_stream(&server).await;
    assert_eq!(server.signalr.statistics().connections, 2);
    cut_off(&dead);
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
async fn open_event_stream(server: &Server) -> TcpStream {
    let line = "POST /hub/negotiate?negotiateVersion=1";
    let negotiated = requests::request(server.address, line, "").await;
    let body: serde_json::Value = serde_json::from_str(&negotiated.body).unwrap();
    let path = format!("/hub?id={}", body["connectionToken"].as_str().unwrap());
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let accept = "Accept: text/event-stream\r\n";
    let line = format!("GET {path}");
    requests::send_head(&mut stream, server.address, &line, accept, b"").await;
    requests::read_until(&mut stream, ":\r\n\r\n").await;
    requests::post(server.address, &path, HANDSHAKE).await;
    requests::read_until(&mut stream, "{}\u{1e}\r\n\r\n\r\n").await;
    stream
}

/// Reads an endless stream at each of these speeds for some seconds, and checks that no item is
/// missing.
async fn assert_lives(server: &Server, speeds: [usize; 3], receive_buffer: usize) {
    let mut reading = JoinSet::new();
    for speed in speeds {
        let mut client = Client::connect(server.address, Some(receive_buffer as u32)).await;
        let call = json!({"type": 4, "invocationId": "s", "target": "Endless", "arguments": []});
        client.send(&call).await;
        let mut client = client.at(speed);
        reading.spawn(async move {
            let until = Instant::now() + Duration::from_secs(9);
            while Instant::now() < until {
                let item = timeout(PATIENCE, client.message()).await.unwrap();
                assert_eq!(
                    item.expect("it was disconnected")["type"],
                    2,
                    "at {speed} B/s"
                );
            }
        });
    }
    while let Some(read) = reading.join_next().await {
        read.unwrap();
    }
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
    let server = Server::of(signalr, hub, endpoint).await;
    assert_lives(&server, [10_000, 20_000, 50_000], 16 * KIB).await;
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
    let server = Server::of(signalr, hub, endpoint).await;
    assert_lives(&server, [20_000, 30_000, 50_000], 16 * KIB).await;
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
        .transport_progress_timeout(Duration::from_secs(2));
    let server = Server::of(signalr, hub, endpoint).await;
    let idle = Client::connect(server.address, Some(16 * KIB as u32)).await;
    let mut reading = server.connect().await;
    server.broadcast(0, &"x".repeat(200 * KIB)).await;
    reading.message().await.unwrap();
    assert_eq!(
        server.signalr.statistics().outbound_bytes,
        0,
        "the kernel took it"
    );
    let since = Instant::now();
    while server.signalr.statistics().connections > 1 {
        sleep(Duration::from_millis(100)).await;
        assert!(
            since.elapsed() < Duration::from_secs(12),
            "it is still there"
        );
    }
    // A client with nothing queued may be idle.
    assert_eq!(server.signalr.statistics().connections, 1);
    drop(idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcasts_of_another_node_reach_clients_that_read() {
    let farm = InProcessFarm::new();
    let node = |farm: &InProcessFarm| SignalR::builder().backplane(farm.node()).build();
    let here = Server::on(node(&farm)).await;
    let there = Server::on(node(&farm)).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(here.connect().await);
    }
    broadcasts_reach(clients, &there, 16 * KIB, 4000).await;
    assert_eq!(here.signalr.statistics().outbound_bytes, 0);
}
