//! What is wrong with the configuration of bearer tokens.

use crate::Algorithm;

/// What is wrong with the configuration of a [`JwtBearer`](crate::JwtBearer). No text has a part of
/// a key.
///
/// ```
/// use hubwire::auth::jwt::JwtKey;
///
/// let error = JwtKey::hs256("hunter2").unwrap_err();
/// assert_eq!(error.to_string(), "a secret of 7 bytes is too short for HS256, which needs 32");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtConfigurationError {
    /// There is no key.
    #[error("no key to verify tokens with")]
    NoKeys,
    /// A secret is shorter than the hash of its algorithm.
    #[error("a secret of {bytes} bytes is too short for {algorithm}, which needs {minimum}")]
    ShortSecret {
        /// The algorithm.
        algorithm: Algorithm,
        /// The size of the secret, in bytes.
        bytes: usize,
        /// The size that it needs at least, in bytes.
        minimum: usize,
    },
    /// A key is malformed, or of a kind that is not supported.
    #[error("a key is malformed, or is neither RSA, P-256, P-384 nor Ed25519")]
    MalformedKey,
    /// A set of keys is no JSON object with at most 100 `keys`.
    #[error("a set of keys is malformed, or has more than 100 keys")]
    MalformedKeySet,
    /// A key in JSON is for encryption, or for an algorithm that is not supported.
    #[error("a key that is not for signatures, or not for a supported algorithm")]
    NotForSignatures,
    /// A private key verifies nothing, and does not belong on a server that only verifies.
    #[error("a private key in place of a public key")]
    PrivateKey,
    /// An RSA key is too small to be safe, or too large to be verified in time.
    #[error("an RSA key of {bits} bits, which must have from 2048 to 8192")]
    RsaSize {
        /// The size of its modulus.
        bits: usize,
    },
    /// A key cannot be for the algorithm that was asked for.
    #[error("a key that cannot be for {algorithm}")]
    OtherAlgorithm {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// A URL for keys cannot be used.
    #[cfg(feature = "jwks")]
    #[error("the URL of an issuer's keys {0}")]
    Url(&'static str),
    /// Keys come from two URLs.
    #[cfg(feature = "jwks")]
    #[error("keys from more than one URL")]
    SeveralUrls,
    /// The certificates by which servers of keys are recognised could not be read.
    #[cfg(feature = "jwks")]
    #[error("no root certificates, neither the system's nor configured ones")]
    NoRootCertificates,
    /// A root certificate is malformed.
    #[cfg(feature = "jwks")]
    #[error("a malformed root certificate")]
    MalformedRootCertificate,
}
