//! Hubs that allow each user one connection: the newest or the oldest.

use std::time::Duration;

use hubwire::options::{Configuration, KeepConnection};
use hubwire::testing::{ClientTransport, Received, TestClient};
use hubwire::{
    Disconnect, DisconnectReason, HubCallerContext, HubError, HubResult, Principal, SignalR, hub,
};
use serde_json::{Value, json};
use test_support::http_client::{HANDSHAKE, HttpClient};
use test_support::in_memory::*;
use tokio::task::JoinSet;

struct SeatHub {
    gate: Gate,
    log: Log,
}

#[hub]
impl SeatHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        match cx.user_id().map(|user| user.as_str()) {
            Some("unwelcome") => {
                self.gate.passed().await;
                return Err(HubError::new("not you"));
            }
            Some("slow") => self.gate.passed().await,
            _ => {}
        }
        self.log.note("connected");
        Ok(())
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(reason.to_string());
        if cx.user_id().is_some_and(|user| *user == "slow_to_leave") {
            self.gate.passed().await;
        }
    }

    pub fn echo(&self, text: String) -> String {
        text
    }
}

struct Seats {
    server: TestServer<SeatHub>,
    gate: Gate,
    log: Log,
}

impl Seats {
    fn keeping(keep: impl Into<Option<KeepConnection>>) -> Self {
        let (gate, log) = (Gate::closed(), Log::default());
        let hub = SeatHub {
            gate: gate.clone(),
            log: log.clone(),
        };
        let server = TestServer::with(hub, |hub| hub.one_connection_per_user(keep));
        Self { server, gate, log }
    }

    async fn connect_pulled_as(&self, user: &str) -> TestClient<impl ClientTransport + use<>> {
        let principal = Principal::new([("sub", user)]);
        let mut client = TestClient::open_pulled(&self.server.endpoint, Some(principal));
        let handshake = json!({"protocol": "json", "version": 1});
        client.send_record(&handshake).await.unwrap();
        assert_eq!(message(&mut client).await, json!({}));
        client
    }

    /// Checks that everybody has left, and what was noted.
    async fn ended(&self, notes: &[&str]) {
        settle().await;
        let mut noted = self.log.take();
        noted.sort();
        assert_eq!(noted, notes);
        self.server.leaves_nothing_behind().await;
    }
}

fn replaced() -> Value {
    json!({"type": 7, "error": "The user has connected again."})
}

fn refused() -> Value {
    json!({"type": 7, "error": "The user is already connected."})
}

const REPLACED: &str = "replaced by a newer connection of its user";

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

async fn assert_lives<T: ClientTransport>(client: &mut TestClient<T>) {
    assert_eq!(client.invoke("Echo", ("x",)).await, Ok("x".into()));
}

#[tokio::test(start_paused = true)]
async fn a_user_may_have_any_number_unless_the_hub_says_so() {
    let seats = Seats::keeping(None);
    let mut both = [
        seats.server.connect_as("ann").await,
        seats.server.connect_as("ann").await,
    ];
    for client in &mut both {
        assert_lives(client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_ends_the_one_before_on_any_transport() {
    let seats = Seats::keeping(KeepConnection::Newest);
    let mut first = seats.server.connect_as("ann").await;
    settle().await;
    let mut second = seats.connect_pulled_as("ann").await;
    assert_last(&mut first, replaced()).await;
    assert_lives(&mut second).await;
    let mut third = seats.server.connect_as("ann").await;
    assert_last(&mut second, replaced()).await;
    assert_lives(&mut third).await;
    drop(third);
    let all = ["connected", "connected", "connected", REPLACED, REPLACED];
    seats
        .ended(&[&all[..], &["transport closed"]].concat())
        .await;
}

#[tokio::test(start_paused = true)]
async fn the_oldest_keeps_others_out_on_any_transport() {
    let seats = Seats::keeping(KeepConnection::Oldest);
    let mut first = seats.server.connect_as("ann").await;
    for _ in 0..3 {
        let mut second = seats.server.connect_as("ann").await;
        assert_last(&mut second, refused()).await;
        let mut third = seats.connect_pulled_as("ann").await;
        assert_last(&mut third, refused()).await;
    }
    let polling = HttpClient::negotiate_as(&seats.server.endpoint, Some("ann")).await;
    assert_eq!(polling.poll().await.messages(), [""; 0]);
    polling.post(HANDSHAKE).await;
    let both = [json!({}), refused()];
    assert_eq!(polling.poll().await.messages(), both);
    assert_eq!(polling.poll().await.status, 204);
    let to_ann = seats.server.context().clients().user("ann");
    to_ann.send("Text", ()).await.unwrap();
    assert_eq!(first.push().await.unwrap().0, "Text");
    assert_lives(&mut first).await;
    first.close().await.unwrap();
    settle().await;
    let mut next = seats.connect_pulled_as("ann").await;
    assert_lives(&mut next).await;
    drop(next);
    settle().await;
    let closed = ["transport closed", "transport closed"];
    seats
        .ended(&[&["connected", "connected"][..], &closed].concat())
        .await;
}

#[tokio::test(start_paused = true)]
async fn others_and_connections_without_a_user_are_not_concerned() {
    for keep in [KeepConnection::Newest, KeepConnection::Oldest] {
        let seats = Seats::keeping(keep);
        let mut clients = [
            seats.server.connect().await,
            seats.server.connect().await,
            seats.server.connect_as("ann").await,
            seats.server.connect_as("bob").await,
        ];
        for client in &mut clients {
            assert_lives(client).await;
        }
    }
}

/// A client that was turned away by its hub takes nobody's place.
#[tokio::test(start_paused = true)]
async fn the_newest_counts_once_its_hub_has_accepted_it() {
    let seats = Seats::keeping(KeepConnection::Newest);
    let principal = || Some(Principal::new([("sub", "slow")]));
    seats.gate.open(1);
    let mut first = seats.server.connect_as("slow").await;
    settle().await;
    let mut second = TestClient::open(&seats.server.endpoint, principal());
    let handshake = json!({"protocol": "json", "version": 1});
    second.send_record(&handshake).await.unwrap();
    settle().await;
    assert_lives(&mut first).await;
    // One that leaves meanwhile takes nobody's place either.
    second.close().await.unwrap();
    settle().await;
    seats.gate.open(1);
    settle().await;
    assert_lives(&mut first).await;
    drop(second);
    let mut third = seats.server.connect_as("slow").await;
    assert_lives(&mut first).await;
    seats.gate.open(1);
    assert_last(&mut first, replaced()).await;
    assert_lives(&mut third).await;
    drop(third);
    let all = ["connected", "connected", "connected", REPLACED];
    let closed = ["transport closed", "transport closed"];
    seats.ended(&[&all[..], &closed].concat()).await;
}

/// The oldest counts from its handshake on, and no more if its hub refuses it.
#[tokio::test(start_paused = true)]
async fn the_oldest_counts_while_its_hub_decides() {
    let seats = Seats::keeping(KeepConnection::Oldest);
    let mut first = seats.server.connect_as("unwelcome").await;
    let mut second = seats.server.connect_as("unwelcome").await;
    assert_last(&mut second, refused()).await;
    seats.gate.open(2);
    let error =
        json!({"type": 7, "error": "Connection closed with an error. HubException: not you"});
    assert_last(&mut first, error.clone()).await;
    settle().await;
    let mut third = seats.server.connect_as("unwelcome").await;
    assert_last(&mut third, error).await;
    seats.ended(&[]).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_leaving_keeps_nobody_out() {
    let seats = Seats::keeping(KeepConnection::Oldest);
    let user = "slow_to_leave";
    let mut first = seats.server.connect_as(user).await;
    first.send_record(&json!({"type": 7})).await.unwrap();
    settle().await;
    // The hook for the first one still runs.
    let mut second = seats.server.connect_as(user).await;
    assert_lives(&mut second).await;
    drop(second);
    settle().await;
    let mut third = seats.server.connect_as(user).await;
    assert_lives(&mut third).await;
    let context = seats.server.context();
    assert_eq!(context.disconnect_user(user, Disconnect::for_good()), 1);
    let mut fourth = seats.server.connect_as(user).await;
    assert_lives(&mut fourth).await;
    drop((first, third, fourth));
    seats.gate.open(4);
    settle().await;
    assert_eq!(seats.log.take().len(), 8);
    seats.server.leaves_nothing_behind().await;
}

/// A client of long polling that is between two polls is connected, until the disconnect timeout.
#[tokio::test(start_paused = true)]
async fn a_client_that_has_vanished_keeps_others_out_until_it_is_missed() {
    let seats = Seats::keeping(KeepConnection::Oldest);
    let polling = HttpClient::negotiate_as(&seats.server.endpoint, Some("ann")).await;
    polling.shake_hands().await;
    let mut second = seats.server.connect_as("ann").await;
    assert_last(&mut second, refused()).await;
    pass(seconds(17)).await;
    let mut third = seats.server.connect_as("ann").await;
    assert_lives(&mut third).await;
}

#[tokio::test(start_paused = true)]
async fn of_a_thousand_one_stays_and_nothing_is_left() {
    for keep in [KeepConnection::Newest, KeepConnection::Oldest] {
        let seats = Seats::keeping(keep);
        let mut clients = Vec::new();
        for _ in 0..1_000 {
            clients.push(seats.server.connect_as("ann").await);
        }
        settle().await;
        assert_eq!(seats.server.signalr.statistics().users, 1);
        let context = seats.server.context();
        assert_eq!(context.disconnect_user("ann", Disconnect::for_good()), 1);
        drop(clients);
        pass(seconds(10)).await;
        seats.server.leaves_nothing_behind().await;
    }
}

/// On several threads, of those that connect at once exactly one stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_those_that_race_exactly_one_stays() {
    for keep in [KeepConnection::Newest, KeepConnection::Oldest] {
        let seats = Seats::keeping(keep);
        for round in 0..40 {
            let mut racing = JoinSet::new();
            for _ in 0..8 {
                let endpoint = seats.server.endpoint.clone();
                let principal = Principal::new([("sub", "ann")]);
                racing.spawn(async move {
                    let mut client = TestClient::connect_as(&endpoint, principal).await.unwrap();
                    // Answered if it stays; otherwise it is told why not.
                    let stays = client.invoke("Echo", ("x",)).await.is_ok();
                    (client, stays)
                });
            }
            let mut clients = racing.join_all().await;
            let all_but_one = Duration::from_secs(20);
            let left = async {
                while seats.server.signalr.statistics().connections > 1 {
                    pass(Duration::from_millis(1)).await;
                }
            };
            let left = tokio::time::timeout(all_but_one, left).await;
            assert!(left.is_ok(), "round {round} with {keep:?}");
            let mut alive = 0;
            for (client, stays) in &mut clients {
                alive += usize::from(*stays && client.invoke("Echo", ("y",)).await.is_ok());
            }
            assert_eq!(alive, 1, "round {round} with {keep:?}");
            if keep == KeepConnection::Oldest {
                assert_eq!(clients.iter().filter(|(_, stays)| *stays).count(), 1);
            }
            drop(clients);
            seats.server.leaves_nothing_behind_soon().await;
        }
    }
}

/// The option `one_connection_per_user` of one hub among several.
#[tokio::test(start_paused = true)]
async fn a_file_chooses_which_connection_stays() {
    let file = r#"{"hubs": {"SeatHub": {"one_connection_per_user": "oldest"}}}"#;
    let configuration: Configuration = serde_json::from_str(file).unwrap();
    let signalr = SignalR::builder()
        .one_connection_per_user(KeepConnection::Newest)
        .configuration(configuration)
        .build();
    let hub = || SeatHub {
        gate: Gate::closed(),
        log: Log::default(),
    };
    let oldest = TestServer::on(signalr.clone(), hub(), |hub| hub);
    let newest = TestServer::on(signalr.clone(), hub(), |hub| hub.name("Other"));
    let any = TestServer::on(signalr, hub(), |hub| {
        hub.name("Any").one_connection_per_user(None)
    });
    for (server, first_stays, second_stays) in [
        (oldest, true, false),
        (newest, false, true),
        (any, true, true),
    ] {
        let mut first = server.connect_as("ann").await;
        settle().await;
        let mut second = server.connect_as("ann").await;
        settle().await;
        assert_eq!(first.invoke("Echo", ("x",)).await.is_ok(), first_stays);
        assert_eq!(second.invoke("Echo", ("x",)).await.is_ok(), second_stays);
    }
    for (written, is_valid) in [
        ("\"unlimited\"", true),
        ("null", true),
        ("\"first\"", false),
    ] {
        let file = format!("{{\"one_connection_per_user\": {written}}}");
        let read = serde_json::from_str::<hubwire::options::HubOptions>(&file);
        assert_eq!(read.is_ok(), is_valid, "{written}");
        if let Err(error) = read {
            let error = error.to_string();
            assert!(
                error.contains("expected \"newest\", \"oldest\" or \"unlimited\""),
                "{error}"
            );
        }
    }
}
