//! The hooks around a connection's life: when they run, with which reason, and what outlives what.

#[path = "in_memory/support.rs"]
mod support;

use hubwire::protocol::Opcode;
use hubwire::testing::{Received, TestClient};
use hubwire::{DisconnectReason, HubCallerContext, HubError, HubResult, hub};
use serde_json::{Value, json};
use support::*;
use tokio::time::Instant;

/// What the hook for new connections does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Welcome {
    Accept,
    Fail,
    Panic,
    Refuse,
    WaitAtTheGate,
}

struct LifecycleHub {
    welcome: Welcome,
    gate: Gate,
    log: Log,
}

#[hub]
impl LifecycleHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        // The items keep the log for as long as they live.
        cx.items().insert(self.log.clone());
        assert!(!cx.connection_aborted().is_cancelled());
        cx.groups().add(cx.connection_id(), "everybody").await?;
        cx.clients().caller().send("Welcome", ()).await?;
        match self.welcome {
            Welcome::Accept => {}
            Welcome::Fail => return Err(std::io::Error::other("secret").into()),
            Welcome::Panic => panic!("secret"),
            Welcome::Refuse => return Err(HubError::new("not today")),
            Welcome::WaitAtTheGate => self.gate.passed().await,
        }
        self.log.note("connected");
        Ok(())
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        reason: &DisconnectReason,
    ) -> HubResult {
        assert!(cx.connection_aborted().is_cancelled());
        self.log.note(format!("{reason:?}"));
        cx.clients().caller().send("Lost", ()).await?;
        cx.clients().group("everybody").send("Left", ()).await?;
        Ok(())
    }

    fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }

    fn note(&self, text: String) {
        self.log.note(text);
    }

    fn count(&self, cx: &HubCallerContext<Self>) -> u32 {
        let count = cx.items().get::<u32>().unwrap_or(0) + 1;
        cx.items().insert(count);
        count
    }

    /// Notes that its connection is gone, and goes on until the gate opens.
    async fn outlive(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.connection_aborted().cancelled().await;
        self.log.note("aborted");
        self.gate.passed().await;
        cx.clients().caller().send("Unheard", ()).await?;
        self.log.note("ended");
        Ok(())
    }
}

struct Stage {
    server: TestServer<LifecycleHub>,
    gate: Gate,
    log: Log,
}

impl Stage {
    fn new(welcome: Welcome) -> Self {
        let (gate, log) = (Gate::closed(), Log::default());
        let hub = LifecycleHub {
            welcome,
            gate: gate.clone(),
            log: log.clone(),
        };
        let server = TestServer::new(hub);
        Self { server, gate, log }
    }

    async fn connect(&self) -> TestClient {
        let mut client = self.server.connect().await;
        assert_eq!(client.push().await.unwrap().0, "Welcome");
        settle().await;
        assert_eq!(self.log.take(), ["connected"]);
        client
    }

    /// Nothing is left on the server, and no items of a connection either.
    async fn leaves_nothing_behind(&self) {
        self.server.leaves_nothing_behind().await;
        assert_eq!(self.log.holders(), 2, "the hub's and the test's own");
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_of_on_connected_precede_answers_to_what_came_with_the_handshake() {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.server.open();
    let handshake = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
    let call = "{\"type\":1,\"invocationId\":\"7\",\"target\":\"count\",\"arguments\":[]}\u{1e}";
    let both = format!("{handshake}{call}");
    client.send_bytes(both.as_bytes()).await.unwrap();
    for expected in [
        json!({}),
        json!({"type": 1, "target": "Welcome", "arguments": []}),
        json!({"type": 3, "invocationId": "7", "result": 1}),
    ] {
        assert_eq!(message(&mut client).await, expected);
    }
    drop(client);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn what_arrives_before_on_connected_returned_is_handled_after_it() {
    let stage = Stage::new(Welcome::WaitAtTheGate);
    let mut client = stage.server.connect().await;
    assert_eq!(client.push().await.unwrap().0, "Welcome");
    client.send("Note", ("first",)).await.unwrap();
    client.send("Note", ("second",)).await.unwrap();
    pass(seconds(60)).await;
    assert_eq!(stage.log.take(), [""; 0]);
    stage.gate.open(1);
    settle().await;
    assert_eq!(stage.log.take(), ["connected", "first", "second"]);
    drop(client);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_sent_to_while_on_connected_runs() {
    let stage = Stage::new(Welcome::WaitAtTheGate);
    let mut client = stage.server.connect().await;
    assert_eq!(client.push().await.unwrap().0, "Welcome");
    let group = stage.server.context().clients().group("everybody");
    group.send("News", ()).await.unwrap();
    assert_eq!(client.push().await.unwrap().0, "News");
    drop(client);
    stage.gate.open(1);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_on_connected_closes_for_good_and_on_disconnected_does_not_run() {
    for (welcome, error) in [
        (Welcome::Fail, "Connection closed with an error."),
        (Welcome::Panic, "Connection closed with an error."),
        (
            Welcome::Refuse,
            "Connection closed with an error. HubException: not today",
        ),
    ] {
        let stage = Stage::new(welcome);
        let mut client = stage.server.connect().await;
        assert_eq!(client.push().await.unwrap().0, "Welcome");
        assert_closed_with(&mut client, json!({"type": 7, "error": error})).await;
        assert_eq!(stage.log.take(), [""; 0]);
        stage.leaves_nothing_behind().await;
    }
}

/// Every way in which a connection ends: what to do, what the client gets, what the hook is told.
async fn assert_ending(
    reason: &str,
    answer: &[Received],
    end: impl AsyncFnOnce(&mut TestClient, &Stage),
) {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    end(&mut client, &stage).await;
    for expected in answer {
        assert_eq!(next(&mut client).await, *expected, "when {reason}");
    }
    // The server may have gone already.
    let _ = client.close().await;
    drop(client);
    settle().await;
    assert_eq!(stage.log.take(), [reason]);
    stage.leaves_nothing_behind().await;
}

fn closed_with(close: Value) -> [Received; 2] {
    [Received::Message(close), Received::Closed(Some(1000))]
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_hears_that_the_client_said_goodbye() {
    let plain = closed_with(json!({"type": 7}));
    assert_ending("ClientClosed", &plain, async |client, _| {
        client.send_record(&json!({"type": 7})).await.unwrap();
    })
    .await;
    assert_ending("ClientFailed(\"oh no\")", &plain, async |client, _| {
        let close = json!({"type": 7, "error": "oh no"});
        client.send_record(&close).await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_hears_that_the_transport_ended() {
    let closed = [Received::Closed(Some(1000))];
    assert_ending("TransportClosed", &closed, async |client, _| {
        client.close().await.unwrap();
    })
    .await;
    let stage = Stage::new(Welcome::Accept);
    drop(stage.connect().await);
    settle().await;
    assert_eq!(stage.log.take(), ["TransportClosed"]);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_hears_that_the_hub_aborted() {
    let plain = closed_with(json!({"type": 7}));
    assert_ending("Aborted", &plain, async |client, _| {
        client.send("Abort", ()).await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_hears_that_the_client_timed_out() {
    let error = "Connection closed with an error.";
    let failed = closed_with(json!({"type": 7, "error": error, "allowReconnect": true}));
    assert_ending("ClientTimedOut", &failed, async |client, _| {
        ping(client).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_hears_how_the_client_broke_the_protocol() {
    let error = "Connection closed with an error.";
    let failed = closed_with(json!({"type": 7, "error": error, "allowReconnect": true}));
    let too_long = "The maximum message size of 32768B was exceeded. \
        The message size can be configured in AddHubOptions.";
    let reason = format!(
        "ProtocolViolated {{ type_name: \"InvalidDataException\", message: \"{too_long}\" }}"
    );
    assert_ending(&reason, &failed, async |client, _| {
        client.send_bytes(&[b' '; 32 * 1024 + 1]).await.unwrap();
    })
    .await;
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    client.send_bytes(b"not json\x1e").await.unwrap();
    assert_eq!(next(&mut client).await, failed[0]);
    drop(client);
    settle().await;
    assert!(stage.log.take()[0].starts_with("ProtocolViolated"));
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_hears_that_the_client_broke_the_rules_of_web_sockets() {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    // A frame that is not masked.
    client.send_raw(&[0x81, 0x02, b'{', b'}']).await.unwrap();
    assert_eq!(next(&mut client).await, Received::Closed(Some(1002)));
    drop(client);
    settle().await;
    let reasons = stage.log.take();
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].starts_with("TransportViolated"), "{reasons:?}");
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn of_two_ends_at_once_on_disconnected_hears_one() {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    client.send("Abort", ()).await.unwrap();
    client.send_record(&json!({"type": 7})).await.unwrap();
    send_frame(&mut client, Opcode::Close, &[]).await;
    drop(client);
    pass(seconds(60)).await;
    assert_eq!(stage.log.take(), ["Aborted"]);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn in_on_disconnected_the_connection_is_still_in_its_groups_but_hears_nothing() {
    let stage = Stage::new(Welcome::Accept);
    let mut stays = stage.connect().await;
    let mut goes = stage.connect().await;
    goes.send("Abort", ()).await.unwrap();
    assert_closed_with(&mut goes, json!({"type": 7})).await;
    assert_eq!(stays.push().await.unwrap().0, "Left");
    assert_silent(&mut stays, seconds(60)).await;
    drop(stays);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn items_live_from_call_to_call_and_belong_to_one_connection() {
    let stage = Stage::new(Welcome::Accept);
    let mut first = stage.connect().await;
    let mut second = stage.connect().await;
    for expected in 1..=3 {
        assert_eq!(
            first.invoke("Count", ()).await.unwrap(),
            Ok(expected.into())
        );
    }
    assert_eq!(second.invoke("Count", ()).await.unwrap(), Ok(1.into()));
    drop((first, second));
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_running_method_outlives_its_connection_and_its_hook() {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    client.start("Outlive", ()).await.unwrap();
    settle().await;
    assert_eq!(stage.log.take(), [""; 0]);
    let began = Instant::now();
    drop(client);
    settle().await;
    let mut notes = stage.log.take();
    notes.sort();
    assert_eq!(notes, ["TransportClosed", "aborted"]);
    assert_elapsed(began, 0.0..=0.01);
    let left = server_left(&stage);
    assert_eq!(left, (0, 1), "the method alone is left");
    pass(seconds(600)).await;
    stage.gate.open(1);
    settle().await;
    assert_eq!(stage.log.take(), ["ended"]);
    stage.leaves_nothing_behind().await;
}

fn server_left(stage: &Stage) -> (usize, usize) {
    let statistics = stage.server.signalr.statistics();
    (statistics.connections, statistics.tasks)
}
