//! Using a certificate that has changed, without a restart.

use std::mem;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::certificate::{CertificateFiles, Pem};
use super::{Tls, TlsError};
use crate::serve::causes::with_causes;

/// How often the files are read: an observer of the file system would miss changes behind the links
/// that container platforms put into the place of files.
const PERIOD: Duration = Duration::from_secs(5);

/// Reads the files of a certificate again and again, and replaces it once they have changed.
pub(in crate::serve) async fn reload(tls: Tls) {
    let Some(files) = tls.files else {
        return;
    };
    // The servers of several listeners may have one certificate.
    let _only = files.reloading().await;
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = Looks::default();
    let mut log = Log::default();
    loop {
        ticks.tick().await;
        let read = files.read().await;
        if read.as_ref().is_ok_and(|pem| files.uses(pem)) {
            looks = Looks::default();
            log.in_order(&files);
        } else if let Some(found) = looks.settled(read) {
            log.replaced(&files, found.and_then(|pem| files.replace(pem)));
        }
    }
}

/// Says what became of the certificate, and after a failure that it is over, just as loud.
#[derive(Default)]
struct Log {
    has_failed: bool,
}

impl Log {
    fn in_order(&mut self, files: &CertificateFiles) {
        let certificate = files.certificate_path().display();
        if mem::take(&mut self.has_failed) {
            tracing::warn!(target: "hubwire::serve", %certificate, "the certificate in use is in its file again");
        }
    }

    fn replaced(&mut self, files: &CertificateFiles, replaced: Result<(), TlsError>) {
        let certificate = files.certificate_path().display();
        match replaced {
            Ok(()) if mem::take(&mut self.has_failed) => {
                tracing::warn!(target: "hubwire::serve", %certificate, "the certificate was reloaded after all");
            }
            Ok(()) => {
                tracing::info!(target: "hubwire::serve", %certificate, "the certificate was reloaded");
            }
            Err(error) => {
                self.has_failed = true;
                let error = with_causes(&error);
                tracing::error!(
                    target: "hubwire::serve",
                    %certificate,
                    error,
                    "the certificate cannot be reloaded; the previous one stays in use"
                );
            }
        }
    }
}

/// What the files were found to be, if not what is in use.
#[derive(Default)]
struct Looks {
    /// The contents, or the text of an error.
    last: Option<Result<Pem, String>>,
    is_settled: bool,
}

impl Looks {
    /// Returns what was found if two looks in a row have found it, but only once.
    ///
    /// At the first, a program may have written one of the files and not yet the other.
    fn settled(&mut self, found: Result<Pem, TlsError>) -> Option<Result<Pem, TlsError>> {
        let is_last = match (&self.last, &found) {
            (Some(Ok(last)), Ok(found)) => last == found,
            (Some(Err(last)), Err(found)) => *last == with_causes(found),
            _ => false,
        };
        if is_last {
            let is_news = !mem::replace(&mut self.is_settled, true);
            return is_news.then_some(found);
        }
        let last = found.map_err(|error| with_causes(&error));
        *self = Self {
            last: Some(last),
            is_settled: false,
        };
        None
    }
}
