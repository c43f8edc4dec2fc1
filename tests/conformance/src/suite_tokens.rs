//! The tokens of SignalR's own tests: what issues them, and what takes them.

use std::time::Duration;

use hubwire::auth::jwt::{JwtBearer, JwtSigner};
use hubwire::{NAME_IDENTIFIER, Timestamp};
use ring::rand::{SystemRandom, generate};
use serde_json::json;

/// The user of a token that is issued to nobody in particular.
pub(crate) const ANYBODY: &str = "testuser";

/// The lifetime of a token, in seconds.
const LIFETIME: i64 = 5;

/// How long a token is taken beyond its lifetime: ASP.NET Core's default.
const LEEWAY: Duration = Duration::from_secs(5 * 60);

/// The key of this process.
#[derive(Clone)]
pub(crate) struct Tokens {
    key: [u8; 32],
    signer: JwtSigner,
}

impl Tokens {
    /// Creates a key.
    pub(crate) fn new() -> Self {
        let key = generate(&SystemRandom::new());
        let key: [u8; 32] = key.expect("the system provides random bytes").expose();
        let signer = JwtSigner::hs256(key).expect("the key is long enough");
        Self { key, signer }
    }

    /// Issues a token for the user of this name.
    pub(crate) fn issue(&self, user: &str) -> String {
        let token = self.signer.sign(&json!({
            (NAME_IDENTIFIER): user,
            "iss": "SignalRTestServer",
            "aud": "SignalRTests",
            "exp": Timestamp::now().unix_seconds() + LIFETIME,
        }));
        token.expect("the claims are texts and a number")
    }

    /// Returns what takes these tokens, whoever has issued them for whom.
    pub(crate) fn bearer(&self) -> JwtBearer {
        let tokens = JwtBearer::builder().hs256(self.key);
        let tokens = tokens.any_audience().leeway(LEEWAY);
        tokens.build().expect("the key is long enough")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tokens_name_their_users_and_are_good_for_one_process() {
        let tokens = Tokens::new();
        let token = tokens.issue("Ann B.");
        let user = tokens.bearer().validate(&token).await.unwrap();
        assert_eq!(user.name_identifier(), Some("Ann B."));
        let elsewhere = Tokens::new().bearer().validate(&token).await;
        assert!(elsewhere.unwrap_err().is_rejection());
    }
}
