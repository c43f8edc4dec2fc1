//! The key that signs tokens.

use std::ffi::OsString;
use std::fmt;

use anyhow::{bail, ensure};
use ring::rand::{SystemRandom, generate};

/// The variable that has the key.
const VARIABLE: &str = "SHOPNEST_JWT_KEY";

/// The length of an HS256 key: RFC 7518, section 3.2.
const MINIMUM_BYTES: usize = 32;

/// The key of HS256. It is never shown.
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// Returns the key in `SHOPNEST_JWT_KEY`, or a random one if the variable is not set.
    ///
    /// # Errors
    ///
    /// If the key is too short, or not UTF-8.
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        match std::env::var_os(VARIABLE) {
            Some(value) => Self::parse(value),
            None => {
                tracing::warn!(
                    "{VARIABLE} is not set: tokens are signed with a random key, so everybody is signed out when the shop is closed"
                );
                Self::random()
            }
        }
    }

    fn parse(value: OsString) -> anyhow::Result<Self> {
        let Ok(value) = value.into_string() else {
            bail!("{VARIABLE} is not UTF-8");
        };
        let length = value.len();
        ensure!(
            length >= MINIMUM_BYTES,
            "{VARIABLE} has {length} bytes; a key needs at least {MINIMUM_BYTES}, for example those of `openssl rand -hex 32`"
        );
        Ok(Self(value.into_bytes()))
    }

    pub(crate) fn random() -> anyhow::Result<Self> {
        let bytes = generate::<[u8; MINIMUM_BYTES]>(&SystemRandom::new());
        let bytes = bytes.map_err(|_| anyhow::anyhow!("the system provides no random bytes"))?;
        Ok(Self(bytes.expose().into()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_at_least_32_bytes_of_utf_8() {
        for (value, is_key) in [
            ("", false),
            ("k", false),
            (&"k".repeat(31), false),
            (&"ü".repeat(16), true),
            (&"k".repeat(32), true),
        ] {
            let key = Key::parse(value.into());
            assert_eq!(key.is_ok(), is_key, "{value}");
            let shown = key.map_or_else(|error| format!("{error:?}"), |key| format!("{key:?}"));
            assert!(value.is_empty() || !shown.contains(&format!("{value}{value}")));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_is_not_utf_8_is_refused() {
        use std::os::unix::ffi::OsStringExt;

        let error = Key::parse(OsString::from_vec(vec![0xFF; 40])).unwrap_err();
        assert_eq!(error.to_string(), "SHOPNEST_JWT_KEY is not UTF-8");
    }

    #[test]
    fn no_two_random_keys_are_the_same() {
        let [one, other] = [(); 2].map(|()| Key::random().unwrap());
        assert_eq!(one.bytes().len(), 32);
        assert_ne!(one.bytes(), other.bytes());
    }
}
