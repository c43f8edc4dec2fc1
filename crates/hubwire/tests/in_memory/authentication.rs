//! Who may use an endpoint: the user of each request, policies, and what clients get instead.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use http::{HeaderValue, Request, Response, StatusCode};
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator, Policy};
use hubwire::protocol::Transport;
use hubwire::testing::TestClient;
use hubwire::{HubEndpoint, MapHub, Principal, SignalR};
use serde_json::json;
use test_support::http_client::{HANDSHAKE, HttpClient};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tokio::time::Instant;
use tower::ServiceExt;
use tracing::Level;

use crate::http_stage::{Stage, call, completed};

/// Believes what a bearer token says: `ann` is Ann, `ann.Admin` has a role.
struct Words;

impl Authenticator for Words {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        let Some(token) = request.bearer_token() else {
            return Ok(None);
        };
        match &*token {
            "wrong" => Err(AuthenticationError::rejected("a wrong word")),
            "panic" => panic!("the authenticator panics"),
            "slow" => Ok(std::future::pending().await),
            "away" => {
                let file = std::fs::read_to_string("/there/is/no/such/file")?;
                Ok(Some(Principal::new([("sub", file)])))
            }
            word => {
                let (name, role) = word.split_once('.').unwrap_or((word, ""));
                Ok(Some(Principal::new([("sub", name), ("role", role)])))
            }
        }
    }

    fn challenge(&self) -> Option<HeaderValue> {
        Some(HeaderValue::from_static("Word"))
    }
}

fn stage(endpoint: impl FnOnce(HubEndpoint) -> HubEndpoint) -> Stage {
    Stage::with(|hub| hub, |it| endpoint(it.authenticator(Words)))
}

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

async fn negotiate(endpoint: &HubEndpoint, headers: &[(&str, &str)]) -> Response<Body> {
    let request = request("POST", "/hub/negotiate?negotiateVersion=1", headers);
    endpoint.negotiate().oneshot(request).await.unwrap()
}

async fn status_of(endpoint: &HubEndpoint, request: Request<Body>) -> u16 {
    let response: Result<_, Infallible> = endpoint.clone().oneshot(request).await;
    response.unwrap().status().as_u16()
}

async fn word(endpoint: &HubEndpoint, word: &str) -> u16 {
    let authorization = format!("Bearer {word}");
    let headers = [("Authorization", &*authorization)];
    negotiate(endpoint, &headers).await.status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn every_request_needs_a_user_who_meets_the_policy() {
    let it = Stage::with(
        |hub| hub,
        |endpoint| endpoint.authorize(Policy::claim("sub", ["ann", "bob"])),
    );
    assert_eq!(negotiate(&it.endpoint, &[]).await.status(), 401);
    let ann = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    ann.shake_hands().await;
    for (user, status) in [(None, 401), (Some("eve"), 403), (Some("bob"), 403)] {
        let other = ann.as_user(user);
        other.poll().await.assert_is(status, None, "");
        other.post("x").await.assert_is(status, None, "");
        other.delete().await.assert_is(status, None, "");
        assert_eq!(other.get_event_stream().await.status(), status);
    }
    ann.post(call("1", "User", &json!([]))).await;
    assert_eq!(ann.poll().await.messages(), [completed("1", "ann")]);
    ann.delete().await;
    it.ended("transport closed").await;
}

/// Preflights are sent without credentials; the others are refused for what they are.
#[tokio::test(start_paused = true)]
async fn options_is_never_a_question_of_the_user() {
    const PAGE: &str = "https://shop.example";
    let it = stage(|endpoint| endpoint.allowed_origins([PAGE]));
    let closed = it.endpoint.clone().authorize(Policy::authenticated());
    let asks = ("Access-Control-Request-Method", "POST");
    let odd = ("Access-Control-Request-Method", "PATCH");
    for (headers, status, origin) in [
        (vec![], 405, None),
        (vec![asks], 405, None),
        (vec![("Authorization", "Bearer wrong")], 405, None),
        (vec![("Authorization", "Bearer away")], 405, None),
        (vec![("Origin", "https://evil.example"), asks], 405, None),
        (vec![("Origin", PAGE), odd], 405, Some(PAGE)),
        (vec![("Origin", PAGE), asks], 204, Some(PAGE)),
    ] {
        for endpoint in [&it.endpoint, &closed] {
            let asked = request("OPTIONS", "/hub?id=x", &headers);
            let response: Result<_, Infallible> = endpoint.clone().oneshot(asked).await;
            let asked = request("OPTIONS", "/hub/negotiate", &headers);
            let negotiation = endpoint.negotiate().oneshot(asked).await;
            for response in [response.unwrap(), negotiation.unwrap()] {
                assert_eq!(response.status(), status, "{headers:?}");
                let allowed = response.headers().get("access-control-allow-origin");
                assert_eq!(allowed.map(|it| it.to_str().unwrap()), origin);
                assert!(!response.headers().contains_key("www-authenticate"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_rejected_are_those_of_nobody() {
    let it = stage(|endpoint| endpoint);
    assert_eq!(word(&it.endpoint, "wrong").await, 200);
    assert_eq!(negotiate(&it.endpoint, &[]).await.status(), 200);
    let closed = it.endpoint.clone().authorize(Policy::authenticated());
    assert_eq!(word(&closed, "wrong").await, 401);
    assert_eq!(word(&closed, "ann").await, 200);
}

/// A cookie's user, say, and a token that is wrong.
#[tokio::test(start_paused = true)]
async fn who_brings_wrong_credentials_is_not_taken_for_somebody_else() {
    let it = stage(|endpoint| endpoint.authorize(Policy::authenticated()));
    for (word, status) in [("Bearer wrong", 401), ("Basic x", 200)] {
        let headers = [("Authorization", word)];
        let mut request = request("POST", "/hub/negotiate", &headers);
        request
            .extensions_mut()
            .insert(Principal::new([("sub", "bob")]));
        let response = it.endpoint.negotiate().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{word}");
    }
}

/// Takes everybody for the same user.
struct Everybody;

impl Authenticator for Everybody {
    async fn authenticate(
        &self,
        _: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        Ok(Some(Principal::new([("sub", "somebody")])))
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_does_not_believe_the_authenticator_of_other_routes() {
    let signalr = SignalR::builder().authenticator(Everybody).build();
    let it = Stage::with(|hub| hub, |endpoint| endpoint);
    let closed = it.endpoint.clone().authorize(Policy::authenticated());
    let own = closed.clone().authenticator(Words);
    let app: Router = Router::new()
        .map_hub("/closed", closed)
        .map_hub("/own", own)
        .layer(signalr.authentication_layer());
    let asked = async |target: &str| {
        let request = request("POST", target, &[]);
        app.clone()
            .oneshot(request)
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(asked("/own/negotiate").await, 401);
    assert_eq!(asked("/closed/negotiate").await, 200);
}

#[tokio::test(start_paused = true)]
async fn the_claims_of_who_polls_are_those_of_the_last_poll() {
    let it = Stage::new();
    let ann = |role: &str| Principal::new([("sub", "ann"), ("role", role)]);
    let client = HttpClient::negotiate(&it.endpoint).await;
    let client = client.with_principal(ann("Admin"));
    client.shake_hands().await;
    client.post(call("1", "Role", &json!([]))).await;
    settle().await;
    let demoted = client.with_principal(ann("Guest"));
    assert_eq!(demoted.poll().await.messages(), [completed("1", "Admin")]);
    // A POST does not count, whatever it claims.
    client.post(call("2", "Role", &json!([]))).await;
    assert_eq!(demoted.poll().await.messages(), [completed("2", "Guest")]);
    client.post(call("3", "RoleAtFirst", &json!([]))).await;
    assert_eq!(demoted.poll().await.messages(), [completed("3", "Admin")]);
    client.delete().await;
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_connections_request_knows_its_user() {
    let policy = Policy::check(async |cx| Ok(cx.request().principal() == Some(cx.principal())));
    let it = stage(|endpoint| endpoint.authorize(policy));
    let ann = Principal::new([("sub", "ann"), ("role", "Admin")]);
    let mut client = TestClient::connect_as(&it.endpoint, ann).await.unwrap();
    let role = client.invoke("RoleAtFirst", ()).await.unwrap();
    assert_eq!(role, "Admin");
    assert_eq!(word(&it.endpoint, "ann").await, 200);

    let open = Stage::new();
    let mut nobody = TestClient::connect(&open.endpoint).await.unwrap();
    let role = nobody.invoke("RoleAtFirst", ()).await.unwrap();
    assert_eq!(role, json!(null));
}

/// A link to the connection's URL would lend it the rights of whoever follows it.
#[tokio::test(start_paused = true)]
async fn a_connection_that_nobody_has_opened_stays_nobody_s() {
    let it = Stage::new();
    let nobody = HttpClient::start_polling(&it.endpoint).await;
    let admin = nobody.with_principal(Principal::new([("sub", "ann"), ("role", "Admin")]));
    admin.poll().await.assert_is(403, None, "");
    admin.post("x").await.assert_is(403, None, "");
    admin.delete().await.assert_is(403, None, "");
    nobody.post(call("1", "Role", &json!([]))).await;
    assert_eq!(
        nobody.poll().await.messages(),
        [completed("1", json!(null))]
    );
    nobody.delete().await;
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_has_the_claims_of_who_opened_it_and_not_of_who_negotiated() {
    let it = Stage::new();
    let ann = |role: &str| Principal::new([("sub", "ann"), ("role", role)]);
    let admin = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    let guest = admin.with_principal(ann("Guest"));
    guest.shake_hands().await;
    guest.post(call("1", "Role", &json!([]))).await;
    assert_eq!(guest.poll().await.messages(), [completed("1", "Guest")]);
    guest.delete().await;
    it.ended("transport closed").await;
}

/// What changes with each token does not make somebody else of a user.
#[tokio::test(start_paused = true)]
async fn a_renewed_token_without_a_name_identifier_is_of_the_same_user() {
    let it = Stage::new();
    let client = |number: &str| {
        Principal::new([
            ("client_id", "c"),
            ("iat", number),
            ("exp", number),
            ("jti", number),
        ])
    };
    let negotiated = HttpClient::negotiate(&it.endpoint).await;
    let one = negotiated.with_principal(client("1"));
    one.shake_hands().await;
    let renewed = negotiated.with_principal(client("2"));
    renewed.post(call("1", "Echo", &json!(["x"]))).await;
    assert_eq!(renewed.poll().await.messages(), [completed("1", "x")]);
    renewed.delete().await;
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_has_a_challenge_and_no_body() {
    let it = stage(|endpoint| endpoint.authorize(Policy::role("Admin")));
    let refused = negotiate(&it.endpoint, &[]).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()["www-authenticate"], "Word");
    let body = axum::body::to_bytes(refused.into_body(), 1).await;
    assert_eq!(body.unwrap(), "");
    assert_eq!(word(&it.endpoint, "ann").await, 403);
    assert_eq!(word(&it.endpoint, "ann.Admin").await, 200);
}

#[tokio::test(start_paused = true)]
async fn pages_of_allowed_origins_can_read_refusals() {
    let it = stage(|endpoint| {
        endpoint
            .allowed_origins(["https://shop.example"])
            .authorize(Policy::role("Admin"))
    });
    let origin = ("Origin", "https://shop.example");
    for (headers, status) in [
        (vec![origin], 401),
        (vec![origin, ("Authorization", "Bearer ann")], 403),
    ] {
        let refused = negotiate(&it.endpoint, &headers).await;
        assert_eq!(refused.status(), status);
        let allowed = &refused.headers()["access-control-allow-origin"];
        assert_eq!(allowed, "https://shop.example");
        let polled = request("GET", "/hub?id=x", &headers);
        let refused = it.endpoint.clone().oneshot(polled).await.unwrap();
        assert_eq!(refused.status(), status);
        assert_eq!(
            refused.headers()["access-control-allow-credentials"],
            "true"
        );
    }
    // A foreign page learns nothing, whoever it is.
    let foreign = [
        ("Origin", "https://evil.example"),
        ("Authorization", "Bearer ann.Admin"),
    ];
    let refused = negotiate(&it.endpoint, &foreign).await;
    assert_eq!(refused.status(), 403);
    assert!(
        !refused
            .headers()
            .contains_key("access-control-allow-origin")
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_is_let_in_where_authentication_fails() {
    let it = stage(|endpoint| endpoint);
    let lines = LogLines::written(Level::ERROR);
    assert_eq!(word(&it.endpoint, "panic").await, 500);
    assert!(!lines.take().is_empty());
    assert_eq!(word(&it.endpoint, "away").await, 503);
    let line = lines.one();
    assert!(line.field("error").contains("No such file"), "{line:?}");
    // Another line within seconds would only fill the log.
    assert_eq!(word(&it.endpoint, "away").await, 503);
    assert!(lines.take().is_empty());
    assert_eq!(word(&it.endpoint, "ann").await, 200);
}

#[tokio::test(start_paused = true)]
async fn authentication_timeout() {
    let it = stage(|endpoint| endpoint.authentication_timeout(seconds(3)));
    let begun = Instant::now();
    assert_eq!(word(&it.endpoint, "slow").await, 503);
    assert_eq!(begun.elapsed(), seconds(3));
    let slow = it.endpoint.clone();
    let slow = slow.authorize(Policy::check(async |_| std::future::pending().await));
    assert_eq!(word(&slow, "ann").await, 503);
    assert_eq!(begun.elapsed(), seconds(6));
}

#[tokio::test(start_paused = true)]
async fn checks_decide_with_the_user_and_the_request() {
    let it = stage(|endpoint| {
        endpoint.authorize(Policy::check(async |cx| {
            assert_eq!(cx.method_name(), None);
            assert!(cx.argument::<u32>(0).is_err());
            match cx.principal().claim("sub") {
                Some("failing") => Err("the policy fails".into()),
                Some("panicking") => panic!("the policy panics"),
                name => Ok(name == cx.request().header("x-owner")),
            }
        }))
    });
    let lines = LogLines::written(Level::ERROR);
    let asked = async |word: &str| {
        let authorization = format!("Bearer {word}");
        let headers = [("Authorization", &*authorization), ("X-Owner", "ann")];
        negotiate(&it.endpoint, &headers).await.status().as_u16()
    };
    assert_eq!(asked("ann").await, 200);
    assert_eq!(asked("bob").await, 403);
    assert!(lines.take().is_empty());
    assert_eq!(asked("failing").await, 500);
    assert!(lines.one().field("error").contains("the policy fails"));
    assert_eq!(asked("panicking").await, 500);
}

#[tokio::test(start_paused = true)]
async fn all_that_is_asked_for_must_be_met_until_everybody_is_let_in() {
    let it = stage(|endpoint| {
        endpoint
            .authorize(Policy::role("Admin"))
            .authorize(Policy::claim("sub", ["ann"]))
    });
    assert_eq!(word(&it.endpoint, "ann").await, 403);
    assert_eq!(word(&it.endpoint, "bob.Admin").await, 403);
    assert_eq!(word(&it.endpoint, "ann.Admin").await, 200);
    let open = it.endpoint.clone().allow_anonymous();
    assert_eq!(negotiate(&open, &[]).await.status(), 200);
}

/// Proxies log URLs, and browsers keep them, so a token is read from there only where browsers can
/// send it in no other way.
#[tokio::test(start_paused = true)]
async fn a_token_in_the_query_counts_for_event_streams_and_web_sockets_only() {
    let it = stage(|endpoint| {
        endpoint
            .authorize(Policy::authenticated())
            .transports([Transport::ServerSentEvents, Transport::LongPolling])
    });
    let target = "/hub?id=unknown&access_token=ann";
    let event_stream = ("Accept", "text/event-stream");
    for (method, headers, status) in [
        ("GET", vec![event_stream], 404),
        ("GET", vec![], 401),
        ("POST", vec![], 401),
        ("POST", vec![event_stream], 401),
        ("DELETE", vec![event_stream], 401),
        ("GET", vec![event_stream, ("Authorization", "Basic x")], 404),
        ("GET", vec![("Authorization", "Bearer ann")], 404),
        ("GET", vec![("Authorization", "bearer  ann")], 404),
    ] {
        let seen = status_of(&it.endpoint, request(method, target, &headers)).await;
        assert_eq!(seen, status, "{method} {headers:?}");
    }
    let twice = [
        ("Authorization", "Bearer ann"),
        ("Authorization", "Bearer ann"),
    ];
    assert_eq!(negotiate(&it.endpoint, &twice).await.status(), 401);
    let negotiation = request("POST", "/hub/negotiate?access_token=ann", &[event_stream]);
    let refused = it.endpoint.negotiate().oneshot(negotiation).await.unwrap();
    assert_eq!(refused.status(), 401);
}

#[tokio::test(start_paused = true)]
async fn users_without_a_name_identifier_are_told_apart_by_their_claims() {
    let it = Stage::new();
    let key = |key: &str| Principal::new([("key", key)]);
    let negotiated = HttpClient::negotiate(&it.endpoint).await;
    let one = negotiated.with_principal(key("1"));
    one.poll().await;
    one.post(HANDSHAKE)
        .await
        .assert_is(200, Some("text/plain"), "");
    let lines = LogLines::written(Level::WARN);
    let two = negotiated.with_principal(key("2"));
    two.poll().await.assert_is(403, None, "");
    let line = lines.one_of_a_connection("StageHub");
    assert!(line.message.contains("belongs to another user"), "{line:?}");
    one.delete().await;
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn test_clients_are_asked_for_as_much_as_others() {
    let it = stage(|endpoint| endpoint.authorize(Policy::role("Admin")));
    let ann = Principal::new([("sub", "ann")]);
    let admin = Principal::new([("sub", "ann"), ("role", "Admin")]);
    let nobody = TestClient::connect(&it.endpoint).await.unwrap_err();
    assert!(nobody.to_string().contains("401"), "{nobody}");
    let refused = TestClient::connect_as(&it.endpoint, ann).await.unwrap_err();
    assert!(refused.to_string().contains("403"), "{refused}");
    drop(TestClient::connect_as(&it.endpoint, admin).await.unwrap());
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn other_routes_know_the_same_users() {
    async fn ship(user: Principal) -> String {
        user.claim("sub").unwrap_or_default().to_owned()
    }
    async fn look(user: Option<Principal>) -> StatusCode {
        match user {
            Some(_) => StatusCode::OK,
            None => StatusCode::NO_CONTENT,
        }
    }
    let signalr = SignalR::builder()
        .authenticator(Words)
        .authentication_timeout(seconds(3))
        .build();
    let app: Router = Router::new()
        .route("/ship", post(ship).get(look))
        .layer(signalr.authentication_layer());
    let asked = async |method: &str, target: &str, word: &str| {
        let authorization = format!("Bearer {word}");
        let headers = [("Authorization", &*authorization)];
        let headers = headers.into_iter().filter(|_| !word.is_empty());
        let request = request(method, target, &headers.collect::<Vec<_>>());
        app.clone()
            .oneshot(request)
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(asked("POST", "/ship", "ann").await, 200);
    assert_eq!(asked("POST", "/ship", "").await, 401);
    assert_eq!(asked("POST", "/ship", "wrong").await, 401);
    assert_eq!(asked("POST", "/ship?access_token=ann", "").await, 401);
    assert_eq!(asked("POST", "/ship", "away").await, 503);
    assert_eq!(asked("POST", "/ship", "panic").await, 500);
    assert_eq!(asked("POST", "/ship", "slow").await, 503);
    assert_eq!(asked("GET", "/ship", "").await, 204);
    assert_eq!(asked("GET", "/ship", "ann").await, 200);
}
