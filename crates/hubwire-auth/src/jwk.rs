//! Keys in JSON (RFC 7517).

use serde_json::Value;

use crate::jose::{self, PublicOrSecret};
use crate::key::KeySet;
use crate::{JwtConfigurationError, JwtKey};

/// More keys than any issuer has at a time; a token without `kid` is tried with all of them.
const MAXIMUM_KEYS: usize = 100;

impl JwtKey {
    /// Reads a key in JSON (RFC 7517), with its `kid`, and its `alg` as the only algorithm that it is
    /// for. Without `alg`, it is for all that a key of its kind can be for.
    ///
    /// ```
    /// use hubwire::auth::jwt::JwtKey;
    ///
    /// let key = JwtKey::jwk(r#"{
    ///     "kty": "OKP", "crv": "Ed25519", "kid": "2026-11", "use": "sig",
    ///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    /// }"#)?;
    /// # Ok::<(), hubwire::auth::jwt::JwtConfigurationError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if it is malformed, of another kind, too small, a private key, or not for
    /// signatures.
    pub fn jwk(json: impl AsRef<[u8]>) -> Result<Self, JwtConfigurationError> {
        let jwk = serde_json::from_slice(json.as_ref());
        Self::of_jwk(jwk.map_err(|_| JwtConfigurationError::MalformedKey)?)
    }

    fn of_jwk(jwk: Value) -> Result<Self, JwtConfigurationError> {
        // Each private key has it (RFC 7518, sections 6.2.2 and 6.3.2; RFC 8037, section 2).
        if jwk.get("d").is_some() {
            return Err(JwtConfigurationError::PrivateKey);
        }
        let jwk = jose::Jwk::read(jwk).ok_or(JwtConfigurationError::MalformedKey)?;
        if !jwk.is_for_signatures() {
            return Err(JwtConfigurationError::NotForSignatures);
        }
        let algorithm = jwk.algorithm()?;
        let material = PublicOrSecret::from_jwk(&jwk).ok_or(JwtConfigurationError::MalformedKey)?;
        let key = match algorithm {
            Some(algorithm) => Self::of_kind(material)?.with_algorithms([algorithm])?,
            None => Self::of_kind(material)?,
        };
        Ok(match jwk.key_id() {
            Some(key_id) => key.with_key_id(key_id),
            None => key,
        })
    }
}

impl KeySet {
    /// Reads a set of keys in JSON (RFC 7517, section 5), of which those are left out that cannot
    /// verify tokens, or are not wanted.
    ///
    /// # Errors
    ///
    /// Returns an error if it is malformed, if it has too many keys, or if no key is left.
    pub(crate) fn from_json(
        json: &[u8],
        is_wanted: impl Fn(&JwtKey) -> bool,
    ) -> Result<Self, JwtConfigurationError> {
        let set: Value =
            serde_json::from_slice(json).map_err(|_| JwtConfigurationError::MalformedKeySet)?;
        let Some(Value::Array(keys)) = set.get("keys") else {
            return Err(JwtConfigurationError::MalformedKeySet);
        };
        if keys.len() > MAXIMUM_KEYS {
            return Err(JwtConfigurationError::MalformedKeySet);
        }
        let keys = keys
            .iter()
            .cloned()
            .filter_map(|jwk| JwtKey::of_jwk(jwk).ok());
        let keys: Vec<_> = keys.filter(is_wanted).collect();
        match keys.is_empty() {
            true => Err(JwtConfigurationError::NoKeys),
            false => Ok(Self::new(keys)),
        }
    }
}
