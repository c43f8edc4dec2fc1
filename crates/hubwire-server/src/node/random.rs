//! Where ids and tokens come from.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The one source of randomness of a server: the system's, unless a test seeds it.
#[derive(Clone)]
pub struct RandomSource {
    fill: Arc<Fill>,
}

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl RandomSource {
    /// The system's cryptographically secure generator.
    ///
    /// # Panics
    ///
    /// Where the system has no randomness to give: no safe token can be made then.
    #[must_use]
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the injected source")]
        Self::new(|bytes| getrandom::fill(bytes).expect("the system gives random bytes"))
    }

    /// A source of one's own, for reproducible tests; its ids and tokens are as secret as it is.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self {
            fill: Arc::new(fill),
        }
    }

    /// That many random bytes as URL-safe base64: 16 bytes are 22 characters.
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
