//! Keep-alive, timeouts and expiries of a whole server under a paused clock.

use hubwire::protocol::Opcode;
use hubwire::testing::{Received, TestClient};
use hubwire::{HubCallerContext, hub};
use serde_json::json;
use test_support::in_memory::*;
use tokio::time::Instant;
use tower::ServiceExt;

const TIMED_OUT: &str = "Connection closed with an error. OperationCanceledException: \
    Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";

struct TimingHub {
    gate: Gate,
}

#[hub]
impl TimingHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    pub async fn wait(&self) {
        self.gate.passed().await;
    }

    pub fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }
}

fn server() -> (TestServer<TimingHub>, Gate) {
    let gate = Gate::closed();
    let hub = TimingHub { gate: gate.clone() };
    (TestServer::new(hub), gate)
}

async fn next_ping(client: &mut TestClient) {
    loop {
        let Received::Message(message) = client.receive().await.unwrap() else {
            panic!("the connection ended");
        };
        if message["type"] == 6 {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pings_are_sent_every_15_seconds_whatever_else_is_sent() {
    let (server, _) = server();
    let began = Instant::now();
    let mut quiet = server.connect().await;
    let mut busy = server.connect().await;
    for count in 1..=4 {
        for _ in 0..14 {
            pass(seconds(1)).await;
            let context = server.context();
            context.clients().all().send("Tick", ()).await.unwrap();
            assert_eq!(busy.invoke("Echo", ("x",)).await, Ok("x".into()));
        }
        next_ping(&mut quiet).await;
        next_ping(&mut busy).await;
        let expected = 15.0 * f64::from(count);
        assert_elapsed(began, expected..=expected + 1.0);
        pass(seconds(1)).await;
    }
    drop((quiet, busy));
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_interval_of_pings_can_be_set() {
    let hub = TimingHub {
        gate: Gate::closed(),
    };
    let server = TestServer::with(hub, |options| options.keep_alive_interval(seconds(4)));
    let began = Instant::now();
    let mut client = server.connect().await;
    next_ping(&mut client).await;
    assert_elapsed(began, 4.0..=5.0);
    next_ping(&mut client).await;
    assert_elapsed(began, 8.0..=9.0);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_pinged_once_may_be_silent_for_30_seconds() {
    let hub = TimingHub {
        gate: Gate::closed(),
    };
    let server = TestServer::with(hub, |options| options.detailed_errors(true));
    let mut client = server.connect().await;
    pass(seconds(40)).await;
    ping(&mut client).await;
    settle().await;
    let silent_since = Instant::now();
    let close = json!({"type": 7, "error": TIMED_OUT, "allowReconnect": true});
    assert_closed_with(&mut client, close).await;
    assert_elapsed(silent_since, 29.9..=31.0);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn without_detailed_errors_the_timeout_is_not_explained() {
    let (server, _) = server();
    let mut client = server.connect().await;
    ping(&mut client).await;
    let close =
        json!({"type": 7, "error": "Connection closed with an error.", "allowReconnect": true});
    assert_closed_with(&mut client, close).await;
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_pings_is_never_timed_out() {
    let (server, _) = server();
    let mut client = server.connect().await;
    let echo = client.invoke("Echo", ("calls start no clock",)).await;
    assert!(echo.is_ok());
    assert_silent(&mut client, seconds(3_600)).await;
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn any_message_restarts_the_client_timeout() {
    let (server, _) = server();
    let mut client = server.connect().await;
    ping(&mut client).await;
    for record in [
        json!({"type": 6}),
        json!({"type": 1, "target": "Echo", "arguments": ["x"]}),
        json!({"type": 1, "target": "NoSuchMethod", "arguments": []}),
        json!({"type": 3, "invocationId": "nobody asked"}),
        json!({"type": 99}),
    ] {
        assert_silent(&mut client, seconds(29)).await;
        client.send_record(&record).await.unwrap();
    }
    let silent_since = Instant::now();
    let received = next(&mut client).await;
    assert!(matches!(received, Received::Message(close) if close["type"] == 7));
    assert_elapsed(silent_since, 29.9..=31.0);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn neither_web_socket_pings_nor_halves_of_messages_restart_the_client_timeout() {
    let (server, _) = server();
    let mut client = server.connect().await;
    ping(&mut client).await;
    settle().await;
    let silent_since = Instant::now();
    pass(seconds(20)).await;
    send_frame(&mut client, Opcode::Ping, b"are you there").await;
    client.send_bytes(b"{\"type\":").await.unwrap();
    assert_eq!(next(&mut client).await, Received::Pong);
    let received = next(&mut client).await;
    assert!(matches!(received, Received::Message(close) if close["type"] == 7));
    assert_elapsed(silent_since, 29.9..=31.0);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_client_timeout_is_stopped_while_a_call_waits_for_its_slot() {
    let (server, gate) = server();
    let mut client = server.connect().await;
    ping(&mut client).await;
    let running = client.start("Wait", ()).await.unwrap();
    let waiting = client.start("Echo", ("done",)).await.unwrap();
    assert_silent(&mut client, seconds(120)).await;
    gate.open(1);
    assert!(client.completion(&running).await.is_ok());
    let echo = client.completion(&waiting).await;
    assert_eq!(echo, Ok("done".into()));
    let heard_again = Instant::now();
    let received = next(&mut client).await;
    assert!(matches!(received, Received::Message(close) if close["type"] == 7));
    assert_elapsed(heard_again, 29.9..=31.0);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_merely_runs_does_not_stop_the_client_timeout() {
    let (server, gate) = server();
    let mut client = server.connect().await;
    ping(&mut client).await;
    let silent_since = Instant::now();
    client.start("Wait", ()).await.unwrap();
    let received = next(&mut client).await;
    assert!(matches!(received, Received::Message(close) if close["type"] == 7));
    assert_elapsed(silent_since, 29.9..=31.0);
    drop(client);
    gate.open(1);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_arrive_is_canceled() {
    for (request, limit) in [("", 15), ("{\"protocol\":\"json\"", 15), ("", 3)] {
        let hub = TimingHub {
            gate: Gate::closed(),
        };
        let server = TestServer::with(hub, |options| options.handshake_timeout(seconds(limit)));
        let began = Instant::now();
        let mut client = server.open();
        client.send_bytes(request.as_bytes()).await.unwrap();
        let refusal = json!({"error": "Handshake was canceled."});
        assert_eq!(next(&mut client).await, Received::Message(refusal));
        let limit = f64::from(u32::try_from(limit).unwrap());
        assert_elapsed(began, limit..=limit + 0.01);
        assert_eq!(next(&mut client).await, Received::Closed(Some(1000)));
        drop(client);
        server.leaves_nothing_behind().await;
    }
}

async fn negotiate(server: &TestServer<TimingHub>) -> u16 {
    let request =
        http::Request::post("/hubs/timing/negotiate?negotiateVersion=1").body(String::new());
    let response = server.endpoint.negotiate().oneshot(request.unwrap()).await;
    response.unwrap().status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn negotiated_ids_expire_after_15_seconds() {
    let (server, _) = server();
    assert_eq!(negotiate(&server).await, 200);
    pass(seconds(10)).await;
    assert_eq!(negotiate(&server).await, 200);
    for (after, left) in [(4, 2), (3, 1), (7, 1), (3, 0)] {
        pass(seconds(after)).await;
        assert_eq!(server.signalr.statistics().tokens, left);
    }
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn too_many_negotiated_ids_are_refused_until_some_have_expired() {
    let (server, _) = server();
    for _ in 0..20_000 {
        assert_eq!(negotiate(&server).await, 200);
    }
    assert_eq!(negotiate(&server).await, 503);
    assert_eq!(server.signalr.statistics().tokens, 20_000);
    pass(seconds(17)).await;
    assert_eq!(negotiate(&server).await, 200);
    assert_eq!(server.signalr.statistics().tokens, 1);
    pass(seconds(17)).await;
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_not_returned_ends_after_5_seconds() {
    let (server, _) = server();
    let mut client = server.connect().await;
    client.send("Abort", ()).await.unwrap();
    let close = json!({"type": 7});
    assert_eq!(next(&mut client).await, Received::Message(close));
    assert_eq!(next(&mut client).await, Received::Closed(Some(1000)));
    let closed = Instant::now();
    assert_eq!(server.signalr.statistics().tasks, 1);
    assert_eq!(next(&mut client).await, Received::Lost);
    assert_elapsed(closed, 4.9..=5.1);
    server.leaves_nothing_behind().await;
}
