//! TLS for [`serve`](super::serve()): certificates, and what rustls is told.

mod certificate;
mod error;
mod handshakes;
mod reloading;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::{Ticketer, default_provider};

use self::certificate::CertificateFiles;
pub use self::error::TlsError;
pub(super) use self::handshakes::{Handshake, Handshakes};
pub(super) use self::reloading::reload;

/// The protocols that are offered to clients, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [HTTP_2, b"http/1.1"];
pub(super) const HTTP_2: &[u8] = b"h2";

/// A certificate with its key, for [`Serve::tls`](crate::Serve::tls).
///
/// TLS 1.2 and 1.3 are spoken, with HTTP/2 and HTTP/1.1 by ALPN. A client that has connected before
/// resumes its session without another signature; the keys for that are the process's own.
///
/// ```no_run
/// use hubwire::tls::Tls;
///
/// # async fn example(app: axum::Router) -> Result<(), Box<dyn std::error::Error>> {
/// let tls = Tls::from_pem_files("fullchain.pem", "privkey.pem")?;
/// let listener = hubwire::listen("0.0.0.0:443").await?;
/// hubwire::serve(listener, app).tls(tls).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    files: Option<Arc<CertificateFiles>>,
}

impl Tls {
    /// Reads a certificate, followed by its chain, and its private key (PKCS #8, PKCS #1 or SEC1)
    /// from PEM files. Keys are RSA (2,048 bits or more), ECDSA (P-256 or P-384) or Ed25519, and not
    /// encrypted.
    ///
    /// While a server runs, the files are read every 5 seconds, and a certificate that has changed
    /// and stayed the same for as long is used for new connections. One that is of no use is logged
    /// once, at ERROR, and the previous one stays; that this is over, at WARN. A client that resumes
    /// a session from before, for which it has some hours, is not shown the new certificate.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read, if it contains no certificate or no key, or if
    /// they do not belong together.
    pub fn from_pem_files(
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let files = Arc::new(CertificateFiles::new(certificate.into(), key.into())?);
        let unusable = |source| files.unusable(source);
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_cert_resolver(files.clone());
        config.ticketer = Ticketer::new().map_err(unusable)?;
        Ok(Self {
            config: Arc::new(offering_both(config)),
            files: Some(files),
        })
    }

    /// Uses a configuration of rustls: for certificates by host name, certificates of clients, or
    /// another provider of cryptography.
    ///
    /// HTTP/2 and HTTP/1.1 are offered, unless the configuration names protocols itself. Nothing is
    /// reloaded, so its [resolver](tokio_rustls::rustls::server::ResolvesServerCert) is asked for each connection.
    ///
    /// ```
    /// use hubwire::tls::{Tls, rustls};
    ///
    /// fn with(resolver: std::sync::Arc<dyn rustls::server::ResolvesServerCert>) -> Tls {
    ///     let config = rustls::ServerConfig::builder().with_no_client_auth();
    ///     Tls::from_config(config.with_cert_resolver(resolver))
    /// }
    /// ```
    #[must_use]
    pub fn from_config(config: ServerConfig) -> Self {
        Self {
            config: Arc::new(offering_both(config)),
            files: None,
        }
    }
}

fn offering_both(mut config: ServerConfig) -> ServerConfig {
    if config.alpn_protocols.is_empty() {
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    }
    config
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}
