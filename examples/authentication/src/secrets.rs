//! Random secrets, of which a server keeps only the hashes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A random secret of 256 bits, as text. It has no `Debug`, so that no log has it by mistake.
///
/// Whoever could guess it could also guess the key of a cipher; so its plain hash is as good as a
/// slow one. Passwords that people choose need a slow one, such as Argon2.
pub(crate) struct Secret(String);

/// The SHA-256 of a secret. A copy of the database that has it is of no use to a thief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SecretHash([u8; 32]);

impl Secret {
    #[expect(clippy::disallowed_methods, reason = "they must be unpredictable")]
    pub(crate) fn new() -> Self {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system has random numbers");
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the text, for its owner only.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl SecretHash {
    pub(crate) fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Returns whether this is the hash of a text, in a time that does not depend on how much of it
    /// is right.
    pub(crate) fn is_of(&self, text: &str) -> bool {
        self.0.ct_eq(&Self::of(text).0).into()
    }
}
