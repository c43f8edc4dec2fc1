//! Stands for fetched keys where the feature `jwks` is off.

use hubwire_server::AuthenticationError;

use crate::jose::Token;
use crate::{JwtConfigurationError, Rejection};

/// No keys.
#[derive(Debug)]
pub(crate) struct FetchedKeys;

/// Nowhere.
#[derive(Debug, Default)]
pub(crate) struct KeyServer;

impl KeyServer {
    pub(crate) fn keys(self) -> Result<Option<FetchedKeys>, JwtConfigurationError> {
        Ok(None)
    }
}

impl FetchedKeys {
    #[expect(
        clippy::unused_async,
        reason = "fetched keys may have to be waited for"
    )]
    pub(crate) async fn verify(&self, _: &Token<'_>) -> Result<(), AuthenticationError> {
        Err(AuthenticationError::rejected(Rejection::UnknownKey))
    }
}
