//! The end of a server: what its clients receive, what it waits for, and for how long.

use std::future::pending;
use std::time::Duration;

use hubwire::testing::Received;
use hubwire::{DisconnectReason, HubCallerContext, hub};
use serde_json::json;
use test_support::in_memory::*;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower::ServiceExt;

/// A hub with slow hooks.
struct SlowHooks {
    connecting: Duration,
    disconnecting: Duration,
    log: Log,
}

#[hub]
impl SlowHooks {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) {
        cx.items().insert(self.log.clone());
        pass(self.connecting).await;
    }

    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        pass(self.disconnecting).await;
        self.log.note(format!("{reason:?}"));
    }

    pub async fn work(&self, cx: &HubCallerContext<Self>, seconds_to_go: u64) -> &'static str {
        cx.connection_aborted().cancelled().await;
        pass(seconds(seconds_to_go)).await;
        self.log.note("worked");
        "unheard"
    }

    pub async fn never_end(&self) {
        pending::<()>().await;
    }
}

const FOREVER: Duration = Duration::from_secs(1_000_000_000);

fn server(connecting: Duration, disconnecting: Duration) -> (TestServer<SlowHooks>, Log) {
    let log = Log::default();
    let hub = SlowHooks {
        connecting,
        disconnecting,
        log: log.clone(),
    };
    (TestServer::new(hub), log)
}

/// Begins a shutdown; joining it returns how long it took.
fn shut_down(server: &TestServer<SlowHooks>) -> JoinSet<f64> {
    let signalr = server.signalr.clone();
    let mut shutdown = JoinSet::new();
    shutdown.spawn(async move {
        let began = Instant::now();
        signalr.shutdown().await;
        began.elapsed().as_secs_f64()
    });
    shutdown
}

async fn assert_took(mut shutdown: JoinSet<f64>, expected: f64) {
    let took = shutdown.join_next().await.unwrap().unwrap();
    assert!((took - expected).abs() < 0.1, "{took} s, not {expected}");
}

async fn assert_nothing_left(server: &TestServer<SlowHooks>, log: &Log) {
    server.leaves_nothing_behind().await;
    assert_eq!(log.holders(), 2, "those of the hub and of the test");
}

#[tokio::test(start_paused = true)]
async fn idle_busy_and_unfinished_connections_are_told_to_reconnect() {
    let (server, log) = server(Duration::ZERO, Duration::ZERO);
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    let mut unfinished = server.open();
    busy.start("Work", (0,)).await.unwrap();
    settle().await;
    let shutdown = shut_down(&server);
    let close = json!({"type": 7, "allowReconnect": true});
    assert_closed_with(&mut idle, close.clone()).await;
    assert_closed_with(&mut busy, close).await;
    assert_closed_with(&mut unfinished, json!({"error": "Handshake was canceled."})).await;
    assert_took(shutdown, 0.0).await;
    let mut notes = log.take();
    notes.sort();
    assert_eq!(notes, ["ServerShutdown", "ServerShutdown", "worked"]);
    assert_nothing_left(&server, &log).await;
}

#[tokio::test(start_paused = true)]
async fn tokens_of_timers_and_jobs_are_cancelled_when_a_shutdown_begins() {
    let (server, _log) = server(Duration::ZERO, Duration::ZERO);
    let mut busy = server.connect().await;
    busy.start("Work", (10,)).await.unwrap();
    let (timer, job) = (
        server.signalr.shutdown_token(),
        server.signalr.shutdown_token(),
    );
    // Cancelling one token does not affect the others.
    job.cancel();
    settle().await;
    assert!(!timer.is_cancelled());
    let began = Instant::now();
    let shutdown = shut_down(&server);
    timer.cancelled().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!(server.signalr.shutdown_token().is_cancelled());
    assert_took(shutdown, 10.0).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_close_delays_the_end_by_5_seconds() {
    let (server, log) = server(Duration::ZERO, Duration::ZERO);
    let _client = server.connect().await;
    assert_took(shut_down(&server), 5.0).await;
    assert_nothing_left(&server, &log).await;
}

#[tokio::test(start_paused = true)]
async fn hooks_are_waited_for() {
    let (server, log) = server(seconds(2), seconds(3));
    let mut client = server.connect().await;
    let shutdown = shut_down(&server);
    let close = json!({"type": 7, "allowReconnect": true});
    assert_closed_with(&mut client, close).await;
    // This is the rest of the one hook, and then the other.
    assert_took(shutdown, 5.0).await;
    assert_eq!(log.take(), ["ServerShutdown"]);
    assert_nothing_left(&server, &log).await;
}

#[tokio::test(start_paused = true)]
async fn running_methods_are_waited_for() {
    let (server, log) = server(Duration::ZERO, Duration::ZERO);
    let mut client = server.connect().await;
    client.start("Work", (12,)).await.unwrap();
    settle().await;
    let shutdown = shut_down(&server);
    drop(client);
    assert_took(shutdown, 12.0).await;
    assert_eq!(log.take(), ["ServerShutdown", "worked"]);
    assert_nothing_left(&server, &log).await;
}

#[tokio::test(start_paused = true)]
async fn a_method_that_never_ends_is_dropped_after_20_seconds() {
    let (server, log) = server(Duration::ZERO, Duration::ZERO);
    let mut client = server.connect().await;
    client.start("NeverEnd", ()).await.unwrap();
    settle().await;
    assert_took(shut_down(&server), 20.0).await;
    assert_eq!(log.take(), ["ServerShutdown"]);
    assert_nothing_left(&server, &log).await;
}

#[tokio::test(start_paused = true)]
async fn hooks_that_never_end_are_dropped_after_20_seconds() {
    for (connecting, disconnecting) in [(FOREVER, Duration::ZERO), (Duration::ZERO, FOREVER)] {
        let (server, log) = server(connecting, disconnecting);
        let _client = server.connect().await;
        settle().await;
        assert_took(shut_down(&server), 20.0).await;
        assert_nothing_left(&server, &log).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_one_that_never_ends_is_dropped() {
    let (server, log) = server(Duration::ZERO, Duration::ZERO);
    let mut client = server.connect().await;
    client.start("NeverEnd", ()).await.unwrap();
    client.start("Work", (0,)).await.unwrap();
    settle().await;
    assert_took(shut_down(&server), 20.0).await;
    assert_eq!(log.take(), ["ServerShutdown"]);
    assert_nothing_left(&server, &log).await;
}

#[tokio::test(start_paused = true)]
async fn after_the_shutdown_new_clients_are_refused_and_negotiated_ids_forgotten() {
    let (server, log) = server(Duration::ZERO, Duration::ZERO);
    let negotiate = async || {
        let request = http::Request::post("/hubs/slow/negotiate")
            .body(String::new())
            .unwrap();
        let response = server.endpoint.negotiate().oneshot(request).await;
        response.unwrap().status().as_u16()
    };
    assert_eq!(negotiate().await, 200);
    assert_eq!(server.signalr.statistics().tokens, 1);
    assert_took(shut_down(&server), 0.0).await;
    assert_eq!(server.signalr.statistics().tokens, 0);
    assert_eq!(negotiate().await, 503);
    let mut client = server.open();
    let canceled = json!({"error": "Handshake was canceled."});
    assert_eq!(next(&mut client).await, Received::Message(canceled));
    drop(client);
    assert_nothing_left(&server, &log).await;
}

#[tokio::test(start_paused = true)]
async fn a_second_shutdown_ends_with_the_first() {
    let (server, log) = server(Duration::ZERO, seconds(3));
    let mut client = server.connect().await;
    let (first, second) = (shut_down(&server), shut_down(&server));
    let close = json!({"type": 7, "allowReconnect": true});
    assert_closed_with(&mut client, close).await;
    assert_took(first, 3.0).await;
    assert_took(second, 3.0).await;
    assert_nothing_left(&server, &log).await;
}
