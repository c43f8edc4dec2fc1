//! The options of keys that an issuer publishes.

use std::time::Duration;

use tokio_rustls::rustls::pki_types::CertificateDer;

use super::FetchedKeys;
use super::fetch::{Location, Start};
use super::key_url::{KeyUrl, Unencrypted};
use super::roots;
use crate::{JwtBearerBuilder, JwtConfigurationError};

/// Where an issuer publishes its keys, as configured.
#[derive(Debug)]
pub(crate) struct KeyServer {
    url: Option<Configured>,
    fault: Option<JwtConfigurationError>,
    refresh_interval: Duration,
    unencrypted: Unencrypted,
    roots: Vec<CertificateDer<'static>>,
}

#[derive(Debug)]
enum Configured {
    Keys(String),
    Issuer(String),
}

impl Default for KeyServer {
    fn default() -> Self {
        Self {
            url: None,
            fault: None,
            refresh_interval: Duration::from_secs(60 * 60),
            unencrypted: Unencrypted::default(),
            roots: Vec::new(),
        }
    }
}

impl KeyServer {
    /// Returns what fetches the keys; `None` if no URL is configured.
    pub(crate) fn keys(self) -> Result<Option<FetchedKeys>, JwtConfigurationError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let Some(configured) = self.url else {
            return Ok(None);
        };
        let start = match configured {
            Configured::Keys(url) => Start::Keys(KeyUrl::parse(&url, self.unencrypted)?),
            Configured::Issuer(issuer) => Start::Configuration {
                url: KeyUrl::parse(&configuration(&issuer), self.unencrypted)?,
                of: issuer,
            },
        };
        let (Start::Keys(url) | Start::Configuration { url, .. }) = &start;
        let roots = roots::and_of_the_system(self.roots)?;
        if url.is_https() && roots.is_empty() {
            return Err(JwtConfigurationError::NoRootCertificates);
        }
        let location = Location {
            start,
            unencrypted: self.unencrypted,
            tls: roots::tls(roots)?,
        };
        Ok(Some(FetchedKeys::new(location, self.refresh_interval)))
    }

    fn set(&mut self, url: Configured) {
        if self.url.replace(url).is_some() {
            self.fault = Some(JwtConfigurationError::SeveralUrls);
        }
    }
}

/// Returns the URL of an issuer's configuration (OpenID Connect Discovery 1.0, section 4).
fn configuration(issuer: &str) -> String {
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    format!("{issuer}/.well-known/openid-configuration")
}

impl JwtBearerBuilder {
    /// Adds the keys of the set at a URL (RFC 7517, section 5), which may change.
    ///
    /// They are fetched for the first request with a token, again when they are older than
    /// [`key_refresh_interval`](Self::key_refresh_interval), and for a token that names an unknown
    /// key, but never more often than every 30 s. Requests wait only for the first fetch, and for
    /// one because of their own `kid`. A fetch may take 5 s and bring 256 KiB with 100 keys;
    /// redirects are not followed. After a failure, the last good keys stay in use; before there
    /// are any, requests with tokens are refused (503).
    ///
    /// Only keys for signatures are used, and no secrets, because everybody can fetch them. The
    /// server is recognised by the system's root certificates, and those added by
    /// [`key_root_certificates`](Self::key_root_certificates). Proxies are not used.
    ///
    /// ```
    /// use hubwire::auth::jwt::JwtBearer;
    ///
    /// let tokens = JwtBearer::builder()
    ///     .jwks_url("https://login.example.com/keys")
    ///     .issuer("https://login.example.com")
    ///     .audience("chat");
    /// ```
    pub fn jwks_url(mut self, url: impl Into<String>) -> Self {
        self.key_server.set(Configured::Keys(url.into()));
        self
    }

    /// Adds an issuer, as [`issuer`](Self::issuer) does, and its keys, which it publishes as
    /// OpenID Connect Discovery says: `{issuer}/.well-known/openid-configuration` has the URL that
    /// [`jwks_url`](Self::jwks_url) would be set to.
    ///
    /// The issuer must be written exactly as in its configuration, with the slash at its end if it
    /// has one there.
    ///
    /// ```
    /// use hubwire::auth::jwt::JwtBearer;
    ///
    /// let tokens = JwtBearer::builder()
    ///     .discovery("https://login.example.com")
    ///     .audience("chat");
    /// ```
    pub fn discovery(mut self, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        self.key_server.set(Configured::Issuer(issuer.clone()));
        self.issuer(issuer)
    }

    /// Sets how old an issuer's keys may become before they are fetched anew. Default 1 h, so that a
    /// key that the issuer withdraws is not used for long; ASP.NET Core has 12 h.
    pub fn key_refresh_interval(mut self, interval: Duration) -> Self {
        self.key_server.refresh_interval = interval;
        self
    }

    /// Adds root certificates in PEM, by which servers of keys are recognised besides the system's.
    pub fn key_root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        match roots::from_pem(pem.as_ref()) {
            Ok(roots) => self.key_server.roots.extend(roots),
            Err(fault) => self.key_server.fault = Some(fault),
        }
        self
    }

    /// Allows plain HTTP for keys on other hosts: whoever is between can then be anybody. Default:
    /// only on this host (`localhost`, `127.0.0.1`, `::1`).
    pub fn unencrypted_keys(mut self) -> Self {
        self.key_server.unencrypted = Unencrypted::Anywhere;
        self
    }
}
