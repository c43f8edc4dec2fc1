//! Stands for fetched keys where the feature `jwks` is off.

use hubwire_server::AuthenticationError;

use crate::JwtConfigurationError;
use crate::jose::Token;

/// There are none.
#[derive(Debug)]
pub(crate) enum FetchedKeys {}

/// There is none.
#[derive(Debug, Default)]
pub(crate) struct KeyServer {}

impl KeyServer {
    pub(crate) fn keys(self) -> Result<Option<FetchedKeys>, JwtConfigurationError> {
        let Self {} = self;
        Ok(None)
    }
}

impl FetchedKeys {
    pub(crate) async fn verify(&self, _: &Token<'_>) -> Result<(), AuthenticationError> {
        match *self {}
    }
}
