//! A certificate and its key in PEM files, and the pair that is in use.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::TlsError;

/// The contents of both files.
#[derive(PartialEq, Eq)]
pub(super) struct Pem {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// Two files, and the pair that was last read from them and is of use.
pub(super) struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    in_use: RwLock<InUse>,
    reloading: tokio::sync::Mutex<()>,
}

struct InUse {
    pem: Pem,
    pair: Arc<CertifiedKey>,
}

impl CertificateFiles {
    pub(super) fn new(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| unreadable(path, error));
        let pem = Pem {
            certificate: read(&certificate)?,
            key: read(&key)?,
        };
        let pair = pair(&certificate, &key, &pem)?;
        Ok(Self {
            certificate,
            key,
            in_use: RwLock::new(InUse {
                pem,
                pair: Arc::new(pair),
            }),
            reloading: tokio::sync::Mutex::default(),
        })
    }

    pub(super) async fn read(&self) -> Result<Pem, TlsError> {
        let read = async |path: &Path| {
            let read = tokio::fs::read(path).await;
            read.map_err(|error| unreadable(path, error))
        };
        Ok(Pem {
            certificate: read(&self.certificate).await?,
            key: read(&self.key).await?,
        })
    }

    /// Waits until nobody else reloads these files, and until the guard is dropped nobody else does.
    pub(super) async fn reloading(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.reloading.lock().await
    }

    pub(super) fn uses(&self, pem: &Pem) -> bool {
        self.in_use().pem == *pem
    }

    /// Uses another pair from now on.
    pub(super) fn replace(&self, pem: Pem) -> Result<(), TlsError> {
        let pair = Arc::new(pair(&self.certificate, &self.key, &pem)?);
        let mut in_use = self.in_use.write().unwrap_or_else(PoisonError::into_inner);
        *in_use = InUse { pem, pair };
        Ok(())
    }

    fn in_use(&self) -> RwLockReadGuard<'_, InUse> {
        self.in_use.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn certificate_path(&self) -> &Path {
        &self.certificate
    }
}

impl ResolvesServerCert for CertificateFiles {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.in_use().pair))
    }
}

impl fmt::Debug for CertificateFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateFiles")
            .field("certificate", &self.certificate)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> TlsError {
    TlsError::Read {
        path: path.to_owned(),
        source,
    }
}

fn pair(certificate: &Path, key: &Path, pem: &Pem) -> Result<CertifiedKey, TlsError> {
    let not_pem = |path: &Path, expected, error: &pem::Error| TlsError::NotPem {
        path: path.to_owned(),
        expected,
        found: without_contents(error),
    };
    let chain = CertificateDer::pem_slice_iter(&pem.certificate)
        .collect::<Result<Vec<_>, _>>()
        .and_then(|chain| match chain.is_empty() {
            true => Err(pem::Error::NoItemsFound),
            false => Ok(chain),
        })
        .map_err(|error| not_pem(certificate, "a certificate", &error))?;
    let key = PrivateKeyDer::from_pem_slice(&pem.key)
        .map_err(|error| not_pem(key, "a private key", &error))?;
    CertifiedKey::from_der(chain, key, &default_provider()).map_err(TlsError::Unusable)
}

/// Describes an error: the parser's own description repeats lines of the file.
fn without_contents(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end",
        pem::Error::IllegalSectionStart { .. } => {
            "a section begins with a line that is not complete"
        }
        pem::Error::Base64Decode(_) => "a section is not base64",
        pem::Error::NoItemsFound => "there is none in it",
        _ => "it cannot be read",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::causes::with_causes;

    /// As from an environment variable that has lost its line breaks.
    #[test]
    fn an_error_shows_nothing_of_a_key() {
        let secret = "MIGHAgEAMBMGByqGSM49";
        for text in [
            format!("-----BEGIN PRIVATE KEY-----{secret}-----END PRIVATE KEY-----"),
            format!("-----BEGIN PRIVATE KEY-----\n{secret}"),
            format!("-----BEGIN {secret}\n"),
            format!("-----BEGIN PRIVATE KEY-----\n{secret}!\n-----END PRIVATE KEY-----\n"),
            secret.to_owned(),
            String::new(),
        ] {
            for pem in [
                Pem {
                    certificate: text.clone().into_bytes(),
                    key: Vec::new(),
                },
                Pem {
                    certificate: CERTIFICATE.into(),
                    key: text.clone().into_bytes(),
                },
            ] {
                let error = pair(Path::new("a.pem"), Path::new("b.pem"), &pem).unwrap_err();
                let shown = format!("{} {error:?}", with_causes(&error));
                assert!(shown.contains(".pem"), "{shown}");
                for bytes in [secret, "MIGH", "77, 73, 71, 72"] {
                    assert!(!shown.contains(bytes), "{shown}");
                }
            }
        }
    }

    /// Never looked at: the key is refused first.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
}
