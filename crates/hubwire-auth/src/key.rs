//! The keys that verify tokens, each with the algorithms that it is for.

use crate::jose::{Kind, PublicOrSecret, Token};
use crate::{Algorithm, JwtConfigurationError, Rejection};

/// A key that verifies tokens, with the algorithms that it is for.
///
/// The key decides on the algorithm, not the token (RFC 8725, section 3.1): a public key never
/// verifies an HMAC, whatever the token's `alg` says.
///
/// ```
/// use hubwire::auth::jwt::{Algorithm, JwtKey};
///
/// # const PEM: &str = include_str!("../tests/keys/rsa-one.public.pem");
/// let key = JwtKey::pem(PEM)?.with_key_id("2026-11").with_algorithms([Algorithm::Rs256])?;
/// # Ok::<(), hubwire::auth::jwt::JwtConfigurationError>(())
/// ```
#[derive(Clone, Debug)]
pub struct JwtKey {
    key_id: Option<String>,
    algorithms: Vec<Algorithm>,
    material: PublicOrSecret,
}

impl JwtKey {
    /// Creates a key for HS256: a secret of at least 32 bytes, as long as the hash (RFC 7518,
    /// section 3.2).
    ///
    /// A password is no secret: whoever has a token can try passwords until one fits.
    ///
    /// # Errors
    ///
    /// Returns an error if the secret is shorter.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self, JwtConfigurationError> {
        Self::secret(secret.as_ref(), Algorithm::Hs256)
    }

    /// Creates a key for HS384: a secret of at least 48 bytes.
    ///
    /// # Errors
    ///
    /// Returns an error if the secret is shorter.
    pub fn hs384(secret: impl AsRef<[u8]>) -> Result<Self, JwtConfigurationError> {
        Self::secret(secret.as_ref(), Algorithm::Hs384)
    }

    /// Creates a key for HS512: a secret of at least 64 bytes.
    ///
    /// # Errors
    ///
    /// Returns an error if the secret is shorter.
    pub fn hs512(secret: impl AsRef<[u8]>) -> Result<Self, JwtConfigurationError> {
        Self::secret(secret.as_ref(), Algorithm::Hs512)
    }

    /// Reads a public key, or the one of a certificate, in PEM: RSA for RS256, RS384, RS512, PS256,
    /// PS384 and PS512, P-256 for ES256, P-384 for ES384, Ed25519 for EdDSA.
    ///
    /// # Errors
    ///
    /// Returns an error if it is malformed, of another kind, a private key, or an RSA key of less
    /// than 2,048 bits (RFC 7518, section 3.3) or more than 8,192.
    pub fn pem(pem: impl AsRef<[u8]>) -> Result<Self, JwtConfigurationError> {
        let pem = pem.as_ref();
        if contains(pem, b"PRIVATE KEY-----") {
            return Err(JwtConfigurationError::PrivateKey);
        }
        let material = PublicOrSecret::from_pem(pem);
        Self::of_kind(material.ok_or(JwtConfigurationError::MalformedKey)?)
    }

    /// Reads a public key in DER: a `SubjectPublicKeyInfo` of any kind that [`JwtKey::pem`] reads,
    /// or an `RSAPublicKey`.
    ///
    /// # Errors
    ///
    /// As [`JwtKey::pem`].
    pub fn der(der: impl AsRef<[u8]>) -> Result<Self, JwtConfigurationError> {
        let material = PublicOrSecret::from_der(der.as_ref());
        Self::of_kind(material.ok_or(JwtConfigurationError::MalformedKey)?)
    }

    /// Names the key: a token with another `kid` is not verified with it. Default: it is tried for
    /// tokens with any `kid` and with none.
    ///
    /// A token without `kid` is tried with all keys.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Sets the algorithms that the key is for. Default: all that a key of its kind can be for.
    ///
    /// # Errors
    ///
    /// Returns an error if the key cannot be for one of them.
    pub fn with_algorithms(
        mut self,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Result<Self, JwtConfigurationError> {
        let algorithms: Vec<_> = algorithms.into_iter().collect();
        let other = algorithms.iter().find(|it| !self.algorithms.contains(it));
        match other {
            Some(&algorithm) => Err(JwtConfigurationError::OtherAlgorithm { algorithm }),
            None => {
                self.algorithms = algorithms;
                Ok(self)
            }
        }
    }

    fn secret(secret: &[u8], algorithm: Algorithm) -> Result<Self, JwtConfigurationError> {
        let material = PublicOrSecret::secret(secret);
        let material = material.filter(|_| algorithm.is_for_secret_of(secret.len()));
        let material = material.ok_or_else(|| short(algorithm, secret.len()))?;
        Ok(Self {
            key_id: None,
            algorithms: vec![algorithm],
            material,
        })
    }

    /// Returns the algorithms for which a secret of so many bytes is long enough.
    fn for_secret_of(bytes: usize) -> Result<Vec<Algorithm>, JwtConfigurationError> {
        let mut algorithms = Algorithm::HMAC.to_vec();
        algorithms.retain(|it| it.is_for_secret_of(bytes));
        match algorithms.is_empty() {
            true => Err(short(Algorithm::Hs256, bytes)),
            false => Ok(algorithms),
        }
    }

    /// Creates a key for all algorithms that it can be for.
    pub(crate) fn of_kind(material: PublicOrSecret) -> Result<Self, JwtConfigurationError> {
        let algorithms = match material.kind() {
            Some(Kind::Secret { bytes }) => Self::for_secret_of(bytes)?,
            Some(Kind::Rsa { bits: 2048..=8192 }) => Algorithm::RSA.to_vec(),
            Some(Kind::Rsa { bits }) => return Err(JwtConfigurationError::RsaSize { bits }),
            Some(Kind::P256) => vec![Algorithm::Es256],
            Some(Kind::P384) => vec![Algorithm::Es384],
            Some(Kind::Ed25519) => vec![Algorithm::EdDsa],
            None => return Err(JwtConfigurationError::MalformedKey),
        };
        Ok(Self {
            key_id: None,
            algorithms,
            material,
        })
    }

    pub(crate) fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    fn may_have_signed(&self, token: &Token<'_>) -> bool {
        match (&self.key_id, &token.key_id) {
            (Some(own), Some(named)) => own == named,
            (None, _) | (_, None) => true,
        }
    }
}

/// The keys of an issuer.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet(Vec<JwtKey>);

impl KeySet {
    pub(crate) fn new(keys: Vec<JwtKey>) -> Self {
        Self(keys)
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether there is a key with the name that a token gives to its own.
    #[cfg(feature = "jwks")]
    pub(crate) fn has_the_key_of(&self, token: &Token<'_>) -> bool {
        let named = token.key_id.as_ref();
        named.is_some() && self.0.iter().any(|key| key.key_id.as_ref() == named)
    }

    /// Checks that one of the keys has signed a token.
    pub(crate) fn verify(&self, token: &Token<'_>) -> Result<(), Rejection> {
        let mut reason = Rejection::UnknownKey;
        for key in self.0.iter().filter(|key| key.may_have_signed(token)) {
            if !key.algorithms().contains(&token.algorithm) {
                // A wrong signature says more.
                if reason == Rejection::UnknownKey {
                    reason = Rejection::Algorithm;
                }
            } else if token.is_signed_by(&key.material) {
                return Ok(());
            } else {
                reason = Rejection::Signature;
            }
        }
        Err(reason)
    }
}

fn short(algorithm: Algorithm, bytes: usize) -> JwtConfigurationError {
    JwtConfigurationError::ShortSecret {
        algorithm,
        bytes,
        minimum: algorithm.minimum_secret(),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
