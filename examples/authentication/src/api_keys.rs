//! API keys, for programs.

use std::collections::HashMap;

use hubwire::Principal;
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator};

use crate::secrets::{Secret, SecretHash};

/// The header of a key. Browsers cannot send it with a WebSocket.
pub(crate) const HEADER: &str = "X-Api-Key";

/// The keys that were issued, by the names of their services. A key is `name.secret`: it is found
/// by its name, which is no secret, and only the hash of the rest is kept.
#[derive(Default)]
pub(crate) struct ApiKeys(HashMap<String, ApiKey>);

struct ApiKey {
    hash: SecretHash,
    role: String,
}

impl ApiKeys {
    /// Issues a key to a service, in place of its previous one; it cannot be shown again.
    pub(crate) fn issue(&mut self, service: &str, role: &str) -> String {
        let secret = Secret::new();
        let (hash, role) = (secret.hash(), role.to_owned());
        self.0.insert(service.to_owned(), ApiKey { hash, role });
        format!("{service}.{}", secret.reveal())
    }

    fn principal(&self, key: &str) -> Option<Principal> {
        let (service, secret) = key.rsplit_once('.')?;
        let ApiKey { hash, role } = self.0.get(service)?;
        let is_right = hash.is_of(secret);
        is_right.then(|| Principal::new([("sub", service), ("role", role)]))
    }
}

impl Authenticator for ApiKeys {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        let Some(key) = request.header(HEADER) else {
            return Ok(None);
        };
        let principal = self.principal(key).map(Some);
        principal.ok_or_else(|| AuthenticationError::rejected("a wrong API key"))
    }
}
