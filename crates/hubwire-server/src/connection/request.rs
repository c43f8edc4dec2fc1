//! The kept part of the HTTP request that opened a connection.

mod packer;

use std::fmt;
use std::net::SocketAddr;

use http::Version;
use http::request::Parts;

use self::packer::{LEFT_OUT_SIZE, Packer};
use super::Principal;
use crate::node::KeepRequest;

/// The size of what precedes the texts in `packed`: that counter, and the version of HTTP.
const HEAD_SIZE: usize = LEFT_OUT_SIZE + size_of::<u8>();

/// The request that opened a connection, packed into one allocation.
///
/// It does not contain tokens, unless the endpoint is configured to keep them ([`KeepRequest`]).
/// Everything beyond the endpoint's
/// [`EndpointOptions::maximum_kept_request_size`](crate::EndpointOptions::maximum_kept_request_size)
/// is left out.
///
/// ```
/// use hubwire::{HubCallerContext, HubError, HubResult, hub};
///
/// struct ShopHub;
///
/// #[hub]
/// impl ShopHub {
///     async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
///         let request = cx.request();
///         tracing::info!(path = request.path(), query = request.query(), "a visitor");
///         let basket = request.cookie("basket").ok_or_else(|| HubError::new("No basket"))?;
///         cx.groups().add(cx.connection_id(), basket).await?;
///         Ok(())
///     }
/// }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConnectionRequest {
    /// The number of bytes left out and the version of HTTP; then path, query and headers, each a
    /// text after its length.
    packed: Box<[u8]>,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    principal: Option<Principal>,
}

impl ConnectionRequest {
    /// Keeps at most `maximum` bytes, which include names, values and their lengths.
    pub(crate) fn new(parts: &Parts, keep: KeepRequest, maximum: usize) -> Self {
        let mut packer = Packer::new(parts.version, maximum);
        packer.pack_or_empty(parts.uri.path());
        if keep != KeepRequest::PathOnly {
            let with_tokens = keep == KeepRequest::Everything;
            let query = parts.uri.query().unwrap_or_default();
            packer.pack_or_empty(&kept_query(query, with_tokens));
            for (name, value) in &parts.headers {
                if with_tokens || name != http::header::AUTHORIZATION {
                    packer.pack(&[name.as_str().as_bytes(), value.as_bytes()]);
                }
            }
        }
        Self {
            packed: packer.into_packed(),
            local: None,
            remote: None,
            principal: parts.extensions.get().cloned(),
        }
    }

    /// Creates the request of a user who opens a connection without one.
    #[cfg(feature = "testing")]
    pub(crate) fn of(principal: Option<Principal>) -> Self {
        Self {
            principal,
            ..Self::default()
        }
    }

    pub(crate) fn set_addresses(&mut self, local: Option<SocketAddr>, remote: Option<SocketAddr>) {
        self.local = local;
        self.remote = remote;
    }

    /// Returns the version of HTTP that the request was made with.
    ///
    /// This is [`Version::HTTP_2`] for a WebSocket, too, if it is a stream of an HTTP/2 connection
    /// (RFC 8441). Behind a proxy, it is the version that the proxy speaks with this server. Where
    /// a test opens a connection without a request, it is [`Version::HTTP_11`].
    ///
    /// ```
    /// use axum::http::Version;
    /// use hubwire::{HubCallerContext, hub};
    ///
    /// struct ShopHub;
    ///
    /// #[hub]
    /// impl ShopHub {
    ///     fn shares_its_connection(&self, cx: &HubCallerContext<Self>) -> bool {
    ///         cx.request().http_version() >= Version::HTTP_2
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn http_version(&self) -> Version {
        match self.packed.get(LEFT_OUT_SIZE) {
            Some(9) => Version::HTTP_09,
            Some(10) => Version::HTTP_10,
            Some(20) => Version::HTTP_2,
            Some(30) => Version::HTTP_3,
            _ => Version::HTTP_11,
        }
    }

    /// Returns the path of the hub, as requested.
    #[must_use]
    pub fn path(&self) -> &str {
        self.texts().next().unwrap_or_default()
    }

    /// Returns the query without its `?`, as sent; empty if there was none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.texts().nth(1).unwrap_or_default()
    }

    /// Returns the first header with this name, ignoring case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// Returns every header with this name, ignoring case, in the order in which they arrived.
    ///
    /// Each value is returned as it was sent: comma-separated values in one header are not split.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.header_bytes(name).map(text)
    }

    fn header_bytes(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let mut packed = self.packed_texts().skip(2);
        let headers = std::iter::from_fn(move || Some((packed.next()?, packed.next()?)));
        headers
            .filter(move |(kept, _)| kept.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Returns the names of all headers, in lower case, in the order in which they arrived.
    #[cfg(feature = "opentelemetry")]
    pub(crate) fn header_names(&self) -> impl Iterator<Item = &str> {
        self.texts().skip(2).step_by(2)
    }

    /// Returns the value of the cookie with this name, as it was sent: escapes are not decoded and
    /// quotes are kept. Returns `None` if it is no UTF-8.
    ///
    /// Of several cookies, the first is the one with the most specific path (RFC 6265, section
    /// 5.4). A client may send each cookie in its own header, as HTTP/2 allows (RFC 9113, section
    /// 8.2.3).
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookie(self.header_bytes("cookie"), name)
    }

    /// Returns how many bytes of the path, query and headers were too many to keep and are missing
    /// here; usually 0.
    ///
    /// A path, query or header is always left out as a whole: it reads as empty, or as a header
    /// that was not sent. If you trust a header that a proxy adds, refuse connections where this
    /// is not 0: a client may have sent other headers in front of it to crowd it out.
    ///
    /// ```
    /// use hubwire::ConnectionRequest;
    ///
    /// assert_eq!(ConnectionRequest::default().bytes_left_out(), 0);
    /// ```
    #[must_use]
    pub fn bytes_left_out(&self) -> usize {
        let left_out = self.packed.first_chunk().copied().unwrap_or_default();
        usize::try_from(u32::from_le_bytes(left_out)).unwrap_or(usize::MAX)
    }

    /// Returns the server's address, if the connection is a TCP connection.
    #[must_use]
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.local
    }

    /// Returns the address of the client, as far as it is known: that of the socket, if the
    /// connection is a TCP connection; or the one that the server's
    /// [`trusted_proxies`](crate::ServerOptions::trusted_proxies) forward, with port 0 if they name
    /// none. Behind any other proxy, it is the proxy's.
    #[must_use]
    pub fn remote_address(&self) -> Option<SocketAddr> {
        self.remote
    }

    /// Returns the user who has sent the request, as an [`Authenticator`](crate::Authenticator) or a
    /// middleware has determined it; `None` if it is nobody.
    ///
    /// It stays what it was when the connection was opened. [`Caller::principal`](crate::Caller::principal)
    /// is the same user, but if the client polls, with the claims that its last poll has brought: a
    /// role may have been added or taken away. Decide by that one what a user may do now.
    ///
    /// ```
    /// use hubwire::{ConnectionRequest, HubHandle, Principal, SignalR, UserId, hub};
    ///
    /// struct TableHub;
    ///
    /// #[hub]
    /// impl TableHub {}
    ///
    /// /// Users at a table are known by it, others by themselves.
    /// fn user_id(request: &ConnectionRequest, _: Option<&Principal>) -> Option<UserId> {
    ///     let user = request.principal()?;
    ///     let id = user.claim("table").or_else(|| user.name_identifier());
    ///     id.map(UserId::from)
    /// }
    ///
    /// let tables: HubHandle<TableHub> = SignalR::new().hub().user_id_provider(user_id).build(TableHub);
    /// assert!(ConnectionRequest::default().principal().is_none());
    /// ```
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.packed_texts().map(text)
    }

    fn packed_texts(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.packed.get(HEAD_SIZE..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (text, after) = after.split_at_checked(u16::from_le_bytes(*length).into())?;
            rest = after;
            Some(text)
        })
    }
}

/// Only header values may be invalid UTF-8; those read as empty.
fn text(packed: &[u8]) -> &str {
    std::str::from_utf8(packed).unwrap_or_default()
}

/// Returns the value of the first cookie with this name in these headers; `None` if it is no UTF-8.
///
/// The other cookies may have any bytes, because whoever controls a sibling host may set them. Of
/// space, only what is ASCII does not count: browsers keep pages from setting `__Host-session`, but
/// not from setting a name with another space in front of that.
pub(crate) fn cookie<'a>(headers: impl Iterator<Item = &'a [u8]>, name: &str) -> Option<&'a str> {
    let cookies = headers.flat_map(|header| header.split(|byte| *byte == b';'));
    let mut named = cookies.filter_map(|cookie| {
        let equals = cookie.iter().position(|byte| *byte == b'=')?;
        let (kept, value) = cookie.split_at_checked(equals)?;
        (kept.trim_ascii() == name.as_bytes()).then_some(value)
    });
    let value = named.next()?.strip_prefix(b"=")?;
    std::str::from_utf8(value.trim_ascii()).ok()
}

fn kept_query(query: &str, with_tokens: bool) -> String {
    let is_token = |part: &&str| {
        ["access_token", "id"]
            .iter()
            .any(|token| names(part, token))
    };
    let kept = query
        .split('&')
        .filter(|part| with_tokens || !is_token(part));
    kept.collect::<Vec<_>>().join("&")
}

/// Returns whether this part of a query has the key, once the query is decoded.
fn names(part: &str, key: &str) -> bool {
    form_urlencoded::parse(part.as_bytes()).any(|(name, _)| name.eq_ignore_ascii_case(key))
}

impl fmt::Debug for ConnectionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionRequest")
            .field("path", &self.path())
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
