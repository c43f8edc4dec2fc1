//! The authenticator for bearer tokens.

use http::HeaderValue;
use hubwire_server::{AuthenticationError, AuthenticationRequest, Authenticator, Principal};

use crate::claims::Claims;
use crate::jose::Token;
use crate::key::KeySet;
use crate::validation::Validation;
use crate::{FetchedKeys, JwtBearerBuilder, Rejection};

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
/// See the [module](crate) for what makes a token good.
#[derive(Debug)]
pub struct JwtBearer {
    keys: Keys,
    validation: Validation,
    maximum_token_size: usize,
}

impl JwtBearer {
    /// Returns a builder without keys.
    pub fn builder() -> JwtBearerBuilder {
        JwtBearerBuilder::new()
    }

    pub(crate) fn new(keys: Keys, validation: Validation, maximum_token_size: usize) -> Self {
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
    /// With keys that are fetched, it must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// Returns a rejection if the token is not good, or that nobody can tell if there are no keys
    /// yet.
    pub async fn validate(&self, token: &str) -> Result<Principal, AuthenticationError> {
        let token = self.read(token).map_err(AuthenticationError::rejected)?;
        self.keys.verify(&token).await?;
        self.user_of(&token).map_err(AuthenticationError::rejected)
    }

    fn read<'a>(&self, token: &'a str) -> Result<Token<'a>, Rejection> {
        let limit = self.maximum_token_size;
        match token.len() <= limit {
            true => Token::read(token),
            false => Err(Rejection::TooLong { limit }),
        }
    }

    /// Returns the user of a token whose signature is verified.
    fn user_of(&self, token: &Token<'_>) -> Result<Principal, Rejection> {
        let json = token.claims()?;
        self.validation.principal(&Claims::read(&json)?)
    }
}

/// Keys from configuration, and from an issuer.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) configured: KeySet,
    pub(crate) fetched: Option<FetchedKeys>,
}

impl Keys {
    async fn verify(&self, token: &Token<'_>) -> Result<(), AuthenticationError> {
        match (self.configured.verify(token), &self.fetched) {
            (Ok(()), _) => Ok(()),
            (Err(reason), None) => Err(AuthenticationError::rejected(reason)),
            (Err(_), Some(fetched)) => fetched.verify(token).await,
        }
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
