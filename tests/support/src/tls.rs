//! Certificates for localhost, and clients that trust them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubwire::tls::Tls;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

pub use tokio_rustls::rustls::version::{TLS12, TLS13};

pub const HTTP_1: &[u8] = b"http/1.1";
pub const HTTP_2: &[u8] = b"h2";

/// A certificate for localhost, signed by itself, with its key.
pub struct Certificate {
    pub der: CertificateDer<'static>,
    pub pem: String,
    pub key: String,
}

impl Certificate {
    pub fn new() -> Self {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self {
            der: certified.cert.der().clone(),
            pem: pem("CERTIFICATE", certified.cert.der()),
            key: pem("PRIVATE KEY", &certified.signing_key.serialize_der()),
        }
    }

    /// Returns a client that trusts this certificate and offers these protocols, the preferred one
    /// first.
    pub fn client(&self, protocols: &[&[u8]]) -> TlsConnector {
        self.client_of(protocols, &[&TLS13, &TLS12])
    }

    /// Like [`Certificate::client`], with these versions of TLS.
    pub fn client_of(
        &self,
        protocols: &[&[u8]],
        versions: &[&'static SupportedProtocolVersion],
    ) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let mut config = ClientConfig::builder_with_protocol_versions(versions)
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|it| it.to_vec()).collect();
        Arc::new(config).into()
    }
}

/// Encodes in lines of 64 characters (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}

/// Connects over a byte stream.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    connector: &TlsConnector,
    stream: S,
) -> TlsStream<S> {
    let name = "localhost".try_into().unwrap();
    connector.connect(name, stream).await.unwrap()
}

/// A certificate and its key in files, which are removed with this.
pub struct PemFiles(PathBuf);

impl PemFiles {
    pub fn new(certificate: &Certificate) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hubwire-{}-tls-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let files = Self(folder);
        files.write(certificate);
        files
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    pub fn certificate(&self) -> PathBuf {
        self.0.join("fullchain.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.0.join("privkey.pem")
    }

    pub fn write(&self, certificate: &Certificate) {
        self.write_certificate(&certificate.pem);
        self.write_key(&certificate.key);
    }

    pub fn write_certificate(&self, pem: &str) {
        fs::write(self.certificate(), pem).unwrap();
    }

    pub fn write_key(&self, pem: &str) {
        fs::write(self.key(), pem).unwrap();
    }

    pub fn tls(&self) -> Tls {
        Tls::from_pem_files(self.certificate(), self.key()).unwrap()
    }
}

impl Drop for PemFiles {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
