//! Users who are blocked and disconnected while the request that opens their connection is decided
//! about.

#![expect(
    clippy::disallowed_methods,
    reason = "each test waits for the tasks that it spawns"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator, Policy};
use hubwire::{Disconnect, HubCallerContext, HubEndpoint, Principal, hub};
use test_support::http_client::{HANDSHAKE, HttpClient};
use test_support::in_memory::*;

struct HallHub(Log);

#[hub]
impl HallHub {
    async fn on_connected(&self, _cx: &HubCallerContext<Self>) {
        self.0.note("connected");
    }

    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>) {
        self.0.note("disconnected");
    }
}

/// Refuses the user once it is blocked.
#[derive(Clone, Default)]
struct Doorman(Arc<AtomicBool>);

impl Authenticator for Doorman {
    async fn authenticate(
        &self,
        _: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        match self.0.load(Ordering::SeqCst) {
            true => Err(AuthenticationError::rejected("blocked")),
            false => Ok(Some(Principal::new([("sub", "ann")]))),
        }
    }
}

struct Hall {
    server: TestServer<HallHub>,
    endpoint: HubEndpoint,
    doorman: Doorman,
    /// At which each request waits for its policy.
    gate: Gate,
    log: Log,
}

impl Hall {
    fn new() -> Self {
        let (log, gate, doorman) = (Log::default(), Gate::closed(), Doorman::default());
        let server = TestServer::new(HallHub(log.clone()));
        let at = gate.clone();
        let policy = Policy::check(move |_| {
            let at = at.clone();
            async move {
                at.passed().await;
                Ok(true)
            }
        });
        let endpoint = server.endpoint.clone();
        Self {
            endpoint: endpoint.authenticator(doorman.clone()).authorize(policy),
            server,
            doorman,
            gate,
            log,
        }
    }

    /// Blocks the user in the order that the guide tells: "First make the authenticator refuse the
    /// user; then" disconnect.
    fn block(&self) {
        self.doorman.0.store(true, Ordering::SeqCst);
        let told = self
            .server
            .context()
            .disconnect_user("ann", Disconnect::for_good());
        assert_eq!(told, 0);
    }
}

/// The request was authenticated before the block, so nothing asks again; the event stream, and all
/// that is pushed, would be the blocked user's for as long as the client likes.
#[tokio::test(start_paused = true)]
async fn who_is_blocked_while_an_event_stream_is_decided_about_does_not_stay() {
    let hall = Hall::new();
    hall.gate.open(2);
    let ann = HttpClient::negotiate_as(&hall.endpoint, None).await;
    let posting = ann.clone();
    // The handshake waits in the pipe that the event stream will read.
    let posting = tokio::spawn(async move { posting.post(HANDSHAKE).await });
    settle().await;
    let opening = ann.clone();
    let opening = tokio::spawn(async move { opening.get_event_stream().await });
    settle().await;
    hall.block();
    hall.gate.open(1);
    let response = opening.await.unwrap();
    let _ = posting.await.unwrap();
    // Long after all that bounds a connection without a user.
    pass(seconds(60)).await;
    let connections = hall.server.signalr.statistics().connections;
    let notes = hall.log.take();
    assert_eq!(
        connections,
        0,
        "status {}, and the hub has noted {notes:?}",
        response.status()
    );
}

/// Without a handshake in advance: the connection ends only because nothing of it can continue.
#[tokio::test(start_paused = true)]
async fn who_is_blocked_while_a_first_poll_is_decided_about_is_not_welcomed() {
    let hall = Hall::new();
    hall.gate.open(2);
    let ann = HttpClient::negotiate_as(&hall.endpoint, None).await;
    let posting = ann.clone();
    let posting = tokio::spawn(async move { posting.post(HANDSHAKE).await });
    settle().await;
    let opening = ann.clone();
    let opening = tokio::spawn(async move { opening.poll().await });
    settle().await;
    hall.block();
    hall.gate.open(1);
    opening.await.unwrap();
    let _ = posting.await.unwrap();
    pass(seconds(60)).await;
    assert_eq!(hall.log.take(), [""; 0]);
    hall.server.leaves_nothing_behind().await;
}
