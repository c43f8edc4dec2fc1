//! A request, as an authenticator sees it.

use std::fmt;
use std::net::SocketAddr;

use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri};

use super::super::{forwarded, query, upgrade};
use crate::connection::cookie;
use crate::endpoint::routing;
use crate::node::TrustedProxies;

/// A request, as an authenticator sees it: everything but its body.
///
/// ```
/// use hubwire::auth::AuthenticationRequest;
///
/// let (parts, ()) = axum::http::Request::get("/orders?page=2")
///     .header("Authorization", "Bearer abc")
///     .header("Cookie", "session=5f2b; theme=dark")
///     .body(())?
///     .into_parts();
/// let request = AuthenticationRequest::new(&parts);
/// assert_eq!(request.bearer_token().as_deref(), Some("abc"));
/// assert_eq!(request.cookie("session"), Some("5f2b"));
/// assert_eq!(request.query("page").as_deref(), Some("2"));
/// # Ok::<(), axum::http::Error>(())
/// ```
pub struct AuthenticationRequest<'a> {
    parts: &'a Parts,
    tokens: Tokens,
    trusted: Option<&'a TrustedProxies>,
}

/// Where a request may carry a bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::endpoint) enum Tokens {
    /// In the `Authorization` header.
    InHeader,
    /// Or in the query, which is all that browsers can set for WebSockets and event streams.
    InHeaderOrQuery,
}

impl Tokens {
    /// Returns where a request to a hub may carry its token.
    pub(in crate::endpoint) fn of_hub_request(parts: &Parts) -> Self {
        let is_event_stream = parts.method == Method::GET && routing::wants_event_stream(parts);
        match is_event_stream || upgrade::requested(parts).is_some() {
            true => Self::InHeaderOrQuery,
            false => Self::InHeader,
        }
    }
}

impl<'a> AuthenticationRequest<'a> {
    /// Creates a request to a route that is not a hub's, for tests of authenticators.
    #[must_use]
    pub fn new(parts: &'a Parts) -> Self {
        Self {
            parts,
            tokens: Tokens::InHeader,
            trusted: None,
        }
    }

    pub(in crate::endpoint) fn received(
        parts: &'a Parts,
        tokens: Tokens,
        trusted: &'a TrustedProxies,
    ) -> Self {
        Self {
            parts,
            tokens,
            trusted: Some(trusted),
        }
    }

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        &self.parts.method
    }

    /// Returns the URI. Its query may have a token, so do not log it.
    #[must_use]
    pub fn uri(&self) -> &'a Uri {
        &self.parts.uri
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        &self.parts.headers
    }

    /// Returns the header with this name, ignoring case; `None` if there is none, if there are
    /// several, or if it is no visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut values = self.parts.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    /// Returns the value of the first cookie with this name, as it was sent; `None` if it is no
    /// UTF-8. Other cookies may have any bytes.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&'a str> {
        let headers = self.parts.headers.get_all(COOKIE).iter();
        cookie(headers.map(HeaderValue::as_bytes), name)
    }

    /// Returns the decoded value of a key of the query, ignoring the key's case; `None` if it is
    /// missing or empty. The values of a repeated key are joined by commas, as in ASP.NET Core.
    #[must_use]
    pub fn query(&self, key: &str) -> Option<String> {
        query::value(self.parts.uri.query().unwrap_or_default(), key)
    }

    /// Returns the bearer token: of the `Authorization` header, or else of the query's
    /// `access_token` if this is a WebSocket or an event stream of a mapped hub.
    ///
    /// Anywhere else, `access_token` is not read: URLs are logged by proxies and kept by browsers.
    /// Clients other than browsers send the header everywhere. A request with several
    /// `Authorization` headers has no token; one of another scheme, such as a proxy asks for, does
    /// not matter.
    #[must_use]
    pub fn bearer_token(&self) -> Option<String> {
        let mut headers = self.parts.headers.get_all(AUTHORIZATION).iter();
        match (headers.next(), headers.next()) {
            (None, _) => {}
            (Some(header), None) => {
                let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
                if scheme.eq_ignore_ascii_case("Bearer") {
                    let token = token.trim();
                    return (!token.is_empty()).then(|| token.to_owned());
                }
            }
            (Some(_), Some(_)) => return None,
        }
        match self.tokens {
            Tokens::InHeader => None,
            Tokens::InHeaderOrQuery => self.query("access_token"),
        }
    }

    /// Returns the address of the client, as
    /// [`ConnectionRequest::remote_address`](crate::ConnectionRequest::remote_address) does.
    #[must_use]
    pub fn remote_address(&self) -> Option<SocketAddr> {
        let nobody = TrustedProxies::default();
        let trusted = self.trusted.unwrap_or(&nobody);
        forwarded::client_address(trusted, &self.parts.extensions, &self.parts.headers)
    }

    /// Returns whether one of the server's
    /// [`trusted_proxies`](crate::ServerOptions::trusted_proxies) has sent the request. Only then
    /// may headers be believed that a proxy adds, such as the name of the user whom it has signed
    /// in; the proxy must remove those that clients send.
    #[must_use]
    pub fn is_from_trusted_proxy(&self) -> bool {
        self.trusted
            .is_some_and(|trusted| forwarded::is_from_proxy(trusted, &self.parts.extensions))
    }
}

impl fmt::Debug for AuthenticationRequest<'_> {
    /// Omits the query and the headers, which may have tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationRequest")
            .field("method", &self.parts.method)
            .field("path", &self.parts.uri.path())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::ConnectionRequest;
    use crate::node::KeepRequest;

    fn with_cookies(header: &[u8]) -> Parts {
        let request = http::Request::get("/hub").header("Cookie", header);
        request.body(()).unwrap().into_parts().0
    }

    /// A page of a sibling host may set such a cookie.
    #[test]
    fn a_cookie_that_is_no_text_hides_no_other() {
        let parts = with_cookies(b"odd=caf\xe9; session=5f2b; name=caf\xc3\xa9");
        let kept = ConnectionRequest::new(&parts, KeepRequest::WithoutTokens, 8 * 1024);
        let asked = AuthenticationRequest::new(&parts);
        for (name, value) in [
            ("session", Some("5f2b")),
            ("name", Some("caf\u{e9}")),
            ("odd", None),
        ] {
            assert_eq!(kept.cookie(name), value, "{name}");
            assert_eq!(asked.cookie(name), value, "{name}");
        }
    }

    /// Browsers let no page set a cookie with the prefix, but they do not know of a space that is
    /// not ASCII.
    #[test]
    fn only_a_space_or_a_tab_is_no_part_of_a_cookie() {
        for space in ["\u{2000}", "\u{a0}", "\u{85}", "\u{3000}"] {
            let header = format!("{space}__Host-session=evil; __Host-session{space}=evil");
            let first = with_cookies(header.as_bytes());
            let both = with_cookies(format!("{header};\t__Host-session \t= ann\t").as_bytes());
            for (parts, value) in [(first, None), (both, Some("ann"))] {
                let kept = ConnectionRequest::new(&parts, KeepRequest::WithoutTokens, 8 * 1024);
                assert_eq!(kept.cookie("__Host-session"), value, "{space:?}");
                let asked = AuthenticationRequest::new(&parts);
                assert_eq!(asked.cookie("__Host-session"), value, "{space:?}");
            }
        }
    }
}
