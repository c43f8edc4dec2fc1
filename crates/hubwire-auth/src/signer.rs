//! Signs tokens with a secret, for applications that sign their users in themselves.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::Serialize;

use crate::{JwtConfigurationError, JwtKey};

/// Signs tokens with HS256, for applications that sign their users in themselves.
///
/// ```
/// use hubwire::auth::jwt::{JwtBearer, JwtSigner};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Claims<'a> {
///     sub: &'a str,
///     role: &'a [&'a str],
///     exp: u64, // seconds since 1970
/// }
///
/// # let (secret, in_an_hour) = ("0123456789abcdef0123456789abcdef", 253_402_300_799);
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let signer = JwtSigner::hs256(secret)?;
/// let token = signer.sign(&Claims { sub: "ann", role: &["Admin"], exp: in_an_hour })?;
///
/// let tokens = JwtBearer::builder().hs256(secret).build()?;
/// let ann = tokens.validate(&token).await.expect("a good token");
/// assert!(ann.is_in_role("Admin"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct JwtSigner(hmac::Key);

impl JwtSigner {
    /// Creates a signer with a secret of at least 32 bytes, which must be random.
    ///
    /// # Errors
    ///
    /// Returns an error if the secret is shorter.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self, JwtConfigurationError> {
        let secret = secret.as_ref();
        JwtKey::hs256(secret)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// Signs claims, which must be a struct or a map. They should have `exp`, without which no
    /// [`JwtBearer`](crate::JwtBearer) takes the token.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be serialized.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, serde_json::Error> {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
        let signed = format!("{header}.{claims}");
        let signature = hmac::sign(&self.0, signed.as_bytes());
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for JwtSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtSigner")
    }
}
