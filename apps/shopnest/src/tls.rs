//! The certificate of a shop that is served over TLS.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use hubwire::tls::Tls;

/// The files with certificate and key; without them, the shop is served over plain HTTP.
#[derive(Args, Debug)]
pub(crate) struct TlsFiles {
    /// A certificate, followed by its chain, in PEM: the shop is then served over HTTPS.
    #[arg(
        long,
        env = "SHOPNEST_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,

    /// The certificate's private key in PEM.
    #[arg(
        long,
        env = "SHOPNEST_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,
}

impl TlsFiles {
    /// Reads both files, if there are any.
    ///
    /// # Errors
    ///
    /// If one of them is missing or unusable; the error says which, and where a pair comes from.
    pub(crate) fn read(&self) -> anyhow::Result<Option<Tls>> {
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else {
            return Ok(None);
        };
        let tls = Tls::from_pem_files(certificate, key).with_context(|| {
            format!(
                "no HTTPS with --tls-cert {} and --tls-key {} (README.md has the command that \
                 makes such a pair of files)",
                certificate.display(),
                key.display(),
            )
        })?;
        Ok(Some(tls))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        tls: TlsFiles,
    }

    fn parsed(options: &[&str]) -> Result<TlsFiles, clap::Error> {
        Program::try_parse_from([&["shopnest"], options].concat()).map(|program| program.tls)
    }

    #[test]
    fn each_file_needs_the_other() {
        assert!(parsed(&[]).unwrap().read().unwrap().is_none());
        for alone in [["--tls-cert", "c.pem"], ["--tls-key", "k.pem"]] {
            let error = parsed(&alone).unwrap_err().to_string();
            assert!(error.contains("--tls-cert <FILE>"), "{error}");
            assert!(error.contains("--tls-key <FILE>"), "{error}");
        }
    }

    #[test]
    fn an_unusable_file_is_named_with_what_to_do() {
        let no_certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        for (certificate, says) in [
            (
                "no-such.pem",
                "cannot read a certificate from `no-such.pem`",
            ),
            (no_certificate, "does not contain a certificate in PEM"),
        ] {
            let options = ["--tls-cert", certificate, "--tls-key", no_certificate];
            let error = parsed(&options).unwrap().read().unwrap_err();
            let error = format!("{error:#}");
            assert!(error.contains(says), "{error}");
            assert!(error.contains("README.md"), "{error}");
            assert!(error.contains(certificate), "{error}");
        }
    }
}
