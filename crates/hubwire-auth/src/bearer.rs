//! The authenticator for bearer tokens.

use http::HeaderValue;
use hubwire_server::{AuthenticationError, AuthenticationRequest, Authenticator, Principal};

use crate::claims::Claims;
use crate::jose::Token;
use crate::key::KeySet;
use crate::validation::Validation;
use crate::{JwtBearerBuilder, Rejection};

/// Determines users by the JSON Web Tokens (RFC 7519) that their requests carry.
///
/// ```
/// use hubwire::auth::Policy;
/// use hubwire::auth::jwt::JwtBearer;
/// use hubwire::{MapHub, SignalR, hub};
///
/// struct SecureHub;
///
/// #[hub]
/// impl SecureHub {}
///
/// # fn app(secret: String) -> Result<axum::Router, hubwire::auth::jwt::JwtConfigurationError> {
/// let tokens = JwtBearer::builder()
///     .hs256(secret) // at least 32 random bytes, which only the issuer knows, too
///     .issuer("https://login.example.com")
///     .audience("chat")
///     .build()?;
/// let signalr = SignalR::builder().authenticator(tokens).build();
/// let secure = signalr.hub().build(SecureHub);
/// let app = axum::Router::new()
///     .map_hub("/hubs/secure", secure.endpoint().authorize(Policy::authenticated()));
/// # Ok(app)
/// # }
/// # app("0123456789abcdef0123456789abcdef".to_owned()).unwrap();
/// ```
///
/// The token is that of [`AuthenticationRequest::bearer_token`]. A request without one has no user,
/// and one with a token that is not good neither; the log says why at DEBUG, without the token.
/// See the [module](self) for what makes a token good.
#[derive(Debug)]
pub struct JwtBearer {
    keys: KeySet,
    validation: Validation,
    maximum_token_size: usize,
}

impl JwtBearer {
    /// Returns a builder without keys.
    #[must_use]
    pub fn builder() -> JwtBearerBuilder {
        JwtBearerBuilder::new()
    }

    pub(crate) fn new(keys: KeySet, validation: Validation, maximum_token_size: usize) -> Self {
        Self {
            keys,
            validation,
            maximum_token_size,
        }
    }

    /// Returns the user of a token that did not come in a request, or that a test has made.
    ///
    /// ```
    /// use hubwire::auth::jwt::JwtBearer;
    ///
    /// # let secret = "0123456789abcdef0123456789abcdef";
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let tokens = JwtBearer::builder().hs256(secret).build()?;
    /// let error = tokens.validate("a.b.c").await.unwrap_err();
    /// assert!(error.is_rejection());
    /// # Ok::<(), hubwire::auth::jwt::JwtConfigurationError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a rejection if the token is not good.
    #[expect(clippy::unused_async, reason = "keys may have to be fetched")]
    pub async fn validate(&self, token: &str) -> Result<Principal, AuthenticationError> {
        self.verified(token).map_err(AuthenticationError::rejected)
    }

    fn verified(&self, token: &str) -> Result<Principal, Rejection> {
        if token.len() > self.maximum_token_size {
            let limit = self.maximum_token_size;
            return Err(Rejection::TooLong { limit });
        }
        let token = Token::read(token)?;
        self.keys.verify(&token)?;
        // Nothing of a token is looked at before its signature, except for its header.
        let json = token.claims()?;
        self.validation.principal(&Claims::read(&json)?)
    }
}

impl Authenticator for JwtBearer {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        match request.bearer_token() {
            Some(token) => self.validate(&token).await.map(Some),
            None => Ok(None),
        }
    }

    fn challenge(&self) -> Option<HeaderValue> {
        Some(HeaderValue::from_static("Bearer"))
    }
}
