//! The options of bearer tokens.

use std::time::{Duration, SystemTime};

use crate::bearer::Keys;
use crate::clock::Clock;
use crate::key::KeySet;
use crate::validation::{Audiences, Validation};
use crate::{JwtBearer, JwtConfigurationError, JwtKey, KeyServer};

/// Builds a [`JwtBearer`].
///
/// ```
/// use std::time::Duration;
///
/// use hubwire::auth::jwt::{JwtBearer, JwtKey};
///
/// # let [old_secret, new_secret] = ["0123456789abcdef0123456789abcdef"; 2];
/// let tokens = JwtBearer::builder()
///     .key(JwtKey::hs256(new_secret)?.with_key_id("2026-12"))
///     .key(JwtKey::hs256(old_secret)?.with_key_id("2026-11"))
///     .issuer("https://login.example.com")
///     .audience("chat")
///     .leeway(Duration::from_secs(5))
///     .build()?;
/// # Ok::<(), hubwire::auth::jwt::JwtConfigurationError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct JwtBearerBuilder {
    keys: KeySet,
    /// Where more keys are.
    pub(crate) key_server: KeyServer,
    validation: Validation,
    maximum_token_size: usize,
    /// The first fault of a setter, for `build`.
    fault: Option<JwtConfigurationError>,
}

impl JwtBearerBuilder {
    pub(crate) fn new() -> Self {
        Self {
            keys: KeySet::default(),
            key_server: KeyServer::default(),
            validation: Validation {
                issuers: Vec::new(),
                audiences: Audiences::Only(Vec::new()),
                leeway: Duration::from_secs(60),
                clock: Clock::default(),
            },
            maximum_token_size: 16 * 1024,
            fault: None,
        }
    }

    /// Adds a key.
    pub fn key(mut self, key: JwtKey) -> Self {
        self.keys.add(KeySet::new(vec![key]));
        self
    }

    /// Adds a secret for HS256, as [`JwtKey::hs256`] does: at least 32 bytes.
    pub fn hs256(self, secret: impl AsRef<[u8]>) -> Self {
        self.key_or_fault(JwtKey::hs256(secret))
    }

    /// Adds a secret for HS384, as [`JwtKey::hs384`] does: at least 48 bytes.
    pub fn hs384(self, secret: impl AsRef<[u8]>) -> Self {
        self.key_or_fault(JwtKey::hs384(secret))
    }

    /// Adds a secret for HS512, as [`JwtKey::hs512`] does: at least 64 bytes.
    pub fn hs512(self, secret: impl AsRef<[u8]>) -> Self {
        self.key_or_fault(JwtKey::hs512(secret))
    }

    /// Adds a public key or a certificate in PEM, as [`JwtKey::pem`] does.
    pub fn pem(self, pem: impl AsRef<[u8]>) -> Self {
        self.key_or_fault(JwtKey::pem(pem))
    }

    /// Adds the keys of a set in JSON (RFC 7517, section 5) that verify tokens, such as a file that
    /// the issuer has sent. Other keys of the set are left out; without any, `build` fails.
    pub fn jwk_set(self, json: impl AsRef<[u8]>) -> Self {
        self.keys_or_fault(KeySet::from_json(json.as_ref(), |_| true))
    }

    /// Adds an issuer: a token must have one of them as its `iss`. Default: none, and `iss` does not
    /// matter.
    ///
    /// Issuers are compared exactly: `https://login.example.com/` is another one. Every key is good
    /// for each of them, and two users with one `sub` are the same user, whoever has issued their
    /// tokens: add several only if they trust each other, or give each endpoint an authenticator of
    /// its own.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.validation.issuers.push(issuer.into());
        self
    }

    /// Adds an audience: a token must have one of them as its `aud`, or in it. Default: none, and a
    /// token with an `aud` is refused, as RFC 7519, section 4.1.3, demands.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        match &mut self.validation.audiences {
            Audiences::Only(audiences) => audiences.push(audience.into()),
            Audiences::Any => self.validation.audiences = Audiences::Only(vec![audience.into()]),
        }
        self
    }

    /// Takes tokens for any audience: also those that users have given to the issuer's other
    /// applications, which can then act as these users here.
    pub fn any_audience(mut self) -> Self {
        self.validation.audiences = Audiences::Any;
        self
    }

    /// Sets how far the issuer's clock may be off, in whole seconds: for so long, a token is good
    /// after its `exp` and before its `nbf`. Default 60 s (RFC 7519, section 4.1.4: "a few minutes"
    /// at most); ASP.NET Core has five minutes.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.validation.leeway = leeway;
        self
    }

    /// Sets the size of the longest token, in bytes. Default 16 KiB.
    ///
    /// A longer one is refused before anything of it is decoded. Servers take 64 KiB of headers at
    /// most, and many proxies 8 KiB.
    pub fn maximum_token_size(mut self, size: usize) -> Self {
        self.maximum_token_size = size;
        self
    }

    /// Sets the clock by which tokens expire, for tests. Default: the system's.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// use hubwire::auth::jwt::JwtBearer;
    ///
    /// let in_2030 = UNIX_EPOCH + Duration::from_secs(1_893_456_000);
    /// let tokens = JwtBearer::builder().clock(move || in_2030);
    /// ```
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.validation.clock = Clock::new(now);
        self
    }

    /// Builds the authenticator.
    ///
    /// # Errors
    ///
    /// Returns an error if a key is not good, or if there is none.
    pub fn build(self) -> Result<JwtBearer, JwtConfigurationError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let keys = Keys {
            configured: self.keys,
            fetched: self.key_server.keys()?,
        };
        match keys.configured.is_empty() && keys.fetched.is_none() {
            true => Err(JwtConfigurationError::NoKeys),
            false => Ok(JwtBearer::new(
                keys,
                self.validation,
                self.maximum_token_size,
            )),
        }
    }

    fn key_or_fault(self, key: Result<JwtKey, JwtConfigurationError>) -> Self {
        self.keys_or_fault(key.map(|key| KeySet::new(vec![key])))
    }

    fn keys_or_fault(mut self, keys: Result<KeySet, JwtConfigurationError>) -> Self {
        match keys {
            Ok(keys) => self.keys.add(keys),
            Err(fault) => self.fault = self.fault.or(Some(fault)),
        }
        self
    }
}
