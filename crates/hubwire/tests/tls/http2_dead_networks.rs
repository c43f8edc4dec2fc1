//! Clients of HTTP/2 on TCP sockets whose network dies.

use std::time::Duration;

use test_support::line::cut_off;
use test_support::recorded::{assert_counted, measured_in_real_time};
use tokio::time::{Instant, sleep};

use crate::tcp_server::{TcpServer, open_both_streams};

/// How long a client's system may be silent, and how long until that is noticed on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const NOTICED: Duration = Duration::from_secs(100);

const PERIOD: Duration = Duration::from_millis(500);

/// What is sent to clients meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Traffic {
    Broadcasts,
    Pings,
}

async fn dead_network(traffic: Traffic) {
    let server = TcpServer::start().await;
    let frames = open_both_streams(server.encrypted().await, &server, "/hub").await;
    let mut honest = server.honest().await;
    cut_off(frames.0.get_ref().0);
    let since = Instant::now();
    while server.signalr.statistics().connections > 1 {
        if traffic == Traffic::Broadcasts {
            server.broadcast(0, "text").await;
        }
        honest.call().await;
        sleep(PERIOD).await;
        assert!(since.elapsed() < NOTICED, "it is still there");
    }
    assert!(since.elapsed() > PATIENCE / 2, "{:?}", since.elapsed());
    drop(honest);
    server.until_nothing_is_left().await;
}

/// The time limits of a shared socket are no options, so that both wait at the same time.
#[test]
fn a_client_with_a_dead_network_is_given_up_with_any_traffic_or_none() {
    let hits = measured_in_real_time("hubwire.limit.hits", async {
        tokio::join!(
            dead_network(Traffic::Broadcasts),
            dead_network(Traffic::Pings),
        );
    });
    assert_counted(&hits, &[("http2_dead_peers", 2)]);
}
