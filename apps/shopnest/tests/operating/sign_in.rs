//! What operators decide about signing in: the key, and whether the demo's accounts exist.

use std::net::SocketAddr;
use std::process::{Output, Stdio};

use test_support::client::Client;
use test_support::requests::{Response, post, request};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Child;

use crate::shop::{address_in, bearer, command, visit};

const KEY: &str = "SHOPNEST_JWT_KEY";
const PUBLISHED: &str = "with the passwords that the README publishes";
const ANN: &str = r#"{"user":"ann","password":"ann-demo"}"#;

/// A shop that logs everything.
struct Logging {
    process: Child,
    address: SocketAddr,
}

impl Logging {
    async fn open(address: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = command();
        command.args(["--listen", address]).args(arguments);
        command.env("RUST_LOG", "trace").stderr(Stdio::piped());
        let mut process = command.envs(variables.iter().copied()).spawn().unwrap();
        let printed = process.stdout.take().unwrap();
        let mut address = address_in(&mut BufReader::new(printed).lines()).await;
        if address.ip().is_unspecified() {
            address.set_ip([127, 0, 0, 1].into());
        }
        Self { process, address }
    }

    async fn login(&self, body: &str) -> Response {
        post(self.address, "/api/login", body).await
    }

    async fn token(&self, body: &str) -> String {
        let response = self.login(body).await;
        assert_eq!(response.status, 200, "{response:?}");
        let rest = response.body.strip_prefix(r#"{"token":""#).unwrap();
        rest.strip_suffix(r#""}"#).unwrap().to_owned()
    }

    /// Ends the shop, and returns what it has logged.
    async fn logged(mut self) -> String {
        let mut stderr = self.process.stderr.take().unwrap();
        self.process.start_kill().unwrap();
        let mut logged = String::new();
        stderr.read_to_string(&mut logged).await.unwrap();
        logged
    }
}

#[tokio::test]
async fn a_key_that_is_too_short_is_refused_by_its_name_and_not_shown() {
    for key in ["", "my-short-key", "this-key-has-31-bytes-no-more-x"] {
        let mut command = command();
        command.env(KEY, key).stderr(Stdio::piped());
        let Output { status, stderr, .. } = command.output().await.unwrap();
        assert_eq!(status.code(), Some(1));
        let said = String::from_utf8(stderr).unwrap();
        let expected = format!("{KEY} has {} bytes; a key needs at least 32", key.len());
        assert!(said.contains(&expected), "{said}");
        assert!(key.is_empty() || !said.contains(key), "{said}");
    }
}

#[tokio::test]
async fn without_a_key_the_shop_warns_and_its_tokens_end_with_it() {
    let shop = Logging::open("127.0.0.1:0", &[], &[]).await;
    let token = shop.token(ANN).await;
    let logged = shop.logged().await;
    assert!(logged.contains("WARN"), "{logged}");
    assert!(logged.contains("SHOPNEST_JWT_KEY is not set"), "{logged}");
    let next = Logging::open("127.0.0.1:0", &[], &[]).await;
    let path = "POST /hubs/chat/negotiate?negotiateVersion=1";
    let refused = request(next.address, path, &bearer(&token)).await;
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn with_a_key_tokens_outlive_the_shop() {
    let key = [(KEY, "a key that outlives the shop, and has 32 bytes")];
    let shop = Logging::open("127.0.0.1:0", &[], &key).await;
    let token = shop.token(ANN).await;
    drop(shop);
    let next = Logging::open("127.0.0.1:0", &[], &key).await;
    visit(next.address, "/hubs/notifications", &token)
        .await
        .leave()
        .await;
    let logged = next.logged().await;
    assert!(!logged.contains("SHOPNEST_JWT_KEY"), "{logged}");
}

#[tokio::test]
async fn others_than_this_machine_meet_no_demo_accounts_unless_the_operator_wants_them() {
    let shop = Logging::open("0.0.0.0:0", &[], &[]).await;
    assert_eq!(shop.login(ANN).await.status, 401);
    shop.token(r#"{"guest":true,"name":"Ada"}"#).await;
    let logged = shop.logged().await;
    assert!(logged.contains("--demo-users"), "{logged}");

    let shop = Logging::open("0.0.0.0:0", &["--demo-users"], &[]).await;
    shop.token(ANN).await;
    assert!(shop.logged().await.contains(PUBLISHED));

    // Here others come only through a proxy, which is why the operator has asked for it.
    let shop = Logging::open("127.0.0.1:0", &["--demo-users"], &[]).await;
    shop.token(ANN).await;
    assert!(!shop.logged().await.contains(PUBLISHED));
}

#[tokio::test]
async fn a_failed_sign_in_is_a_line_with_the_address_and_nothing_that_was_typed() {
    let shop = Logging::open("127.0.0.1:0", &[], &[]).await;
    for (body, status) in [
        (r#"{"user":"oops-my-password","password":"ann"}"#, 401),
        (r#"{"guest":true,"name":"oops-a-name-\u0007"}"#, 400),
        (r#"{"oops-no-sign-in":true}"#, 400),
    ] {
        assert_eq!(shop.login(body).await.status, status);
    }
    let logged = shop.logged().await;
    let lines: Vec<_> = logged
        .lines()
        .filter(|line| line.contains("a sign-in was refused"))
        .collect();
    let reasons = ["wrong_password", "no_name", "no_sign_in"];
    assert_eq!(lines.len(), reasons.len(), "{logged}");
    for (line, reason) in lines.iter().zip(reasons) {
        assert!(line.contains(" INFO "), "{line}");
        let expected = format!(r#"reason="{reason}" client.address=127.0.0.1"#);
        assert!(line.contains(&expected), "{line}");
    }
    assert!(!logged.contains("oops"), "{logged}");
}

#[tokio::test]
async fn no_password_token_or_key_is_logged() {
    let key = "a key that nobody may read in any log";
    let shop = Logging::open("127.0.0.1:0", &[], &[(KEY, key)]).await;
    let tokens = [
        shop.token(ANN).await,
        shop.token(r#"{"guest":true,"name":"Ada"}"#).await,
    ];
    for body in [r#"{"user":"ann","password":"bob-demo"}"#, r#"{"password":"#] {
        assert_ne!(shop.login(body).await.status, 200);
    }
    for token in &tokens {
        visit(shop.address, "/hubs/notifications", token)
            .await
            .leave()
            .await;
        let path = format!("/hubs/notifications?access_token={token}");
        Client::open(shop.address, &path).await.leave().await;
        let tampered = bearer(&format!("{token}x"));
        let ship = request(shop.address, "POST /api/orders/7/ship", &tampered).await;
        assert_eq!(ship.status, 401);
    }
    let logged = shop.logged().await;
    // Everything is logged indeed.
    assert!(
        logged.contains("TRACE") && logged.contains("NotificationHub"),
        "{logged}"
    );
    let parts = tokens.iter().flat_map(|token| token.split('.'));
    // The first part is the same for all tokens of this kind.
    let parts = parts.filter(|part| !part.starts_with("eyJhbGciOi"));
    for secret in parts.chain(["ann-demo", "bob-demo", key]) {
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
}
