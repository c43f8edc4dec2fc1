//! What is logged of an issuer's keys, by the logger of the whole process.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "tokens/key_server.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod key_server;
#[path = "tokens/signing.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod signing;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use crate::key_server::{Answer, KeyServer, key_set, pass};
use crate::signing::{Signing, ann, bearer};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn take(&self) -> Vec<String> {
        let text = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(text).unwrap();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn failures_are_a_line_in_ten_minutes() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let server = KeyServer::start(Answer::status("500 Internal Server Error")).await;
    let url = format!("{}?secret=5f2b", server.url());
    let bearer = bearer().jwks_url(&url).build().unwrap();
    let header = json!({"alg": "RS256", "kid": "one"});
    let token = Signing::rsa("RS256").token_with(&header, &ann());
    let url = server.url();
    let half_a_minute = Duration::from_secs(30);

    for _ in 0..20 {
        assert!(bearer.validate(&token).await.is_err());
        pass(half_a_minute).await;
    }
    let failed = "an issuer's keys cannot be fetched; requests with tokens are refused (503)";
    let error = format!("error={url}: the response is 500 Internal Server Error");
    assert_eq!(
        lines.take(),
        [format!(
            "ERROR hubwire::authentication: {failed} failures=1 {error}"
        ),]
    );
    assert!(bearer.validate(&token).await.is_err());
    assert_eq!(
        lines.take(),
        [format!(
            "ERROR hubwire::authentication: {failed} failures=21 {error}"
        ),]
    );

    server.answers(Answer::json(&key_set([("one", &Signing::rsa("RS256"))])));
    pass(half_a_minute).await;
    assert!(bearer.validate(&token).await.is_ok());
    let fetched = "an issuer's keys are fetched again";
    assert_eq!(
        lines.take(),
        [format!(
            "INFO hubwire::authentication: {fetched} failures=21"
        ),]
    );

    server.answers(Answer::Nothing);
    pass(Duration::from_secs(60 * 60)).await;
    assert!(bearer.validate(&token).await.is_ok());
    server.requested(23).await;
    let other = Signing::other_rsa("RS256");
    let unknown = other.token_with(&json!({"alg": "RS256", "kid": "two"}), &ann());
    assert!(bearer.validate(&unknown).await.unwrap_err().is_rejection());
    let [line] = lines.take().try_into().unwrap();
    let failed = "an issuer's keys cannot be fetched; the last good ones stay in use";
    let start = format!("WARN hubwire::authentication: {failed} failures=1 error={url}: ");
    assert!(line.starts_with(&start), "{line}");
}
