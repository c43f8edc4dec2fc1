//! Code of an application that decides about requests, and that panics, is slow or has no end.

#![expect(
    clippy::disallowed_methods,
    reason = "each test waits for the tasks that it spawns"
)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use std::{error, fmt};

use axum::body::Body;
use futures_util::FutureExt;
use http::{HeaderValue, Request};
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator, Policy};
use hubwire::testing::TestClient;
use hubwire::{HubEndpoint, HubError, Principal};
use serde_json::json;
use test_support::bombs::{Bomb, ErrorLines, Explosive};
use test_support::http_client::{HANDSHAKE, HttpClient};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tower::ServiceExt;
use tracing::Level;

use crate::http_stage::Stage;

fn ann() -> Principal {
    Principal::new([("sub", "ann")])
}

/// What an authenticator does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    NeverAnswersAndItsFutureFalls,
    PanicsAndItsFutureFalls,
    FailsWith(&'static str),
    RejectsWith(&'static str),
    ChallengePanics,
    /// The panic's own value panics when it is dropped.
    PanicsWithABomb,
}

struct Hostile(Does);

impl Authenticator for Hostile {
    fn authenticate(
        &self,
        _: &AuthenticationRequest<'_>,
    ) -> impl Future<Output = Result<Option<Principal>, AuthenticationError>> + Send {
        let does = self.0;
        let future: Pin<Box<dyn Future<Output = _> + Send>> = match does {
            Does::NeverAnswersAndItsFutureFalls => {
                let bomb = Bomb::new("drop");
                Box::pin(async move {
                    let _bomb = bomb;
                    std::future::pending().await
                })
            }
            Does::PanicsAndItsFutureFalls => Box::pin(PanicsTwice(Some(Bomb::new("drop")))),
            Does::FailsWith(text) => Box::pin(async move { Err(Explosive::at(text).into()) }),
            Does::RejectsWith(text) => {
                Box::pin(async move { Err(AuthenticationError::rejected(Explosive::at(text))) })
            }
            Does::ChallengePanics => Box::pin(async { Ok(None) }),
            Does::PanicsWithABomb => std::panic::panic_any(Bomb::new("drop")),
        };
        future
    }

    fn challenge(&self) -> Option<HeaderValue> {
        assert!(self.0 != Does::ChallengePanics, "secret");
        None
    }
}

struct PanicsTwice<T>(Option<T>);

impl<T: Unpin> Future for PanicsTwice<T> {
    type Output = Result<Option<Principal>, AuthenticationError>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        panic!("secret")
    }
}

/// Returns the status, or `None` if the request has panicked.
async fn status(endpoint: &HubEndpoint, user: Option<Principal>) -> Option<u16> {
    let mut request = Request::post("/hub/negotiate?negotiateVersion=1")
        .body(Body::empty())
        .unwrap();
    if let Some(user) = user {
        request.extensions_mut().insert(user);
    }
    let response = endpoint.negotiate().oneshot(request);
    let response = std::panic::AssertUnwindSafe(response).catch_unwind().await;
    response.ok().map(|it| it.unwrap().status().as_u16())
}

async fn refuses(does: Does, expected: u16) {
    let _lines = ErrorLines::counted();
    let stage = Stage::with(
        |hub| hub,
        |it| {
            it.authenticator(Hostile(does))
                .authorize(Policy::authenticated())
        },
    );
    assert_eq!(
        status(&stage.endpoint, None).await,
        Some(expected),
        "{does:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_authenticator_that_times_out_and_panics_on_drop_refuses_the_request() {
    refuses(Does::NeverAnswersAndItsFutureFalls, 500).await;
}

#[tokio::test(start_paused = true)]
async fn an_authenticator_that_panics_twice_refuses_the_request() {
    refuses(Does::PanicsAndItsFutureFalls, 500).await;
}

#[tokio::test(start_paused = true)]
async fn an_authenticator_whose_panic_panics_refuses_the_request() {
    refuses(Does::PanicsWithABomb, 500).await;
}

#[tokio::test(start_paused = true)]
async fn an_endpoints_policy_whose_panic_panics_refuses_the_request() {
    let policy = Policy::check(|_| -> std::future::Ready<hubwire::HubResult<bool>> {
        std::panic::panic_any(Bomb::new("drop"))
    });
    policy_refuses(policy, 500).await;
}

#[tokio::test(start_paused = true)]
async fn an_authenticators_error_that_panics_when_shown_refuses_the_request() {
    refuses(Does::FailsWith("show"), 500).await;
}

#[tokio::test(start_paused = true)]
async fn an_authenticators_error_that_panics_on_drop_refuses_the_request() {
    refuses(Does::FailsWith("drop"), 500).await;
}

#[tokio::test(start_paused = true)]
async fn a_rejection_that_panics_on_drop_refuses_the_request() {
    refuses(Does::RejectsWith("drop"), 500).await;
}

#[tokio::test(start_paused = true)]
async fn a_rejection_that_panics_when_shown_refuses_the_request() {
    let lines = LogLines::written(Level::DEBUG);
    let stage = Stage::with(
        |hub| hub,
        |it| {
            it.authenticator(Hostile(Does::RejectsWith("show")))
                .authorize(Policy::authenticated())
        },
    );
    assert_eq!(status(&stage.endpoint, None).await, Some(500));
    drop(lines);
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_panics_refuses_the_request() {
    let stage = Stage::with(
        |hub| hub,
        |it| {
            it.authenticator(Hostile(Does::ChallengePanics))
                .authorize(Policy::authenticated())
        },
    );
    let status = status(&stage.endpoint, None).await;
    assert!(matches!(status, Some(401 | 500)), "{status:?}");
}

async fn policy_refuses(policy: Policy, expected: u16) {
    let _lines = ErrorLines::counted();
    let stage = Stage::with(|hub| hub, |it| it.authorize(policy));
    assert_eq!(status(&stage.endpoint, Some(ann())).await, Some(expected));
}

#[tokio::test(start_paused = true)]
async fn an_endpoints_policy_that_times_out_and_panics_on_drop_refuses_the_request() {
    let policy = Policy::check(|_| {
        let bomb = Bomb::new("drop");
        async move {
            let _bomb = bomb;
            std::future::pending().await
        }
    });
    policy_refuses(policy, 500).await;
}

#[tokio::test(start_paused = true)]
async fn an_endpoints_policys_error_that_panics_when_shown_refuses_the_request() {
    let policy = Policy::check(async |_| Err(HubError::hidden(Explosive::at("show"))));
    policy_refuses(policy, 500).await;
}

#[tokio::test(start_paused = true)]
async fn an_endpoints_policys_error_that_panics_on_drop_refuses_the_request() {
    let policy = Policy::check(async |_| Err(HubError::hidden(Explosive::at("drop"))));
    policy_refuses(policy, 500).await;
}

/// An error that is its own cause, until it was asked for that too often.
#[derive(Clone, Debug)]
struct Endless(Arc<AtomicUsize>);

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("again and again")
    }
}

impl error::Error for Endless {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        (self.0.fetch_add(1, Ordering::Relaxed) < 100_000).then_some(self)
    }
}

struct Away(Endless);

impl Authenticator for Away {
    async fn authenticate(
        &self,
        _: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        Err(self.0.clone().into())
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_without_end_does_not_keep_a_thread() {
    let _lines = LogLines::written(Level::ERROR);
    let error = Endless(Arc::default());
    let away = Away(error.clone());
    let stage = Stage::with(|hub| hub, |it| it.authenticator(away));
    assert_eq!(status(&stage.endpoint, None).await, Some(503));
    let asked = error.0.load(Ordering::Relaxed);
    assert!(asked < 10_000, "{asked}");
}

/// Takes its time for each request, less than it may.
struct Slow(Duration);

impl Authenticator for Slow {
    async fn authenticate(
        &self,
        _: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        pass(self.0).await;
        Ok(Some(ann()))
    }
}

fn slow(authenticator: u64, policy: u64) -> Stage {
    let policy = Policy::check(move |_| async move {
        pass(seconds(policy)).await;
        Ok(true)
    });
    Stage::with(
        |hub| hub,
        |it| {
            it.authenticator(Slow(seconds(authenticator)))
                .authorize(policy)
        },
    )
}

/// The client is always polling; it is the server that takes its time.
#[tokio::test(start_paused = true)]
async fn who_polls_all_the_time_is_not_absent_while_it_is_decided_about() {
    let it = slow(3, 3);
    let ann = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    assert_eq!(ann.poll().await.status, 200);
    assert_eq!(ann.post(HANDSHAKE).await.status, 200);
    for round in 0..3 {
        assert_eq!(ann.poll().await.status, 200, "{round}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_was_posted_at_once_is_in_time() {
    let it = slow(4, 4);
    let ann = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    assert_eq!(ann.poll().await.status, 200);
    let (posted, polled) = tokio::join!(ann.post(HANDSHAKE), ann.poll());
    assert_eq!(posted.status, 200);
    assert_eq!((polled.status, &*polled.body), (200, "{}\u{1e}"));
}

/// With the time of one decision only: each is far below all limits of the client's own.
#[tokio::test(start_paused = true)]
async fn who_polls_all_the_time_stays_with_an_authenticator_of_nine_seconds() {
    let it = slow(9, 0);
    let ann = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    assert_eq!(ann.poll().await.status, 200);
    let (posted, polled) = tokio::join!(ann.post(HANDSHAKE), ann.poll());
    assert_eq!((posted.status, polled.status), (200, 200));
    for _ in 0..5 {
        it.broadcast("x").await;
        assert_eq!(ann.poll().await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_requests_that_never_get_an_answer_hold_nobody_up() {
    struct Never;
    impl Authenticator for Never {
        async fn authenticate(
            &self,
            request: &AuthenticationRequest<'_>,
        ) -> Result<Option<Principal>, AuthenticationError> {
            match request.bearer_token() {
                Some(_) => Ok(std::future::pending().await),
                None => Ok(None),
            }
        }
    }
    let it = Stage::with(|hub| hub, |it| it.authenticator(Never));
    let mut client = TestClient::connect(&it.endpoint).await.unwrap();
    let requests = (0..1_000).map(|_| {
        let request = Request::post("/hub/negotiate")
            .header("authorization", "Bearer x")
            .body(Body::empty())
            .unwrap();
        it.endpoint.negotiate().oneshot(request)
    });
    let requests = tokio::spawn(futures_util::future::join_all(requests));
    let begun = tokio::time::Instant::now();
    for _ in 0..100 {
        assert_eq!(client.invoke("Echo", ("x",)).await.unwrap(), "x");
    }
    assert!(begun.elapsed() < seconds(1));
    for response in requests.await.unwrap() {
        assert_eq!(response.unwrap().status(), 503);
    }
    drop(client);
    settle().await;
    it.server.leaves_nothing_behind().await;
}

/// The authenticator says yes when everything is over.
#[tokio::test(start_paused = true)]
async fn who_was_admitted_after_the_shutdown_gets_nothing() {
    let it = slow(5, 0);
    let ann = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    let (endpoint, polling) = (it.endpoint.clone(), ann.clone());
    let negotiating = tokio::spawn(async move { status(&endpoint, None).await });
    let polling = tokio::spawn(async move { polling.poll().await.status });
    let endpoint = it.endpoint.clone();
    settle().await;
    it.server.signalr.shutdown().await;
    let mut client = TestClient::open(&endpoint, Some(Principal::new([("sub", "bob")])));
    assert_eq!(negotiating.await.unwrap(), Some(503));
    assert_eq!(polling.await.unwrap(), 404);
    let _ = client.receive().await;
    drop(client);
    pass(seconds(20)).await;
    it.server.leaves_nothing_behind().await;
}

/// `authentication_timeout` (10 s) is for both decisions.
#[tokio::test(start_paused = true)]
async fn both_decisions_together_take_no_longer_than_the_timeout() {
    let it = slow(9, 9);
    let begun = tokio::time::Instant::now();
    assert_eq!(status(&it.endpoint, None).await, Some(503));
    assert_elapsed(begun, 9.9..=11.0);
}

/// The same for an application's other routes.
#[tokio::test(start_paused = true)]
async fn a_layer_refuses_what_panics() {
    for does in [
        Does::NeverAnswersAndItsFutureFalls,
        Does::FailsWith("show"),
        Does::FailsWith("drop"),
        Does::ChallengePanics,
    ] {
        let _lines = ErrorLines::counted();
        let signalr = hubwire::SignalR::builder()
            .authenticator(Hostile(does))
            .build();
        let app: axum::Router = axum::Router::new()
            .route("/", axum::routing::post(async |_: Principal| "in"))
            .route_layer(signalr.authentication_layer());
        let response = app.oneshot(Request::post("/").body(Body::empty()).unwrap());
        let response = std::panic::AssertUnwindSafe(response).catch_unwind().await;
        let status = response.ok().map(|it| it.unwrap().status().as_u16());
        assert_eq!(status, Some(500), "{does:?}");
    }
}

/// A poll that waits at the authenticator for longer than a message does in the queue.
#[tokio::test(start_paused = true)]
async fn who_is_kicked_between_two_polls_is_told() {
    let it = slow(9, 0);
    let ann = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    assert_eq!(ann.poll().await.status, 200);
    let (_, polled) = tokio::join!(ann.post(HANDSHAKE), ann.poll());
    assert_eq!(polled.body, "{}\u{1e}");
    let because = hubwire::Disconnect::for_good().because("x");
    assert_eq!(it.server.context().disconnect_user("ann", because), 1);
    assert_eq!(
        ann.poll().await.messages(),
        [json!({"type": 7, "error": "x"})]
    );
    assert_eq!(ann.poll().await.status, 204);
    it.ended("disconnected by the hub: x").await;
}
