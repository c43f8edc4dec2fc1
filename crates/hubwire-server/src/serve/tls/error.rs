//! Certificates and keys that cannot be used, and what to do about them.

use std::path::PathBuf;
use std::{fmt, io};

use tokio_rustls::rustls::{CertificateError, Error as RustlsError};

use crate::serve::causes::with_causes;

/// A certificate or key that cannot be used.
///
/// Its [`Debug`](fmt::Debug) form is its text with its causes, which a `main` that returns it
/// prints. Nothing of what the files contain is in either.
///
/// ```
/// use hubwire::tls::Tls;
///
/// let error = Tls::from_pem_files("no-such.pem", "no-such-key.pem").unwrap_err();
/// assert!(error.to_string().contains("no-such.pem"));
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {expected} from `{}`", path.display())]
    #[non_exhaustive]
    Read {
        /// The file.
        path: PathBuf,
        /// What was to be read.
        expected: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A file contains no certificate or no key where one is expected.
    #[error("`{}` does not contain {expected} in PEM: {found}", path.display())]
    #[non_exhaustive]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        expected: &'static str,
        /// What is wrong with the file.
        found: &'static str,
    },
    /// Certificate and key are of no use, for example because they do not belong together.
    #[error(
        "the certificate in `{}` and the key in `{}` cannot be used{advice}",
        certificate.display(),
        key.display()
    )]
    #[non_exhaustive]
    Unusable {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// What may be wrong.
        advice: &'static str,
        /// What rustls says.
        source: Box<RustlsError>,
    },
}

impl fmt::Debug for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&with_causes(self))
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        let kind = match &error {
            TlsError::Read { source, .. } => source.kind(),
            _ => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}

/// Returns what may be wrong with a pair that rustls refuses.
pub(super) fn advice(error: &RustlsError) -> &'static str {
    match error {
        RustlsError::InconsistentKeys(_) => {
            ": the first certificate of the file does not belong to the key; are both of one pair, and is the chain in order, with the server's own certificate first?"
        }
        RustlsError::General(_) => {
            ": the key has to be RSA of 2,048 bits or more, ECDSA with P-256 or P-384, or Ed25519"
        }
        RustlsError::InvalidCertificate(CertificateError::Other(_)) => {
            ": the certificate has to be of X.509 version 3, with the host name as subjectAltName"
        }
        _ => "",
    }
}
