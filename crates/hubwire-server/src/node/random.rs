//! The source of ids and tokens.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The only source of randomness in a server: the system's, unless a test seeds it.
#[derive(Clone)]
pub struct RandomSource {
    fill: Arc<Fill>,
}

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl RandomSource {
    /// Uses the system's cryptographically secure generator.
    ///
    /// # Panics
    ///
    /// Panics, when bytes are needed, if the system cannot provide any: no safe token can be
    /// created then.
    #[must_use]
    pub fn system() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the source that is injected elsewhere"
        )]
        Self::new(|bytes| getrandom::fill(bytes).expect("the system provides random bytes"))
    }

    /// Uses a custom source, for reproducible tests; its ids and tokens are as secret as the
    /// source.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self {
            fill: Arc::new(fill),
        }
    }

    /// Returns this many random bytes as URL-safe base64: 16 bytes are 22 characters.
    pub(crate) fn text<const BYTES: usize>(&self) -> String {
        let mut bytes = [0; BYTES];
        (self.fill)(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

impl fmt::Debug for RandomSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomSource")
    }
}
