//! Whether clients read the details of errors.

use super::HubOptions;

/// Whether a client reads what is meant for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorDetail {
    Hidden,
    Shown,
}

impl HubOptions {
    pub(crate) const fn error_detail(&self) -> ErrorDetail {
        match self.detailed_errors {
            true => ErrorDetail::Shown,
            false => ErrorDetail::Hidden,
        }
    }
}
