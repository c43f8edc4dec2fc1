//! By which certificates the servers of keys are recognised.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::JwtConfigurationError;

/// Reads certificates in PEM.
pub(crate) fn from_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, JwtConfigurationError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(JwtConfigurationError::MalformedRootCertificate),
    }
}

/// Returns the certificates that the system trusts, and these.
pub(crate) fn and_of_the_system(
    configured: Vec<CertificateDer<'static>>,
) -> Result<RootCertStore, JwtConfigurationError> {
    let mut roots = RootCertStore::empty();
    for certificate in configured {
        let added = roots.add(certificate);
        added.map_err(|_| JwtConfigurationError::MalformedRootCertificate)?;
    }
    // One that cannot be read is left out, as other programs do.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(roots)
}

/// Returns how to connect to servers that have a certificate of one of these.
pub(crate) fn tls(roots: RootCertStore) -> Result<Arc<ClientConfig>, JwtConfigurationError> {
    // The process's default may be another crate's choice, or nobody's.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions();
    let config = config.map_err(|_| JwtConfigurationError::NoRootCertificates)?;
    let config = config.with_root_certificates(roots);
    Ok(Arc::new(config.with_no_client_auth()))
}
