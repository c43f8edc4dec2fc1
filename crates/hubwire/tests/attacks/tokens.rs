//! Makes tokens, good and bad ones, of which the log must not have any.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

use crate::traced;

pub(crate) const ISSUER: &str = "https://login.example.com";
pub(crate) const AUDIENCE: &str = "chat";
pub(crate) const SECRET: &[u8] = b"the issuer's secret, of 32 bytes and more";
pub(crate) const RSA_PUBLIC: &str =
    include_str!("../../../hubwire-auth/tests/keys/rsa-one.public.pem");

#[expect(
    clippy::disallowed_methods,
    reason = "the server has the system's clock"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Returns a time as tokens have it, in so many seconds from now.
pub(crate) fn in_seconds(seconds: i64) -> i64 {
    let now = now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap_or(Duration::ZERO).as_secs();
    i64::try_from(now).unwrap() + seconds
}

/// Returns what a good token of this user says.
pub(crate) fn claims(user: &str) -> Value {
    json!({"sub": user, "iss": ISSUER, "aud": AUDIENCE, "exp": in_seconds(3600), "role": "Cook"})
}

/// Returns what a good token of ann says, but for one claim; null leaves it out.
pub(crate) fn but(claim: &str, value: Value) -> Value {
    let mut claims = claims("ann");
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
        value => claims[claim] = value,
    }
    claims
}

pub(crate) fn encoded(header: &Value, claims: &Value) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// Signs with HMAC-SHA256, whatever the header says.
pub(crate) fn signed(header: &Value, claims: &Value, key: &[u8]) -> String {
    let signed = encoded(header, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let signature = hmac::sign(&key, signed.as_bytes());
    traced::secret(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

pub(crate) fn hs256(claims: &Value) -> String {
    signed(&json!({"alg": "HS256", "typ": "JWT"}), claims, SECRET)
}

/// Returns a good token.
pub(crate) fn token_of(user: &str) -> String {
    hs256(&claims(user))
}
