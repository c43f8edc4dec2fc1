//! Tokens that name keys which their issuer does not have: each could make the server fetch the issuer's keys anew.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hubwire::auth::jwt::JwtBearer;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use test_support::line::Line;
use test_support::requests::read_until;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::http::{bearer, every_request};
use crate::stage::Stage;
use crate::tokens::{AUDIENCE, ISSUER, claims, encoded, signed};
use crate::traced;

/// A server that publishes one key, and counts who asks for it.
struct Issuer {
    address: SocketAddr,
    key: EcdsaKeyPair,
    fetches: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Issuer {
    async fn start() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        // An uncompressed point: a byte that says so, and both coordinates.
        let point = key.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|it| URL_SAFE_NO_PAD.encode(it));
        let jwk = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one", "x": x, "y": y});
        let body = json!({"keys": [jwk]}).to_string();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let fetches = Arc::<AtomicUsize>::default();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, body, Arc::clone(&fetches)));
        Self {
            address,
            key,
            fetches,
            _serving: serving,
        }
    }

    fn token(&self) -> String {
        let signed = encoded(&json!({"alg": "ES256", "kid": "one"}), &claims("ann"));
        let random = SystemRandom::new();
        let signature = self.key.sign(&random, signed.as_bytes()).unwrap();
        traced::secret(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, body: String, fetches: Arc<AtomicUsize>) {
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let mut socket = Line::from(socket);
        read_until(&mut socket, "\r\n\r\n").await;
        fetches.fetch_add(1, Ordering::SeqCst);
        let head = "Content-Type: application/json\r\nConnection: close\r\n";
        let length = body.len();
        let response = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {length}\r\n\r\n{body}");
        socket.write_all(response.as_bytes()).await.unwrap();
    }
}

fn made_up(algorithm: &str, key_id: &Value) -> String {
    let header = json!({"alg": algorithm, "kid": key_id});
    signed(
        &header,
        &claims("ann"),
        b"the attacker's key, of 32 bytes and more",
    )
}

#[tokio::test]
async fn a_flood_of_unknown_keys() {
    let issuer = Issuer::start().await;
    let keys = JwtBearer::builder().jwks_url(format!("http://{}/keys", issuer.address));
    let keys = keys.issuer(ISSUER).audience(AUDIENCE).build().unwrap();
    let stage = Stage::with_tokens(keys).await;
    let [negotiation, ..] = every_request("/secure", None);
    let good = bearer(&issuer.token());
    assert_eq!(stage.ask(&negotiation, &good).await.status, 200);
    assert_eq!(issuer.fetches(), 1);
    for number in 0..500 {
        let algorithm = ["ES256", "RS256", "HS256", "none"][number % 4];
        let key_id = format!("unknown-{number}").into();
        let bad = bearer(&made_up(algorithm, &key_id));
        let response = stage.ask(&negotiation, &bad).await;
        response.assert_is(401, None, "");
        if number % 50 == 0 {
            assert_eq!(stage.ask(&negotiation, &good).await.status, 200);
        }
    }
    // One because of the flood, and one more if this has taken half a minute.
    assert!(issuer.fetches() <= 3, "{} fetches", issuer.fetches());
    stage.finish().await;
}
