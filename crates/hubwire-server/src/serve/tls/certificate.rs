//! A certificate and its key in PEM files, and the pair that is in use.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tokio_rustls::rustls;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::TlsError;
use super::error::advice;

const CERTIFICATE: &str = "a certificate";
const KEY: &str = "a private key";

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
        let read = |path: &Path, expected| {
            std::fs::read(path).map_err(|error| unreadable(path, expected, error))
        };
        let pem = Pem {
            certificate: read(&certificate, CERTIFICATE)?,
            key: read(&key, KEY)?,
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
        let read = async |path: &Path, expected| {
            let read = tokio::fs::read(path).await;
            read.map_err(|error| unreadable(path, expected, error))
        };
        Ok(Pem {
            certificate: read(&self.certificate, CERTIFICATE).await?,
            key: read(&self.key, KEY).await?,
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

    /// Returns the error of a pair that rustls refuses.
    pub(super) fn unusable(&self, source: rustls::Error) -> TlsError {
        unusable(&self.certificate, &self.key, source)
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

fn unreadable(path: &Path, expected: &'static str, source: std::io::Error) -> TlsError {
    TlsError::Read {
        path: path.to_owned(),
        expected,
        source,
    }
}

fn unusable(certificate: &Path, key: &Path, source: rustls::Error) -> TlsError {
    TlsError::Unusable {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        advice: advice(&source),
        source: Box::new(source),
    }
}

fn pair(certificate: &Path, key: &Path, pem: &Pem) -> Result<CertifiedKey, TlsError> {
    let chain = CertificateDer::pem_slice_iter(&pem.certificate)
        .collect::<Result<Vec<_>, _>>()
        .and_then(|chain| match chain.is_empty() {
            true => Err(pem::Error::NoItemsFound),
            false => Ok(chain),
        })
        .map_err(|error| not_pem(certificate, CERTIFICATE, &pem.certificate, &error))?;
    let private = PrivateKeyDer::from_pem_slice(&pem.key)
        .map_err(|error| not_pem(key, KEY, &pem.key, &error))?;
    CertifiedKey::from_der(chain, private, &default_provider())
        .map_err(|error| unusable(certificate, key, error))
}

fn not_pem(path: &Path, expected: &'static str, contents: &[u8], error: &pem::Error) -> TlsError {
    TlsError::NotPem {
        path: path.to_owned(),
        expected,
        found: found(expected, contents)
            .or_else(|| without_contents(error))
            .unwrap_or("it is something else"),
    }
}

/// Recognises what people put into such files.
fn found(expected: &str, contents: &[u8]) -> Option<&'static str> {
    let has = |text: &str| memchr::memmem::find(contents, text.as_bytes()).is_some();
    if contents.is_empty() {
        Some("the file is empty")
    } else if contents.starts_with(&[0x30, 0x82]) {
        Some("it is binary; convert it with `openssl x509`, `openssl pkey` or `openssl pkcs12`")
    } else if has("BEGIN ENCRYPTED PRIVATE KEY") || has("Proc-Type: 4,ENCRYPTED") {
        Some("the key is encrypted; decrypt it with `openssl pkey`")
    } else if expected == CERTIFICATE && has("PRIVATE KEY-----") {
        Some("it contains a private key; are the two files exchanged?")
    } else if expected == KEY && has("BEGIN CERTIFICATE-----") {
        Some("it contains a certificate; are the two files exchanged?")
    } else {
        None
    }
}

/// Describes an error: the parser's own description repeats lines of the file.
fn without_contents(error: &pem::Error) -> Option<&'static str> {
    match error {
        pem::Error::MissingSectionEnd { .. } => Some("a section has no end"),
        pem::Error::IllegalSectionStart { .. } => Some("a section's first line is not complete"),
        pem::Error::Base64Decode(_) => Some("a section is not base64"),
        pem::Error::NoItemsFound => Some("there is none in it"),
        _ => None,
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
                    certificate: A_CERTIFICATE.into(),
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
    const A_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn common_mistakes_are_recognised() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        for (certificate, key, text) in [
            (
                "",
                key,
                "`a.pem` does not contain a certificate in PEM: the file is empty",
            ),
            (
                key,
                key,
                "it contains a private key; are the two files exchanged?",
            ),
            (
                A_CERTIFICATE,
                A_CERTIFICATE,
                "it contains a certificate; are the two files exchanged?",
            ),
            ("0\u{2}", key, "there is none in it"),
            (
                A_CERTIFICATE,
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
                "`b.pem` does not contain a private key in PEM: the key is encrypted; decrypt it with `openssl pkey`",
            ),
            (
                A_CERTIFICATE,
                key,
                "the certificate in `a.pem` and the key in `b.pem` cannot be used: the key has to be RSA",
            ),
        ] {
            let pem = Pem {
                certificate: certificate.into(),
                key: key.into(),
            };
            let error = pair(Path::new("a.pem"), Path::new("b.pem"), &pem).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
        let binary = Pem {
            certificate: vec![0x30, 0x82, 0x01, 0x00],
            key: Vec::new(),
        };
        let error = pair(Path::new("a.pem"), Path::new("b.pem"), &binary).unwrap_err();
        assert!(error.to_string().contains("it is binary"), "{error}");
    }
}
