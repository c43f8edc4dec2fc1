//! What happens while an issuer's keys cannot be fetched.

use std::time::Duration;

use hubwire::auth::jwt::JwtBearer;
use serde_json::{Value, json};

use crate::key_server::{Answer, KeyServer, key_set, pass};
use crate::signing::{Signing, ann, bearer};

const HALF_A_MINUTE: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What is no set of keys.
fn failures(server: &KeyServer) -> Vec<Answer> {
    let redirect = format!("302 Found\r\nlocation: {}", server.url());
    let text = |body: &str| Answer::Now("200 OK".to_owned(), body.to_owned());
    let encryption = json!({"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"});
    vec![
        Answer::Nothing,
        Answer::Endless,
        Answer::status("500 Internal Server Error"),
        Answer::status("404 Not Found"),
        Answer::status("204 No Content"),
        Answer::status(&redirect),
        Answer::Now("nonsense".to_owned(), String::new()),
        text(""),
        text("<html></html>"),
        text("{\"keys\":["),
        text(&(keys() + &" ".repeat(300 * 1024))),
        Answer::json(&Value::Null),
        Answer::json(&json!({"keys": []})),
        Answer::json(&json!({"keys": {}})),
        Answer::json(&json!({"keys": [encryption]})),
        Answer::json(&json!({"keys": vec![json!({}); 101]})),
    ]
}

fn keys() -> String {
    key_set([("one", &Signing::rsa("RS256"))]).to_string()
}

fn good() -> Answer {
    Answer::Now("200 OK".to_owned(), keys())
}

fn token() -> String {
    let header = json!({"alg": "RS256", "kid": "one"});
    Signing::rsa("RS256").token_with(&header, &ann())
}

async fn is_good(bearer: &JwtBearer) -> bool {
    bearer.validate(&token()).await.is_ok()
}

/// Asserts that nobody can tell whether a token is good.
async fn is_unavailable(bearer: &JwtBearer) {
    let error = bearer.validate(&token()).await.unwrap_err();
    assert!(!error.is_rejection());
    assert_eq!(
        error.to_string(),
        "the issuer's keys could not be fetched yet"
    );
}

#[tokio::test]
async fn without_keys_nobody_can_tell() {
    let server = KeyServer::start(Answer::Nothing).await;
    for (index, failure) in failures(&server).into_iter().enumerate() {
        let before = server.requests().len();
        server.answers(failure);
        let bearer = bearer().jwks_url(server.url()).build().unwrap();
        is_unavailable(&bearer).await;
        server.answers(good());
        is_unavailable(&bearer).await;
        assert_eq!(
            server.requests().len(),
            before + 1,
            "failure {index} is tried once"
        );
        pass(HALF_A_MINUTE).await;
        assert!(is_good(&bearer).await, "failure {index}");
    }
}

#[tokio::test]
async fn the_last_good_keys_stay_in_use() {
    let server = KeyServer::start(good()).await;
    let bearer = bearer().jwks_url(server.url()).build().unwrap();
    assert!(is_good(&bearer).await);
    pass(HOUR).await;
    for (index, failure) in failures(&server).into_iter().enumerate() {
        server.answers(failure);
        for _ in 0..3 {
            assert!(is_good(&bearer).await, "failure {index}");
        }
        server.requested(index + 2).await;
        // A token of an unknown key waits until the fetch is over.
        let header = json!({"alg": "RS256", "kid": "two"});
        let unknown = Signing::other_rsa("RS256").token_with(&header, &ann());
        assert!(bearer.validate(&unknown).await.unwrap_err().is_rejection());
        assert!(is_good(&bearer).await, "failure {index}");
        assert_eq!(server.requests().len(), index + 2);
        pass(HALF_A_MINUTE).await;
    }
}

#[tokio::test]
async fn an_unreachable_server_is_a_failure() {
    let server = KeyServer::start(good()).await;
    let url = server.url();
    drop(server);
    tokio::task::yield_now().await;
    let bearer = bearer().jwks_url(url).build().unwrap();
    is_unavailable(&bearer).await;
}

#[tokio::test]
async fn a_slow_server_is_given_up_after_five_seconds() {
    let keys = key_set([("one", &Signing::rsa("RS256"))]);
    let server = KeyServer::start(Answer::held_json(&keys)).await;
    let bearer = bearer().jwks_url(server.url()).build().unwrap();
    let began = tokio::time::Instant::now();
    let waited = async {
        server.requested(1).await;
        // Time goes on by itself while nobody has anything to do.
        tokio::time::pause();
    };
    tokio::join!(is_unavailable(&bearer), waited);
    let elapsed = began.elapsed().as_secs();
    tokio::time::resume();
    assert_eq!(elapsed, 5);
    server.is_given_up().await;
}
