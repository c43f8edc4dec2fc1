//! Users and connections that are disconnected after their request has begun and before it has opened its
//! connection: they end as soon as they are open.

use std::sync::{Arc, Mutex};

use axum::Router;
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator, Policy};
use hubwire::{Disconnect, MapHub, Principal};
use serde_json::{Value, json};
use test_support::bare_web_socket::{Bare, BareWebSocket};
use test_support::handed_over::HandedOver;
use test_support::http_client::HttpClient;
use test_support::in_memory::*;
use test_support::requests::UPGRADE;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::join;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::http_stage::Stage;

/// The user is the bearer token, or whom a middleware knows, unless they are blocked.
#[derive(Clone, Default)]
struct Users {
    blocked: Arc<Mutex<Vec<String>>>,
}

impl Authenticator for Users {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        let Some(user) = request.bearer_token() else {
            return Ok(None);
        };
        match self.blocked.lock().unwrap().contains(&user) {
            true => Err(AuthenticationError::rejected("a blocked user")),
            false => Ok(Some(Principal::new([("sub", user)]))),
        }
    }
}

/// A hub whose endpoint takes three seconds to decide about a request.
fn slow() -> Stage {
    let slow = Policy::check(async |_| {
        pass(seconds(3)).await;
        Ok(true)
    });
    Stage::with(
        |hub| hub,
        |it| it.authenticator(Users::default()).authorize(slow),
    )
}

/// A hub whose endpoint decides at once.
fn quick(users: &Users) -> Stage {
    let users = users.clone();
    Stage::with(
        |hub| hub,
        |it| it.authenticator(users).authorize(Policy::authenticated()),
    )
}

fn banned() -> Disconnect {
    Disconnect::for_good().because("You are banned")
}

fn canceled() -> Value {
    json!({"error": "Handshake was canceled."})
}

impl Stage {
    /// Disconnects ann in a second, and returns how many connections were told.
    async fn ban_soon(&self) -> usize {
        pass(seconds(1)).await;
        self.server.context().disconnect_user("ann", banned())
    }
}

/// What serves WebSockets in memory.
struct Sockets {
    pipes: UnboundedSender<DuplexStream>,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Sockets {
    fn of(stage: &Stage) -> Self {
        let (pipes, accepted) = HandedOver::new();
        let app = Router::new().map_hub("/hub", stage.endpoint.clone());
        let mut serving = JoinSet::new();
        serving.spawn(hubwire::serve(accepted, app).into_future());
        Self {
            pipes,
            _serving: serving,
        }
    }

    /// Connects by a pipe of this size.
    fn connect(&self, size: usize) -> DuplexStream {
        let (near, far) = duplex(size);
        self.pipes.send(far).unwrap();
        near
    }

    async fn upgrade(&self, user: &str) -> BareWebSocket<DuplexStream> {
        let target = format!("/hub?access_token={user}");
        BareWebSocket::upgrade(self.connect(64 * 1024), &target).await
    }
}

/// Not by the end of the time for the handshake.
async fn assert_canceled_at_once(web_socket: &mut BareWebSocket<DuplexStream>) {
    let opened = Instant::now();
    let answer = Bare::Text(format!("{}\u{1e}", canceled()));
    assert_eq!(web_socket.next().await, answer);
    assert_elapsed(opened, 0.0..=0.1);
    assert_eq!(web_socket.next().await, Bare::Close(Some(1000)));
}

async fn assert_accepted(web_socket: &mut BareWebSocket<DuplexStream>) {
    let handshake = test_support::http_client::HANDSHAKE.as_bytes();
    web_socket
        .send(hubwire::protocol::Opcode::Text, handshake)
        .await;
    assert_eq!(web_socket.next().await, Bare::Text("{}\u{1e}".into()));
}

#[tokio::test(start_paused = true)]
async fn a_web_socket_whose_user_is_banned_while_a_policy_decides() {
    let it = slow();
    let sockets = Sockets::of(&it);
    let (mut ann, mut bob, told) = join!(
        sockets.upgrade("ann"),
        sockets.upgrade("bob"),
        it.ban_soon()
    );
    assert_eq!(told, 0, "nobody is connected yet");
    assert_canceled_at_once(&mut ann).await;
    assert_accepted(&mut bob).await;
    // Who comes later was authenticated later.
    assert_accepted(&mut sockets.upgrade("ann").await).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_polls_whose_user_is_banned_while_a_policy_decides() {
    let it = slow();
    let ann = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    let (opened, told) = join!(ann.poll(), it.ban_soon());
    assert_eq!((opened.status, told), (200, 0));
    let opened = Instant::now();
    assert_eq!(ann.poll().await.messages(), [canceled()]);
    // The policy's time.
    assert_elapsed(opened, 3.0..=3.1);
    assert_eq!(ann.poll().await.status, 204);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_whose_user_is_banned_while_a_policy_decides() {
    let it = slow();
    let ann = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    let (mut events, told) = join!(ann.open_event_stream(), it.ban_soon());
    assert_eq!(told, 0);
    let opened = Instant::now();
    assert_eq!(events.message().await, canceled());
    assert_elapsed(opened, 0.0..=0.1);
    assert_eq!(events.next().await, None);
    it.server.leaves_nothing_behind().await;
}

/// The id of a connection is known from its negotiation on.
#[tokio::test(start_paused = true)]
async fn a_connection_that_is_ended_while_a_policy_decides() {
    let it = slow();
    let ann = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    let other = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    let ending = async {
        pass(seconds(1)).await;
        let context = it.server.context();
        context.disconnect_connection(&*ann.connection_id, banned())
    };
    let (opened, others, told) = join!(ann.poll(), other.poll(), ending);
    assert_eq!((opened.status, others.status, told), (200, 200, 0));
    assert_eq!(ann.poll().await.messages(), [canceled()]);
    let handshake = test_support::http_client::HANDSHAKE;
    assert_eq!(other.post(handshake).await.status, 200);
    assert_eq!(other.poll().await.body, "{}\u{1e}");
}

/// The HTTP library hands a socket over once its client has taken the response to the upgrade.
#[tokio::test(start_paused = true)]
async fn a_web_socket_whose_user_is_banned_before_its_socket_is_handed_over() {
    let it = quick(&Users::default());
    let sockets = Sockets::of(&it);
    let mut pipe = sockets.connect(16);
    let head = format!("GET /hub?access_token=ann HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n");
    pipe.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(it.ban_soon().await, 0);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(pipe.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    assert_canceled_at_once(&mut BareWebSocket::upgraded(pipe)).await;
}

/// Negotiation opens nothing: the request that does is authenticated anew.
#[tokio::test(start_paused = true)]
async fn who_was_blocked_after_negotiating_cannot_open() {
    let users = Users::default();
    let it = quick(&users);
    let sockets = Sockets::of(&it);
    let negotiated = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    users.blocked.lock().unwrap().push("ann".into());
    assert_eq!(it.ban_soon().await, 0);
    let id = &negotiated.token;
    for headers in [UPGRADE, "Accept: text/event-stream\r\n", ""] {
        let mut pipe = sockets.connect(64 * 1024);
        let head = format!(
            "GET /hub?id={id} HTTP/1.1\r\nHost: localhost\r\n{headers}Authorization: Bearer ann\r\n\r\n"
        );
        pipe.write_all(head.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        pipe.read_exact(&mut status).await.unwrap();
        assert_eq!(status.as_slice(), b"HTTP/1.1 401", "{headers}");
    }
    // Whoever is not blocked was not kept out by that: the request came later.
    assert_eq!(negotiated.poll().await.status, 200);
    let handshake = test_support::http_client::HANDSHAKE;
    assert_eq!(negotiated.post(handshake).await.status, 200);
    assert_eq!(negotiated.poll().await.body, "{}\u{1e}");
}
