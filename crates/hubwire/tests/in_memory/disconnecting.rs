//! Hub code disconnects connections, users and groups: what clients receive, and what hubs are told.

use axum::body::to_bytes;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hubwire::backplane::InProcessFarm;
use hubwire::protocol::{Close, HubProtocol};
use hubwire::testing::{ClientTransport, HubTester, Received, Target, TestClient};
use hubwire::{
    Disconnect, DisconnectReason, HubCallerContext, HubContext, HubResult, Principal, StreamReader,
    hub,
};
use serde_json::{Value, json};
use test_support::farm::Node;
use test_support::http_client::{HANDSHAKE, HttpClient, messages};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use test_support::packed::PackedClient;
use tokio::task::JoinSet;
use tracing::Level;

/// What `on_connected` does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Welcome {
    Accept,
    FailBehindTheGate,
    WaitAtTheGate,
}

struct RoomHub {
    welcome: Welcome,
    gate: Gate,
    log: Log,
}

#[hub]
impl RoomHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.groups().add(cx.connection_id(), "everybody").await?;
        self.log.note("connected");
        match self.welcome {
            Welcome::Accept => {}
            Welcome::FailBehindTheGate => {
                self.gate.passed().await;
                return Err(std::io::Error::other("secret").into());
            }
            Welcome::WaitAtTheGate => {
                cx.connection_aborted().cancelled().await;
                self.log.note("aborted");
                self.gate.passed().await;
            }
        }
        Ok(())
    }

    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(reason.to_string());
    }

    /// Disconnects its own caller, and goes on.
    pub async fn kick_me(&self, room: &HubContext<Self>, cx: &HubCallerContext<Self>) -> HubResult {
        let id = cx.connection_id();
        let told = room.disconnect_connection(id, Disconnect::for_good().because("by yourself"));
        let again = room.disconnect_connection(id, Disconnect::allowing_reconnect());
        self.log.note(format!("told {told} and {again}"));
        assert!(cx.connection_aborted().is_cancelled());
        cx.clients().caller().send("Unheard", ()).await?;
        Ok(())
    }

    pub fn kick(&self, room: &HubContext<Self>, id: String) -> usize {
        room.disconnect_connection(id, Disconnect::for_good())
    }

    /// Notes that its connection is gone, and continues until the gate opens.
    pub async fn outlive(&self, cx: &HubCallerContext<Self>) {
        cx.connection_aborted().cancelled().await;
        self.log.note("aborted");
        self.gate.passed().await;
        self.log.note("outlived");
    }

    pub async fn read(&self, mut numbers: StreamReader<i32>) {
        while let Some(Ok(_)) = numbers.next().await {}
        self.log.note("read");
    }

    /// Waits for its token with a waker that panics.
    pub async fn heed(&self, cx: &HubCallerContext<Self>) {
        let waker = Waker::from(Arc::new(Alarm));
        let aborted = cx.connection_aborted();
        let mut cancelled = Box::pin(aborted.cancelled());
        poll_fn(|_| -> Poll<()> {
            let _ = cancelled.as_mut().poll(&mut Context::from_waker(&waker));
            Poll::Pending
        })
        .await;
    }

    pub async fn never_end(&self) {
        pending::<()>().await;
    }
}

struct Alarm;

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        panic!("secret");
    }
}

struct Room {
    server: TestServer<RoomHub>,
    gate: Gate,
    log: Log,
}

impl Room {
    fn new(welcome: Welcome) -> Self {
        let (gate, log) = (Gate::closed(), Log::default());
        let hub = RoomHub {
            welcome,
            gate: gate.clone(),
            log: log.clone(),
        };
        let server = TestServer::with(hub, |hub| hub.client_timeout_interval(seconds(1_000)));
        Self { server, gate, log }
    }

    fn context(&self) -> HubContext<RoomHub> {
        self.server.context()
    }

    /// Connects, and forgets the note about it.
    async fn connect_as(&self, user: &str) -> TestClient {
        let client = self.server.connect_as(user).await;
        settle().await;
        assert_eq!(self.log.take(), ["connected"]);
        client
    }

    async fn ended(&self, notes: &[&str]) {
        settle().await;
        assert_eq!(self.log.take(), notes);
        self.server.leaves_nothing_behind().await;
    }
}

fn banned() -> Disconnect {
    Disconnect::for_good().because("You are banned")
}

const BANNED: &str = "disconnected by the hub: You are banned";

fn goodbye() -> Value {
    json!({"type": 7, "error": "You are banned"})
}

/// Checks that the last hub message is this one, and that the transport ends after it.
async fn assert_last<T: ClientTransport>(client: &mut TestClient<T>, close: Value) {
    assert_eq!(next(client).await, Received::Message(close));
    let mut end = next(client).await;
    if end == Received::Closed(Some(1000)) {
        // The server may have closed the connection already.
        let _ = client.close().await;
        end = next(client).await;
    }
    assert_eq!(end, Received::Lost);
}

#[tokio::test(start_paused = true)]
async fn a_connection_a_user_and_a_group_are_disconnected() {
    let room = Room::new(Welcome::Accept);
    let context = room.context();
    for kick in 0..3 {
        let mut ann = room.connect_as("ann").await;
        let mut bob = room.connect_as("bob").await;
        let told = match kick {
            0 => context.disconnect_connection(ann.connection_id(), banned()),
            1 => context.disconnect_user("ann", banned()),
            _ => {
                let groups = context.groups();
                groups
                    .remove(bob.connection_id(), "everybody")
                    .await
                    .unwrap();
                context.disconnect_group("everybody", banned())
            }
        };
        assert_eq!(told, 1);
        assert_last(&mut ann, goodbye()).await;
        settle().await;
        assert_eq!(room.log.take(), [BANNED]);
        assert_silent(&mut bob, seconds(1)).await;
        drop(bob);
        room.ended(&["transport closed"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_is_told_what_the_hub_says() {
    let room = Room::new(Welcome::Accept);
    let long = "\u{1f60e} long ".repeat(1_000);
    let cut = long[..1_024].to_owned() + "...";
    assert_eq!(long.len(), 10_000);
    let unicode = "Gr\u{fc}\u{df}e \u{1f600} \"\\ \u{1e} <&>\nnew line";
    let cases = [
        (Disconnect::for_good(), json!({"type": 7})),
        (
            Disconnect::allowing_reconnect(),
            json!({"type": 7, "allowReconnect": true}),
        ),
        (
            Disconnect::allowing_reconnect().because("moved"),
            json!({"type": 7, "error": "moved", "allowReconnect": true}),
        ),
        (
            Disconnect::for_good().because(""),
            json!({"type": 7, "error": ""}),
        ),
        (
            Disconnect::for_good().because(unicode),
            json!({"type": 7, "error": unicode}),
        ),
        (
            Disconnect::for_good().because(long),
            json!({"type": 7, "error": cut}),
        ),
    ];
    for (disconnect, close) in cases {
        let mut client = room.connect_as("ann").await;
        let mut pulled = TestClient::connect_pulled(&room.server.endpoint)
            .await
            .unwrap();
        settle().await;
        room.log.take();
        let told = room.context().disconnect_group("everybody", disconnect);
        assert_eq!(told, 2);
        assert_last(&mut client, close.clone()).await;
        assert_last(&mut pulled, close).await;
        settle().await;
        let notes = room.log.take();
        assert_eq!(notes.len(), 2);
        for note in notes {
            let fits = note.len() < 1_200 && note.lines().count() == 1;
            assert!(
                fits && note.starts_with("disconnected by the hub"),
                "{note}"
            );
        }
    }
    room.ended(&[]).await;
}

const PACKED_HANDSHAKE: &str = "{\"protocol\":\"messagepack\",\"version\":1}\u{1e}";

#[tokio::test(start_paused = true)]
async fn a_client_with_messagepack_is_told_the_same() {
    let room = Room::new(Welcome::Accept);
    let principal = Principal::new([("sub", "ann")]);
    let opened = TestClient::open(&room.server.endpoint, Some(principal));
    let mut client = PackedClient::handshaken(opened).await.unwrap();
    let polling = HttpClient::negotiate_as(&room.server.endpoint, Some("ann")).await;
    polling.poll().await;
    polling.post(PACKED_HANDSHAKE).await;
    assert_eq!(polling.poll().await.body, "{}\u{1e}");
    settle().await;
    let reason = "Gr\u{fc}\u{df}e \u{1f600}";
    let disconnect = Disconnect::allowing_reconnect().because(reason);
    assert_eq!(room.context().disconnect_user("ann", disconnect), 2);
    let close = client.close_message().await.unwrap();
    assert_eq!(close, (Some(reason.to_owned()), true));
    client.close().await.unwrap();
    let mut expected = Vec::new();
    HubProtocol::MessagePack
        .writer(&mut expected)
        .close(&Close {
            error: Some(reason.into()),
            allow_reconnect: true,
        });
    let body = polling.poll_unread().await.into_body();
    assert_eq!(to_bytes(body, 10_000).await.unwrap(), expected);
    assert_eq!(polling.poll().await.status, 204);
    let end = format!("disconnected by the hub: {reason}");
    room.ended(&["connected", "connected", &end, &end]).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_arrives_and_nothing_after() {
    let room = Room::new(Welcome::Accept);
    let mut ann = room.connect_as("ann").await;
    let context = room.context();
    let clients = context.clients();
    clients.user("ann").send("Last", (1,)).await.unwrap();
    assert_eq!(context.disconnect_user("ann", banned()), 1);
    clients.user("ann").send("TooLate", ()).await.unwrap();
    assert_eq!(ann.push().await.unwrap(), ("Last".to_owned(), json!([1])));
    assert_last(&mut ann, goodbye()).await;
    room.ended(&[BANNED]).await;
}

#[tokio::test(start_paused = true)]
async fn unknown_ids_and_second_kicks_tell_nobody() {
    let room = Room::new(Welcome::Accept);
    let context = room.context();
    assert_eq!(context.disconnect_connection("nobody", banned()), 0);
    assert_eq!(context.disconnect_user("nobody", banned()), 0);
    assert_eq!(context.disconnect_group("nobody", banned()), 0);
    assert_eq!(context.disconnect_group("", banned()), 0);
    let mut ann = room.connect_as("ann").await;
    assert_eq!(context.disconnect_user("ann", banned()), 1);
    let again = Disconnect::allowing_reconnect();
    assert_eq!(context.disconnect_user("ann", again.clone()), 0);
    assert_eq!(context.disconnect_connection(ann.connection_id(), again), 0);
    assert_last(&mut ann, goodbye()).await;
    room.ended(&[BANNED]).await;
    assert_eq!(context.disconnect_user("ann", banned()), 0);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_members_of_a_group_are_all_told() {
    let room = Room::new(Welcome::Accept);
    let mut clients = Vec::new();
    for number in 0..1_000 {
        clients.push(room.connect_as(&number.to_string()).await);
    }
    let mut bystander = room.connect_as("bystander").await;
    let groups = room.context().groups();
    let id = bystander.connection_id().clone();
    groups.remove(id, "everybody").await.unwrap();
    assert_eq!(
        room.context().disconnect_group("everybody", banned()),
        1_000
    );
    let mut told: FuturesUnordered<_> = clients
        .iter_mut()
        .map(|client| assert_last(client, goodbye()))
        .collect();
    while let Some(()) = told.next().await {}
    drop(told);
    settle().await;
    assert_eq!(room.log.take(), vec![BANNED; 1_000]);
    assert_eq!(room.context().disconnect_group("everybody", banned()), 0);
    assert_silent(&mut bystander, seconds(1)).await;
    drop(bystander);
    room.ended(&["transport closed"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_method_disconnects_its_own_caller() {
    let room = Room::new(Welcome::Accept);
    let mut ann = room.connect_as("ann").await;
    ann.start("KickMe", ()).await.unwrap();
    assert_last(&mut ann, json!({"type": 7, "error": "by yourself"})).await;
    let end = "disconnected by the hub: by yourself";
    room.ended(&["told 1 and 0", end]).await;
}

#[tokio::test(start_paused = true)]
async fn two_methods_disconnect_each_others_callers() {
    let room = Room::new(Welcome::Accept);
    let mut ann = room.connect_as("ann").await;
    let mut bob = room.connect_as("bob").await;
    let (anns, bobs) = (
        ann.connection_id().to_string(),
        bob.connection_id().to_string(),
    );
    ann.send("Kick", (bobs,)).await.unwrap();
    bob.send("Kick", (anns,)).await.unwrap();
    settle().await;
    let notes = room.log.take();
    assert!(!notes.is_empty() && notes.iter().all(|it| it == "disconnected by the hub"));
    drop((ann, bob));
    settle().await;
    room.log.take();
    room.ended(&[]).await;
}

#[tokio::test(start_paused = true)]
async fn running_calls_are_not_waited_for() {
    let room = Room::new(Welcome::Accept);
    let mut ann = room.connect_as("ann").await;
    ann.start("Outlive", ()).await.unwrap();
    let upload = json!({"type": 1, "target": "Read", "arguments": [], "streamIds": ["a"]});
    let mut bob = room.connect_as("bob").await;
    bob.send_record(&upload).await.unwrap();
    settle().await;
    assert_eq!(room.context().disconnect_group("everybody", banned()), 2);
    assert_last(&mut ann, goodbye()).await;
    assert_last(&mut bob, goodbye()).await;
    settle().await;
    let mut notes = room.log.take();
    notes.sort();
    assert_eq!(notes, ["aborted", BANNED, BANNED, "read"]);
    room.gate.open(1);
    room.ended(&["outlived"]).await;
}

#[tokio::test(start_paused = true)]
async fn before_its_handshake_a_connection_is_refused() {
    let room = Room::new(Welcome::Accept);
    let ann = || Some(Principal::new([("sub", "ann")]));
    let canceled = json!({"error": "Handshake was canceled."});
    for by_user in [false, true] {
        let mut client = TestClient::open(&room.server.endpoint, ann());
        let mut pulled = TestClient::open_pulled(&room.server.endpoint, ann());
        settle().await;
        let context = room.context();
        let told = match by_user {
            true => context.disconnect_user("ann", banned()),
            false => {
                context.disconnect_connection(client.connection_id(), banned())
                    + context.disconnect_connection(pulled.connection_id(), banned())
            }
        };
        assert_eq!(told, 2);
        assert_eq!(context.disconnect_user("ann", banned()), 0);
        assert_last(&mut client, canceled.clone()).await;
        assert_last(&mut pulled, canceled.clone()).await;
        room.ended(&[]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_kick_that_meets_the_handshake_is_not_lost() {
    let room = Room::new(Welcome::Accept);
    let principal = Principal::new([("sub", "ann")]);
    let mut client = TestClient::open(&room.server.endpoint, Some(principal));
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await.unwrap();
    assert_eq!(room.context().disconnect_user("ann", banned()), 1);
    let answer = json!({"error": "Handshake was canceled."});
    assert_last(&mut client, answer).await;
    room.ended(&[]).await;
}

#[tokio::test(start_paused = true)]
async fn while_the_broker_is_awaited_the_client_is_told_and_no_hook_runs() {
    let node = Node::new(&InProcessFarm::new());
    node.link.hold();
    let mut client = node.server.open();
    let mut pulled = TestClient::open_pulled(&node.server.endpoint, None);
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await.unwrap();
    pulled.send_record(&handshake).await.unwrap();
    assert_eq!(message(&mut client).await, json!({}));
    assert_eq!(message(&mut pulled).await, json!({}));
    let context = node.context();
    for id in [client.connection_id(), pulled.connection_id()] {
        assert_eq!(context.disconnect_connection(id, banned()), 1);
    }
    assert_last(&mut client, goodbye()).await;
    assert_last(&mut pulled, goodbye()).await;
    settle().await;
    let left = node.server.signalr.statistics();
    assert_eq!((left.connections, left.tokens), (0, 0));
}

/// Whichever comes first, a connection that was opened before the kick does not stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kicks_that_race_with_handshakes_lose_nobody() {
    let room = Room::new(Welcome::Accept);
    for round in 0..300 {
        let principal = Principal::new([("sub", "ann")]);
        let mut client = TestClient::open(&room.server.endpoint, Some(principal));
        let mut connecting = JoinSet::new();
        connecting.spawn(async move {
            for _ in 0..round % 7 {
                tokio::task::yield_now().await;
            }
            // The server may have refused it already.
            let _ = client.send_bytes(HANDSHAKE.as_bytes()).await;
            let first = message(&mut client).await;
            if first == json!({}) {
                assert_last(&mut client, goodbye()).await;
            } else {
                let canceled = json!({"error": "Handshake was canceled."});
                assert_eq!(first, canceled);
            }
        });
        for _ in 0..round % 11 {
            tokio::task::yield_now().await;
        }
        assert_eq!(room.context().disconnect_user("ann", banned()), 1);
        let patience = tokio::time::timeout(seconds(20), connecting.join_next());
        let ended = patience.await.expect("the client is told");
        ended.unwrap().unwrap();
    }
    room.server.leaves_nothing_behind_soon().await;
    let notes = room.log.take();
    let count = |what| notes.iter().filter(|it| **it == what).count();
    assert_eq!(count("connected"), count(BANNED));
}

#[tokio::test(start_paused = true)]
async fn while_on_connected_runs_the_client_is_told_at_once() {
    let room = Room::new(Welcome::WaitAtTheGate);
    let mut client = room.connect_as("ann").await;
    let mut pulled = TestClient::connect_pulled(&room.server.endpoint)
        .await
        .unwrap();
    settle().await;
    assert_eq!(room.log.take(), ["connected"]);
    assert_eq!(room.context().disconnect_group("everybody", banned()), 2);
    // The hooks still run.
    assert_eq!(message(&mut client).await, goodbye());
    assert_eq!(message(&mut pulled).await, goodbye());
    settle().await;
    assert_eq!(room.log.take(), ["aborted", "aborted"]);
    room.gate.open(2);
    assert_eq!(next(&mut client).await, Received::Closed(Some(1000)));
    client.close().await.unwrap();
    assert_eq!(next(&mut pulled).await, Received::Lost);
    room.ended(&[BANNED, BANNED]).await;
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_after_a_kick_says_nothing_more() {
    let room = Room::new(Welcome::FailBehindTheGate);
    let mut client = room.server.connect_as("ann").await;
    settle().await;
    assert_eq!(room.log.take(), ["connected"]);
    assert_eq!(room.context().disconnect_user("ann", banned()), 1);
    assert_eq!(message(&mut client).await, goodbye());
    room.gate.open(1);
    assert_eq!(next(&mut client).await, Received::Closed(Some(1000)));
    client.close().await.unwrap();
    room.ended(&[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_held_poll_is_answered_and_a_missing_one_gets_it_later() {
    let room = Room::new(Welcome::Accept);
    for is_held in [true, false] {
        let client = HttpClient::negotiate_as(&room.server.endpoint, Some("ann")).await;
        client.shake_hands().await;
        settle().await;
        assert_eq!(room.log.take(), ["connected"]);
        let answer = if is_held {
            let kick = async {
                settle().await;
                room.context().disconnect_user("ann", banned())
            };
            let (answer, told) = tokio::join!(client.poll(), kick);
            assert_eq!(told, 1);
            answer
        } else {
            assert_eq!(room.context().disconnect_user("ann", banned()), 1);
            pass(seconds(3)).await;
            client.poll().await
        };
        assert_eq!((answer.status, answer.messages()), (200, vec![goodbye()]));
        assert_eq!(client.poll().await.status, 204);
        assert_eq!(client.poll().await.status, 404);
        room.ended(&[BANNED]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_ends_after_the_close() {
    let room = Room::new(Welcome::Accept);
    let client = HttpClient::negotiate_as(&room.server.endpoint, Some("ann")).await;
    let mut events = client.open_event_stream().await;
    client.post(HANDSHAKE).await;
    assert_eq!(events.message().await, json!({}));
    settle().await;
    assert_eq!(room.context().disconnect_user("ann", banned()), 1);
    let event = events.next().await.unwrap();
    assert_eq!(messages(&event), [goodbye()]);
    assert_eq!(events.next().await, None);
    room.ended(&["connected", BANNED]).await;
}

#[tokio::test(start_paused = true)]
async fn before_its_handshake_a_client_without_a_web_socket_is_refused_too() {
    let room = Room::new(Welcome::Accept);
    let polling = HttpClient::negotiate_as(&room.server.endpoint, Some("ann")).await;
    let listening = HttpClient::negotiate_as(&room.server.endpoint, Some("ann")).await;
    // Who has only negotiated is not connected.
    assert_eq!(room.context().disconnect_user("ann", banned()), 0);
    assert_eq!(polling.poll().await.status, 200);
    let mut events = listening.open_event_stream().await;
    settle().await;
    assert_eq!(room.context().disconnect_user("ann", banned()), 2);
    let canceled = json!({"error": "Handshake was canceled."});
    assert_eq!(
        polling.poll().await.messages(),
        std::slice::from_ref(&canceled)
    );
    assert_eq!(events.message().await, canceled);
    assert_eq!(events.next().await, None);
    assert_eq!(polling.poll().await.status, 204);
    room.ended(&[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_waker_that_panics_keeps_nobody() {
    let lines = LogLines::written(Level::ERROR);
    let room = Room::new(Welcome::Accept);
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = room.connect_as("ann").await;
        client.start("Heed", ()).await.unwrap();
        settle().await;
        clients.push(client);
    }
    assert_eq!(room.context().disconnect_user("ann", banned()), 3);
    assert!(!lines.take().is_empty(), "of the panics");
    for client in &mut clients {
        assert_last(client, goodbye()).await;
    }
    settle().await;
    assert_eq!(room.log.take(), [BANNED; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_ended_nevertheless() {
    let room = Room::new(Welcome::Accept);
    let silent = room.connect_as("ann").await;
    let all = room.context().clients().all();
    for _ in 0..100 {
        all.send("Text", ("x".repeat(10_000),)).await.unwrap();
    }
    assert_eq!(room.context().disconnect_user("ann", banned()), 1);
    pass(seconds(120)).await;
    assert_eq!(room.log.take(), [BANNED]);
    drop(silent);
    room.ended(&[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_ends_holds_nothing_up() {
    let room = Room::new(Welcome::Accept);
    let mut ann = room.connect_as("ann").await;
    ann.start("NeverEnd", ()).await.unwrap();
    // It waits for its turn, and is dropped.
    ann.send("Kick", ("nobody",)).await.unwrap();
    settle().await;
    assert_eq!(room.context().disconnect_user("ann", banned()), 1);
    assert_last(&mut ann, goodbye()).await;
    settle().await;
    assert_eq!(room.log.take(), [BANNED]);
}

#[tokio::test]
async fn a_tester_records_who_was_disconnected() {
    let tester = HubTester::new(RoomHub {
        welcome: Welcome::Accept,
        gate: Gate::closed(),
        log: Log::default(),
    });
    let (ann, bob) = (tester.caller("ann"), tester.caller("bob"));
    assert_eq!(ann.invoke("Kick", ("bob",)).await.unwrap(), 1);
    assert_eq!(ann.invoke("Kick", ("bob",)).await.unwrap(), 0);
    assert_eq!(ann.invoke("Kick", ("nobody",)).await.unwrap(), 0);
    let kicked = |id: &str| (Target::Connection(id.into()), Disconnect::for_good());
    let expected = ["bob", "bob", "nobody"].map(kicked);
    assert_eq!(tester.recorder().take_disconnects(), expected);
    assert_eq!(tester.recorder().take_disconnects(), []);
    tester.context().groups().add("bob", "room").await.unwrap();
    let told = tester.context().disconnect_group("room", banned());
    assert_eq!(told, 0);
    drop(bob);
}
