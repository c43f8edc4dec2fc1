//! Fetches an issuer's keys.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use serde::Deserialize;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use super::http::{self, HttpError};
use super::key_url::{KeyUrl, Unencrypted};
use crate::key::KeySet;
use crate::{Algorithm, JwtConfigurationError, JwtKey};

/// How long it may take to fetch the keys, discovery included: half of what the authentication of a
/// request may take by default, so that a request that waits is told the reason.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Where an issuer's keys are, and how to get there.
#[derive(Debug)]
pub(crate) struct Location {
    pub(crate) start: Start,
    pub(crate) unencrypted: Unencrypted,
    pub(crate) tls: Arc<ClientConfig>,
}

/// What is at the URL that is configured.
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// The keys.
    Keys(KeyUrl),
    /// A document that says where they are (OpenID Connect Discovery 1.0, section 4).
    Configuration { of: String, url: KeyUrl },
}

/// Why keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("it takes longer than {} s", TIMEOUT.as_secs())]
    TimedOut,
    #[error("{url}: {error}")]
    Http { url: KeyUrl, error: HttpError },
    #[error("{url}: not an OpenID configuration")]
    NoConfiguration { url: KeyUrl },
    #[error("{url}: the configuration of another issuer")]
    OtherIssuer { url: KeyUrl },
    #[error("{url}: {error}")]
    Keys {
        url: KeyUrl,
        error: JwtConfigurationError,
    },
}

/// What is read of an OpenID configuration.
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

impl Location {
    /// Fetches the keys that verify tokens.
    pub(crate) async fn fetch(&self) -> Result<KeySet, FetchError> {
        let fetched = timeout(TIMEOUT, self.fetch_without_timeout()).await;
        fetched.unwrap_or(Err(FetchError::TimedOut))
    }

    async fn fetch_without_timeout(&self) -> Result<KeySet, FetchError> {
        let url = match &self.start {
            Start::Keys(url) => url.clone(),
            Start::Configuration { of, url } => self.discover(of, url).await?,
        };
        let json = self.get(&url).await?;
        let keys = KeySet::from_json(&json, is_public);
        keys.map_err(|error| FetchError::Keys { url, error })
    }

    /// Returns where an issuer's configuration says that its keys are.
    async fn discover(&self, issuer: &str, url: &KeyUrl) -> Result<KeyUrl, FetchError> {
        let json = self.get(url).await?;
        let url = url.clone();
        let Ok(found) = serde_json::from_slice::<Configuration>(&json) else {
            return Err(FetchError::NoConfiguration { url });
        };
        // Section 4.3: it must be identical, or another issuer's keys would count as this one's.
        if found.issuer != issuer {
            return Err(FetchError::OtherIssuer { url });
        }
        let keys = KeyUrl::parse(&found.jwks_uri, self.unencrypted);
        keys.map_err(|error| FetchError::Keys { url, error })
    }

    async fn get(&self, url: &KeyUrl) -> Result<Bytes, FetchError> {
        let document = http::get(url, &self.tls).await;
        document.map_err(|error| FetchError::Http {
            url: url.clone(),
            error,
        })
    }
}

/// Returns whether a key is no secret: one that everybody can fetch must not verify anything.
fn is_public(key: &JwtKey) -> bool {
    let mut algorithms = key.algorithms().iter();
    !algorithms.any(|it| Algorithm::HMAC.contains(it))
}
