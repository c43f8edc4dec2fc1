//! The formats of tokens and keys, as `jsonwebtoken` reads them.
//!
//! Its `decode` is not used: it verifies with what some crate has installed for the whole process,
//! and panics where two crates disagree on that. Its clock is the system's, and an `iss` may be a
//! list to it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, KeyOperations, PublicKeyUse};
use jsonwebtoken::{self as jwt, AlgorithmFamily, DecodingKey, DecodingKeyKind};

use crate::algorithm::Verification;
use crate::{Algorithm, JwtConfigurationError, Rejection};

/// A token in its compact serialization (RFC 7515, section 3.1), not verified yet.
pub(crate) struct Token<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    /// Header and payload, as they were signed.
    signed: &'a [u8],
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Reads the header of a token.
    pub(crate) fn read(token: &'a str) -> Result<Self, Rejection> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Rejection::NotThreeParts)?;
        let (header, payload) = signed.split_once('.').ok_or(Rejection::NotThreeParts)?;
        if payload.contains('.') {
            return Err(Rejection::NotThreeParts);
        }
        let signature = decoded(signature)?;
        decoded(header)?;
        let header = jwt::decode_header(token).map_err(|_| Rejection::Header)?;
        // RFC 7515, section 4.1.11: what a token calls critical must be understood. RFC 7797 says
        // that `b64` must be critical; elsewhere, it may be ignored.
        if header.crit.is_some() || header.extras.inner().contains_key("b64") {
            return Err(Rejection::Critical);
        }
        Ok(Self {
            algorithm: supported(header.alg).ok_or(Rejection::Header)?,
            // `jwk`, `jku`, `x5u` and `x5c` would let a token choose the key that verifies it.
            key_id: header.kid,
            signed: signed.as_bytes(),
            payload,
            signature,
        })
    }

    pub(crate) fn is_signed_by(&self, key: &PublicOrSecret) -> bool {
        key.verifies(self.algorithm, self.signed, &self.signature)
    }

    /// Returns the bytes of the claims.
    pub(crate) fn claims(&self) -> Result<Vec<u8>, Rejection> {
        decoded(self.payload)
    }
}

/// Decodes base64url, of which each value has only one form.
fn decoded(part: &str) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Rejection::NotThreeParts)
}

/// The key that verifies signatures; its `Debug` shows no part of it, and it is overwritten when it
/// is dropped.
#[derive(Clone, Debug)]
pub(crate) struct PublicOrSecret(DecodingKey);

/// A key in JSON, as it was read.
pub(crate) struct Jwk(jwt::jwk::Jwk);

impl Jwk {
    pub(crate) fn read(json: serde_json::Value) -> Option<Self> {
        serde_json::from_value(json).ok().map(Self)
    }

    /// Returns whether `use` and `key_ops`, where there are any, mention signatures.
    pub(crate) fn is_for_signatures(&self) -> bool {
        let common = &self.0.common;
        let by_use = common.public_key_use.as_ref();
        let by_operations = common.key_operations.as_ref();
        by_use.is_none_or(|it| *it == PublicKeyUse::Signature)
            && by_operations.is_none_or(|it| it.contains(&KeyOperations::Verify))
    }

    /// Returns `alg`.
    ///
    /// # Errors
    ///
    /// Returns an error if it is no signature algorithm, or none that is supported.
    pub(crate) fn algorithm(&self) -> Result<Option<Algorithm>, JwtConfigurationError> {
        let Some(algorithm) = self.0.common.key_algorithm else {
            return Ok(None);
        };
        let algorithm = jwt::Algorithm::try_from(algorithm).ok().and_then(supported);
        match algorithm {
            Some(algorithm) => Ok(Some(algorithm)),
            None => Err(JwtConfigurationError::NotForSignatures),
        }
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        self.0.common.key_id.as_deref()
    }
}

/// What a key can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Secret { bytes: usize },
    Rsa { bits: usize },
    P256,
    P384,
    Ed25519,
}

impl PublicOrSecret {
    pub(crate) fn secret(secret: &[u8]) -> Option<Self> {
        DecodingKey::from_secret(secret).ok().map(Self)
    }

    /// Reads a public key or a certificate.
    pub(crate) fn from_pem(pem: &[u8]) -> Option<Self> {
        let read = DecodingKey::from_rsa_pem(pem)
            .or_else(|_| DecodingKey::from_ec_pem(pem))
            .or_else(|_| DecodingKey::from_ed_pem(pem));
        read.ok().map(Self)
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5280), or an `RSAPublicKey` (RFC 8017).
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let with_label = |label: &str| {
            let body = STANDARD.encode(der);
            let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
            Self::from_pem(pem.as_bytes())
        };
        with_label("PUBLIC KEY").or_else(|| with_label("RSA PUBLIC KEY"))
    }

    /// Returns the key that a JWK describes; `None` if it is malformed, or of another kind.
    pub(crate) fn from_jwk(jwk: &Jwk) -> Option<Self> {
        use AlgorithmParameters::{EllipticCurve, OctetKeyPair};
        use jwt::jwk::EllipticCurve::{Ed25519, P256, P384};
        let key = Self(DecodingKey::from_jwk(&jwk.0).ok()?);
        let is_on_its_curve = match &jwk.0.algorithm {
            EllipticCurve(point) => match point.curve {
                P256 => key.kind() == Some(Kind::P256),
                P384 => key.kind() == Some(Kind::P384),
                _ => false,
            },
            OctetKeyPair(pair) => pair.curve == Ed25519,
            _ => true,
        };
        is_on_its_curve.then(|| key.without_leading_zeros())
    }

    /// Removes what some issuers put in front of an RSA modulus, against RFC 7518, section 6.3.1.1.
    fn without_leading_zeros(self) -> Self {
        match self.0.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                let [n, e] = [n, e].map(|number| significant(number));
                Self(DecodingKey::from_rsa_raw_components(n, e))
            }
            DecodingKeyKind::SecretOrDer(_) => self,
        }
    }

    /// Returns what the key can be used for; `None` for a key that is malformed.
    pub(crate) fn kind(&self) -> Option<Kind> {
        let bytes = self.0.try_get_as_bytes();
        match self.0.family() {
            AlgorithmFamily::Hmac => Some(Kind::Secret {
                bytes: bytes.ok()?.len(),
            }),
            AlgorithmFamily::Rsa => Some(Kind::Rsa { bits: self.bits()? }),
            // An uncompressed point (SEC 1, section 2.3.3).
            AlgorithmFamily::Ec => match bytes.ok()? {
                [4, point @ ..] if point.len() == 2 * 32 => Some(Kind::P256),
                [4, point @ ..] if point.len() == 2 * 48 => Some(Kind::P384),
                _ => None,
            },
            AlgorithmFamily::Ed => (bytes.ok()?.len() == 32).then_some(Kind::Ed25519),
        }
    }

    /// Returns the size of the modulus of an RSA key.
    fn bits(&self) -> Option<usize> {
        use DecodingKeyKind::{RsaModulusExponent, SecretOrDer};
        let modulus = match self.0.kind() {
            RsaModulusExponent { n, .. } => n,
            SecretOrDer(der) => first_integer(der)?,
        };
        let modulus = significant(modulus);
        let unused = modulus.first()?.leading_zeros() as usize;
        Some(modulus.len() * 8 - unused)
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        use DecodingKeyKind::{RsaModulusExponent, SecretOrDer};
        use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};

        let verified = match (algorithm.verification(), self.0.kind()) {
            (Verification::Secret(hmac), SecretOrDer(secret)) => {
                let key = ring::hmac::Key::new(hmac, secret);
                ring::hmac::verify(&key, message, signature)
            }
            (Verification::Rsa(rsa), SecretOrDer(der)) => {
                UnparsedPublicKey::new(rsa, der).verify(message, signature)
            }
            (Verification::Rsa(rsa), RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(rsa, message, signature)
            }
            (Verification::Point(curve), SecretOrDer(point)) => {
                UnparsedPublicKey::new(curve, point).verify(message, signature)
            }
            (Verification::Secret(_) | Verification::Point(_), RsaModulusExponent { .. }) => {
                return false;
            }
        };
        verified.is_ok()
    }
}

/// Returns a number without the zeros that it begins with.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Returns the bytes of the first integer of a DER sequence, which is the modulus of an
/// `RSAPublicKey`.
fn first_integer(der: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    element(element(der, SEQUENCE)?, INTEGER)
}

/// Returns the content of the first element, which must have this tag (X.690, section 8.1).
fn element(der: &[u8], tag: u8) -> Option<&[u8]> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first.checked_sub(0x80) {
        None => (usize::from(*first), rest),
        Some(count @ 1..=4) => {
            let (length, rest) = rest.split_at_checked(usize::from(count))?;
            let length = length
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        Some(_) => return None,
    };
    (*found == tag).then_some(())?;
    rest.get(..length)
}

fn supported(algorithm: jwt::Algorithm) -> Option<Algorithm> {
    Some(match algorithm {
        jwt::Algorithm::HS256 => Algorithm::Hs256,
        jwt::Algorithm::HS384 => Algorithm::Hs384,
        jwt::Algorithm::HS512 => Algorithm::Hs512,
        jwt::Algorithm::RS256 => Algorithm::Rs256,
        jwt::Algorithm::RS384 => Algorithm::Rs384,
        jwt::Algorithm::RS512 => Algorithm::Rs512,
        jwt::Algorithm::PS256 => Algorithm::Ps256,
        jwt::Algorithm::PS384 => Algorithm::Ps384,
        jwt::Algorithm::PS512 => Algorithm::Ps512,
        jwt::Algorithm::ES256 => Algorithm::Es256,
        jwt::Algorithm::ES384 => Algorithm::Es384,
        jwt::Algorithm::EdDSA => Algorithm::EdDsa,
        _ => return None,
    })
}
