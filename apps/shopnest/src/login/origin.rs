//! Whether a request has come through a proxy.

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, VIA};

/// The way that a request has taken, as far as its headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// No header tells of a proxy.
    Direct,
    /// A proxy has passed the request on, so it may be from anywhere.
    Forwarded,
}

impl Origin {
    /// Reads `Forwarded`, `Via` and all headers that begin with `X-Forwarded-`, whatever their values are.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let is_forwarded = headers.keys().any(|name| {
            name == FORWARDED || name == VIA || name.as_str().starts_with("x-forwarded-")
        });
        match is_forwarded {
            true => Self::Forwarded,
            false => Self::Direct,
        }
    }
}
