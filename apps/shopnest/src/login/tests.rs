//! Requests to sign in, and what their tokens are good for.

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use hubwire::auth::jwt::JwtBearer;
use hubwire::{SignalR, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::auth_time::{LONGEST_SESSION, seconds};
use super::*;
use crate::app::router;

mod expiry;

/// A shop without a listener.
struct Shop {
    app: Router,
    bearer: JwtBearer,
    tokens: Tokens,
}

impl Shop {
    fn with(accounts: Accounts) -> Self {
        let key = Key::random().unwrap();
        let visitors = Login::new(accounts, Tokens::new(&key).unwrap());
        let signalr = SignalR::builder().authenticator(bearer(&key).unwrap());
        let address = ([127, 0, 0, 1], 5000).into();
        Self {
            app: router(&signalr.build(), Arc::new(visitors), address),
            bearer: bearer(&key).unwrap(),
            tokens: Tokens::new(&key).unwrap(),
        }
    }

    fn open() -> Self {
        Self::with(Accounts::ThisMachine)
    }

    async fn post(&self, path: &str, token: Option<&str>, body: impl Into<Body>) -> Response {
        let mut request = Request::post(path).header(HOST, "localhost");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(body.into()).unwrap();
        self.app.clone().oneshot(request).await.unwrap()
    }

    async fn refusal(&self, body: impl ToString) -> StatusCode {
        let response = self.post("/api/login", None, body.to_string()).await;
        response.status()
    }

    /// Signs in, and returns the token.
    async fn token(&self, body: Value, known: Option<&str>) -> String {
        let response = self.post("/api/login", known, body.to_string()).await;
        assert_eq!(response.status(), 200, "{body}");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let granted: Value = serde_json::from_slice(&content(response).await).unwrap();
        let members: Vec<_> = granted.as_object().unwrap().keys().collect();
        assert_eq!(members, ["token"]);
        granted["token"].as_str().unwrap().to_owned()
    }

    async fn user(&self, token: &str) -> Principal {
        self.bearer.validate(token).await.unwrap()
    }

    async fn ship(&self, token: Option<&str>) -> StatusCode {
        let response = self.post("/api/orders/7/ship", token, "").await;
        response.status()
    }
}

async fn content(response: Response) -> Bytes {
    let body = response.into_body();
    axum::body::to_bytes(body, usize::MAX).await.unwrap()
}

fn account(user: &str, password: &str) -> Value {
    json!({"user": user, "password": password})
}

#[tokio::test]
async fn a_demo_account_gets_a_token_with_its_name_and_role_for_an_hour() {
    let shop = Shop::open();
    for (name, role) in [("ann", None), ("bob", None), ("admin", Some("Admin"))] {
        let asked = account(name, &format!("{name}-demo"));
        let user = shop.user(&shop.token(asked, None).await).await;
        let mut claims: Vec<_> = user.all_claims().map(|(kind, _)| kind).collect();
        claims.sort_unstable();
        let expected = ["aud", "auth_time", "exp", "iss", "name", "role", "sub"];
        assert!(
            expected
                .iter()
                .filter(|it| role.is_some() || **it != "role")
                .eq(&claims)
        );
        assert_eq!(user.claim("sub"), Some(name));
        assert_eq!(user.name(), Some(name));
        assert_eq!(user.claim("role"), role);
        assert_eq!(
            [user.claim("iss"), user.claim("aud")],
            [Some("shopnest"); 2]
        );
        let now = SystemTime::try_from(Timestamp::now()).unwrap();
        let left = user.expires().unwrap().duration_since(now).unwrap();
        assert!((3590..=3600).contains(&left.as_secs()), "{left:?}");
        assert!(AuthTime::of(&user) > Some(AuthTime::ago(Duration::from_secs(10))));
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let shop = Shop::open();
    let mut answers = Vec::new();
    for asked in [
        account("ann", "bob-demo"),
        account("nobody", "ann-demo"),
        account("", ""),
        account("Ann", "ann-demo"),
    ] {
        let response = shop.post("/api/login", None, asked.to_string()).await;
        assert_eq!(response.status(), 401);
        answers.push((response.headers().clone(), content(response).await));
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
}

#[tokio::test]
async fn without_demo_users_only_guests_sign_in() {
    let shop = Shop::with(Accounts::Nobody);
    for name in ["ann", "bob", "admin"] {
        let asked = account(name, &format!("{name}-demo"));
        assert_eq!(shop.refusal(asked).await, 401);
        // The names stay reserved.
        assert_eq!(
            shop.refusal(json!({"guest": true, "name": name})).await,
            409
        );
    }
    shop.token(json!({"guest": true}), None).await;
}

#[tokio::test]
async fn demo_accounts_are_not_for_those_behind_a_proxy_unless_the_operator_wants_it() {
    let [local, open] = [Accounts::ThisMachine, Accounts::Everybody].map(Shop::with);
    for (name, value) in [
        ("Forwarded", "for=192.0.2.7"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("x-forwarded-proto", ""),
        ("X-Forwarded-Anything", "x"),
        ("Via", "1.1 proxy"),
    ] {
        for (user, body) in [
            ("ann", account("ann", "ann-demo")),
            ("guest", json!({"guest": true})),
        ] {
            for (shop, status) in [
                (&local, if user == "ann" { 401 } else { 200 }),
                (&open, 200),
            ] {
                let request = Request::post("/api/login").header(HOST, "localhost");
                let request = request
                    .header(name, value)
                    .body(Body::from(body.to_string()));
                let response = shop.app.clone().oneshot(request.unwrap()).await.unwrap();
                assert_eq!(response.status(), status, "{name} {user}");
            }
        }
    }
    let ann = local.token(account("ann", "ann-demo"), None).await;
    for (shop, status) in [(&local, 401), (&open, 200)] {
        let ann = match status {
            200 => shop.token(account("ann", "ann-demo"), None).await,
            _ => ann.clone(),
        };
        let request = Request::post("/api/login").header(HOST, "localhost");
        let request = request.header("Via", "1.1 proxy");
        let request = request.header(AUTHORIZATION, format!("Bearer {ann}"));
        let request = request.body(Body::from(renew().to_string())).unwrap();
        let response = shop.app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
    }
}

#[tokio::test]
async fn a_guest_has_the_chosen_name_a_random_id_and_no_role() {
    let shop = Shop::open();
    let asked = json!({"guest": true, "name": " Ada Lovelace "});
    let ada = shop.user(&shop.token(asked, None).await).await;
    assert_eq!(ada.name(), Some("Ada Lovelace"));
    assert_eq!(ada.claim("role"), None);
    let other = shop
        .user(&shop.token(json!({"guest": true}), None).await)
        .await;
    assert_ne!(ada.claim("sub"), other.claim("sub"));
    for (name, status) in [
        ("ada lovelace", 409),
        ("ADMIN", 409),
        (" ", 400),
        ("a\nb", 400),
    ] {
        assert_eq!(
            shop.refusal(json!({"guest": true, "name": name})).await,
            status
        );
    }
}

#[tokio::test]
async fn a_guests_token_is_renewed_and_no_other() {
    let shop = Shop::open();
    let asked = json!({"guest": true, "name": "Ada"});
    let first = shop.token(asked.clone(), None).await;
    let ada = shop.user(&first).await;
    // The name in the request does not count.
    for asked in [
        asked,
        json!({"guest": true}),
        json!({"guest": true, "name": "Eve"}),
    ] {
        let renewed = shop.user(&shop.token(asked, Some(&first)).await).await;
        for claim in ["sub", "name"] {
            assert_eq!(renewed.claim(claim), ada.claim(claim));
        }
        assert!(renewed.expires() >= ada.expires());
    }
    // The names of tokens that were signed elsewhere need not be such as guests choose here.
    for (sub, name) in [
        ("5f2b", "Grace"),
        ("5f2c", "Ada (mobile)"),
        ("5f2d", "Ｇｒａｃｅ  H."),
        ("5f2e", &"é".repeat(250)),
    ] {
        let from_elsewhere = shop.tokens.sign(&User::new(sub, name), None);
        let renewed = shop.token(json!({"guest": true}), Some(&from_elsewhere));
        let renewed = shop.user(&renewed.await).await;
        let claims = [renewed.claim("sub"), renewed.name()];
        assert_eq!(claims, [Some(sub), Some(name)]);
    }
    for name in [
        "x".repeat(501),
        "\u{FDFA}".repeat(100),
        "a\u{9}b".to_owned(),
    ] {
        let odd = shop.tokens.sign(&User::new("5f2f", name), None);
        let asked = json!({"guest": true}).to_string();
        let answer = shop.post("/api/login", Some(&odd), asked);
        assert_eq!(answer.await.status(), 400);
    }
    let ann = shop.token(account("ann", "ann-demo"), None).await;
    let endless = shop
        .tokens
        .sign(&User::new("x".repeat(257), "Endless"), None);
    let staff = User {
        role: Some("Admin"),
        ..User::new("guest-7", "Staff")
    };
    for other in [
        ann,
        endless,
        shop.tokens.sign(&staff, None),
        "a.b.c".to_owned(),
    ] {
        let guest = shop
            .user(&shop.token(json!({"guest": true}), Some(&other)).await)
            .await;
        assert!(guest.claim("sub").unwrap().starts_with("guest-"));
        assert_ne!(guest.claim("sub"), Some("guest-7"));
        assert_eq!(guest.claim("role"), None);
    }
    // An account signs in whatever its token says.
    shop.token(account("bob", "bob-demo"), Some(&first)).await;
}

/// A user that an account's token, signed elsewhere, might be of.
fn claimed(sub: &str, role: Option<&'static str>) -> User {
    User {
        role,
        ..User::new(sub, sub)
    }
}

fn renew() -> Value {
    json!({"renew": true})
}

#[tokio::test]
async fn an_accounts_token_is_renewed_with_the_role_that_the_account_has() {
    let shop = Shop::open();
    let signed_in = AuthTime::ago(Duration::from_secs(100));
    for (name, claimed_role, role) in [
        ("ann", None, None),
        ("ann", Some("Admin"), None),
        ("admin", None, Some("Admin")),
        ("admin", Some("Admin"), Some("Admin")),
    ] {
        let known = shop
            .tokens
            .sign(&claimed(name, claimed_role), Some(signed_in));
        let renewed = shop.user(&shop.token(renew(), Some(&known)).await).await;
        assert_eq!(renewed.claim("sub"), Some(name));
        assert_eq!(renewed.name(), Some(name));
        assert_eq!(renewed.claim("role"), role);
        // Signing in was then, however often the token is renewed.
        assert_eq!(AuthTime::of(&renewed), Some(signed_in));
    }
    let first = shop.token(account("ann", "ann-demo"), None).await;
    shop.token(renew(), Some(&first)).await;
}

#[tokio::test]
async fn an_accounts_token_is_renewed_for_twelve_hours() {
    let shop = Shop::open();
    let within = LONGEST_SESSION - Duration::from_secs(60);
    let beyond = LONGEST_SESSION + Duration::from_secs(1);
    for (signed_in, status) in [
        (Some(AuthTime::ago(within)), 200),
        (Some(AuthTime::ago(beyond)), 401),
        (None, 401),
    ] {
        let soon = seconds(Timestamp::now()) + 30;
        let known = shop
            .tokens
            .sign_until(&claimed("ann", None), signed_in, soon);
        let answer = shop.post("/api/login", Some(&known), renew().to_string());
        assert_eq!(answer.await.status(), status, "{signed_in:?}");
    }
    let signed_in = AuthTime::ago(within);
    let user = claimed("ann", None);
    let soon = seconds(Timestamp::now()) + 30;
    let known = shop.tokens.sign_until(&user, Some(signed_in), soon);
    let last = shop.user(&shop.token(renew(), Some(&known)).await).await;
    let end = last.claim("exp").and_then(|exp| exp.parse().ok());
    assert_eq!(end, Some(signed_in.end_of_session()));
    // The last one of a session is not renewed: another one would end with it.
    let last = shop.tokens.sign_for_session(&user, signed_in);
    let answer = shop.post("/api/login", Some(&last), renew().to_string());
    assert_eq!(answer.await.status(), 401);
}

#[tokio::test]
async fn whoever_has_no_account_gets_the_same_answer_to_a_renewal() {
    let shop = Shop::open();
    let closed = Shop::with(Accounts::Nobody);
    let now = Some(AuthTime::now());
    let sign = |shop: &Shop, user: &User| Some(shop.tokens.sign(user, now));
    let mut answers = Vec::new();
    for (shop, known) in [
        (&shop, None),
        (&shop, Some("a.b.c".to_owned())),
        (&shop, sign(&closed, &claimed("ann", None))),
        (&shop, sign(&shop, &claimed("carol", Some("Admin")))),
        (&shop, sign(&shop, &claimed(&"x".repeat(257), None))),
        (&closed, sign(&closed, &claimed("ann", None))),
    ] {
        let response = shop.post("/api/login", known.as_deref(), renew().to_string());
        let response = response.await;
        assert_eq!(response.status(), 401, "{known:?}");
        answers.push((response.headers().clone(), content(response).await));
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
}

#[tokio::test]
async fn a_token_that_has_expired_is_not_renewed() {
    let shop = Shop::open();
    for user in [claimed("ann", None), User::new("guest-7", "Ada")] {
        let now = seconds(Timestamp::now());
        let expired = shop
            .tokens
            .sign_until(&user, Some(AuthTime::now()), now - 1);
        let answer = shop.post("/api/login", Some(&expired), renew().to_string());
        assert_eq!(answer.await.status(), 401, "{user:?}");
    }
}

#[tokio::test]
async fn a_guests_token_is_renewed_by_either_form_however_old_it_is() {
    let shop = Shop::open();
    let long_ago = AuthTime::ago(LONGEST_SESSION * 100);
    for signed_in in [Some(long_ago), None] {
        let known = shop.tokens.sign(&User::new("5f2b", "Grace"), signed_in);
        for asked in [renew(), json!({"guest": true})] {
            let renewed = shop.user(&shop.token(asked, Some(&known)).await).await;
            let claims = [renewed.claim("sub"), renewed.name()];
            assert_eq!(claims, [Some("5f2b"), Some("Grace")]);
            assert_eq!(AuthTime::of(&renewed), signed_in);
        }
    }
    // Somebody else has taken the name.
    let other = shop.tokens.sign(&User::new("7c1d", "grace"), None);
    let answer = shop.post("/api/login", Some(&other), renew().to_string());
    assert_eq!(answer.await.status(), 409);
}

#[tokio::test]
async fn only_an_admin_ships() {
    let shop = Shop::open();
    let admin = shop.token(account("admin", "admin-demo"), None).await;
    let ann = shop.token(account("ann", "ann-demo"), None).await;
    let guest = shop.token(json!({"guest": true}), None).await;
    assert_eq!(shop.ship(Some(&admin)).await, 200);
    for token in [ann, guest] {
        assert_eq!(shop.ship(Some(&token)).await, 403);
    }
    for token in [None, Some("a.b.c"), Some("")] {
        assert_eq!(shop.ship(token).await, 401);
    }
}

#[tokio::test]
async fn every_hub_needs_a_token() {
    let shop = Shop::open();
    let token = shop.token(json!({"guest": true}), None).await;
    for hub in ["chat", "orders", "notifications"] {
        let path = format!("/hubs/{hub}/negotiate?negotiateVersion=1");
        let refused = shop.post(&path, None, "").await;
        assert_eq!(refused.status(), 401, "{hub}");
        assert!(content(refused).await.is_empty());
        assert_eq!(
            shop.post(&path, Some(&token), "").await.status(),
            200,
            "{hub}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_none_is_refused() {
    let shop = Shop::open();
    for body in ["", "{", "{}", r#"{"user":7,"password":"x"}"#] {
        assert_eq!(shop.refusal(body).await, 400, "{body}");
    }
    let name = "x".repeat(MAXIMUM_BODY_BYTES);
    assert_eq!(
        shop.refusal(json!({"guest": true, "name": name})).await,
        413
    );
    let text = shop.post("/api/login", None, "{").await;
    assert_eq!(text.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let shop = Shop::open();
    let (_never, body) = tokio::sync::oneshot::channel::<()>();
    let body = Body::from_stream(futures_util::stream::once(async {
        body.await.map(|()| Bytes::new())
    }));
    assert_eq!(shop.post("/api/login", None, body).await.status(), 408);
}

#[test]
fn nothing_secret_is_shown() {
    let key = Key::random().unwrap();
    let login = Login::new(Accounts::ThisMachine, Tokens::new(&key).unwrap());
    let asked = SignIn::parse(br#"{"user":"ann","password":"ann-demo"}"#).unwrap();
    let shown = format!("{key:?} {login:?} {asked:?}");
    assert!(
        !shown.contains("ann-demo") && !shown.contains("password:"),
        "{shown}"
    );
}
