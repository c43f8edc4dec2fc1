//! Tokens in requests to a server.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response};
use axum::routing::get;
use hubwire::auth::Policy;
use hubwire::auth::jwt::JwtBearer;
use hubwire::{MapHub, Principal, SignalR, hub};
use tower::ServiceExt;

use crate::signing::{SECRET, Signing, ann, hs256};

struct SecureHub;

#[hub]
impl SecureHub {}

fn app(tokens: JwtBearer) -> Router {
    let signalr = SignalR::builder().authenticator(tokens).build();
    let secure = signalr.hub().build(SecureHub);
    let endpoint = secure.endpoint().authorize(Policy::authenticated());
    Router::new()
        .route(
            "/name",
            get(async |user: Principal| user.claim("sub").unwrap().to_owned()),
        )
        .layer(signalr.authentication_layer())
        .map_hub("/hub", endpoint)
}

async fn send(method: Method, target: &str, authorization: Option<&str>) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(target);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let request = request.body(Body::empty()).unwrap();
    app(hs256()).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_hub_takes_a_good_token() {
    let token = Signing::hmac("HS256", SECRET).token(&ann());
    let other = Signing::hmac("HS256", &[7; 32]).token(&ann());
    let negotiate = "/hub/negotiate?negotiateVersion=1";
    for (authorization, status) in [
        (Some(format!("Bearer {token}")), 200),
        (Some(format!("bearer {token}")), 200),
        (Some(format!("Bearer {other}")), 401),
        (Some(format!("Bearer{token}")), 401),
        (Some(format!("Basic {token}")), 401),
        (Some(token.clone()), 401),
        (Some("Bearer".to_owned()), 401),
        (Some("Bearer ".to_owned()), 401),
        (None, 401),
    ] {
        let answer = send(Method::POST, negotiate, authorization.as_deref()).await;
        assert_eq!(answer.status(), status, "{authorization:?}");
        let challenge = answer.headers().get("www-authenticate");
        let challenge = challenge.map(|it| it.to_str().unwrap());
        assert_eq!(challenge, (status == 401).then_some("Bearer"));
    }
    let in_query = format!("{negotiate}&access_token={token}");
    assert_eq!(send(Method::POST, &in_query, None).await.status(), 401);
}

#[tokio::test]
async fn another_route_takes_a_good_token() {
    let token = Signing::hmac("HS256", SECRET).token(&ann());
    let authorization = format!("Bearer {token}");
    let answer = send(Method::GET, "/name", Some(&authorization)).await;
    let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
    assert_eq!(body, "ann");
    let in_query = format!("/name?access_token={token}");
    assert_eq!(send(Method::GET, &in_query, None).await.status(), 401);
}
