//! The signature algorithms of tokens.

use std::fmt;

use ring::{hmac, signature};

/// A signature algorithm of a token: those of RFC 7518, section 3.1, that are neither `none` nor
/// ES512, and EdDSA of RFC 8037.
///
/// ```
/// use hubwire::auth::jwt::Algorithm;
///
/// assert_eq!(Algorithm::Rs256.to_string(), "RS256");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256 and a shared secret.
    Hs256,
    /// HMAC with SHA-384 and a shared secret.
    Hs384,
    /// HMAC with SHA-512 and a shared secret.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on the curve P-256 with SHA-256.
    Es256,
    /// ECDSA on the curve P-384 with SHA-384.
    Es384,
    /// EdDSA with Ed25519.
    EdDsa,
}

/// How a signature is verified.
pub(crate) enum Verification {
    Secret(hmac::Algorithm),
    Rsa(&'static signature::RsaParameters),
    Point(&'static dyn signature::VerificationAlgorithm),
}

impl Algorithm {
    /// Those of any RSA key.
    pub(crate) const RSA: [Self; 6] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
    ];

    /// Those of any shared secret that is long enough.
    pub(crate) const HMAC: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// Returns how signatures of this algorithm are verified.
    pub(crate) fn verification(self) -> Verification {
        match self {
            Self::Hs256 => Verification::Secret(hmac::HMAC_SHA256),
            Self::Hs384 => Verification::Secret(hmac::HMAC_SHA384),
            Self::Hs512 => Verification::Secret(hmac::HMAC_SHA512),
            Self::Rs256 => Verification::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Verification::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Verification::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Verification::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Verification::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Verification::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
            Self::Es256 => Verification::Point(&signature::ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Verification::Point(&signature::ECDSA_P384_SHA384_FIXED),
            Self::EdDsa => Verification::Point(&signature::ED25519),
        }
    }

    /// Returns the size of the shortest secret, in bytes: that of the hash (RFC 7518, section 3.2);
    /// 0 where there is no secret.
    pub(crate) fn minimum_secret(self) -> usize {
        match self.verification() {
            Verification::Secret(hmac) => hmac.digest_algorithm().output_len(),
            Verification::Rsa(_) | Verification::Point(_) => 0,
        }
    }

    pub(crate) fn is_for_secret_of(self, bytes: usize) -> bool {
        bytes >= self.minimum_secret()
    }
}

/// Shows the value of a token's `alg`.
impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        })
    }
}
