//! Verifies tokens with an issuer's keys.

use hubwire_server::AuthenticationError;

use super::FetchedKeys;
use crate::jose::Token;

/// There are no keys to verify a token with.
#[derive(Debug, thiserror::Error)]
#[error("the issuer's keys could not be fetched yet")]
struct NoKeysYet;

impl FetchedKeys {
    /// Checks that one of the keys has signed a token, and again with newer keys if that may help.
    ///
    /// # Errors
    ///
    /// Returns a rejection, or that there are no keys yet.
    pub(crate) async fn verify(&self, token: &Token<'_>) -> Result<(), AuthenticationError> {
        let Some(keys) = self.current().await else {
            return Err(AuthenticationError::unavailable(NoKeysYet));
        };
        let Err(reason) = keys.verify(token) else {
            return Ok(());
        };
        // The very key that a token names has refused it: no other one may verify it.
        if keys.has_the_key_of(token) {
            return Err(AuthenticationError::rejected(reason));
        }
        match self.newer_than(&keys).await {
            Some(newer) => newer.verify(token).map_err(AuthenticationError::rejected),
            None => Err(AuthenticationError::rejected(reason)),
        }
    }
}
