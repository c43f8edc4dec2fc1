//! Origins of pages, compared as URLs, and the check which of them may use an endpoint.

#[cfg(test)]
mod tests;

use http::header::ORIGIN;
use http::{HeaderValue, Request};
use url::{ParseError, Url};

use super::forwarded;
use crate::node::{InvalidOption, TrustedProxies};

/// Scheme, host and port of a page (RFC 6454, section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// The reason why a text is not the origin of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAnOrigin {
    #[error("it is empty")]
    Empty,
    #[error("it is what browsers send for pages without an origin, which are always refused")]
    Null,
    #[error("there are no wildcards, so name each origin")]
    Wildcard,
    #[error("the scheme is missing, as in `https://chat.example`")]
    NoScheme,
    #[error("the scheme of a page is `http`, `https` or that of an app, as in `tauri://localhost`")]
    OddScheme,
    #[error("there must be nothing but scheme, host and port, as in `https://chat.example:8443`")]
    MoreThanAnOrigin,
    #[error("{0}")]
    Invalid(#[from] ParseError),
}

/// URL schemes that pages never have.
const ODD_SCHEMES: [&str; 4] = ["file", "ftp", "ws", "wss"];

impl Origin {
    /// Parses an origin; case, a default port and a trailing slash are ignored.
    pub(super) fn parse(text: &str) -> Result<Self, NotAnOrigin> {
        match text {
            "" => return Err(NotAnOrigin::Empty),
            "null" => return Err(NotAnOrigin::Null),
            _ if text.contains('*') => return Err(NotAnOrigin::Wildcard),
            _ => {}
        }
        let (scheme, rest) = text.split_once("://").ok_or(NotAnOrigin::NoScheme)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        Self::new(scheme, authority)
    }

    fn new(scheme: &str, authority: &str) -> Result<Self, NotAnOrigin> {
        // URLs may contain all of these, and the URL parser silently drops some of them.
        let is_more = |c: char| matches!(c, '/' | '\\' | '?' | '#' | '@') || c <= ' ';
        if authority.contains(is_more) || scheme.contains(is_more) {
            return Err(NotAnOrigin::MoreThanAnOrigin);
        }
        if authority.is_empty() {
            return Err(ParseError::EmptyHost.into());
        }
        let url = Url::parse(&format!("{scheme}://{authority}"))?;
        if ODD_SCHEMES.contains(&url.scheme()) {
            return Err(NotAnOrigin::OddScheme);
        }
        let host = url.host_str().ok_or(ParseError::EmptyHost)?;
        Ok(Self {
            scheme: url.scheme().to_owned(),
            // The URL parser lowers the host only for schemes that it knows.
            host: host.to_ascii_lowercase(),
            port: url.port_or_known_default(),
        })
    }

    /// Returns whether this page may be one of the server's own, judged by the host of the
    /// request.
    fn is_of(&self, host: &str) -> bool {
        let is_web = matches!(&*self.scheme, "http" | "https");
        is_web && Self::new(&self.scheme, host).as_ref() == Ok(self)
    }
}

/// The origins that an endpoint is configured to allow.
#[derive(Debug, Default)]
pub(super) struct AllowedOrigins(Box<[Origin]>);

impl AllowedOrigins {
    /// Parses origins, and refuses those that could never match.
    pub(super) fn new(origins: &[String]) -> Result<Self, InvalidOption> {
        let origins = origins.iter().map(|text| {
            Origin::parse(text).map_err(|error| {
                let text =
                    format!("`{text}` in `allowed_origins` is the origin of no page: {error}");
                InvalidOption::with_text("allowed_origins", text)
            })
        });
        origins.collect::<Result<_, _>>().map(Self)
    }
}

/// The page that a request comes from, according to its browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page<'a> {
    /// The request names no page: it comes from a client other than a browser.
    Unnamed,
    /// A page of the server's own.
    Own,
    /// A page of an allowed origin, as it was sent.
    Allowed(&'a HeaderValue),
    /// Any other page. Browsers send cookies regardless of which page asks, so it would act as its
    /// visitor.
    Refused,
}

impl<'a> Page<'a> {
    pub(super) fn of<B>(
        request: &'a Request<B>,
        allowed: &AllowedOrigins,
        trusted: &TrustedProxies,
    ) -> Self {
        let mut origins = request.headers().get_all(ORIGIN).iter();
        let sent = match (origins.next(), origins.next()) {
            (None, _) => return Self::Unnamed,
            (Some(sent), None) => sent,
            (Some(_), Some(_)) => return Self::Refused,
        };
        let Some(origin) = sent.to_str().ok().and_then(|text| Origin::parse(text).ok()) else {
            return Self::Refused;
        };
        if allowed.0.contains(&origin) {
            return Self::Allowed(sent);
        }
        match forwarded::host(trusted, request) {
            Some(host) if origin.is_of(host) => Self::Own,
            _ => Self::Refused,
        }
    }
}
