//! What is kept of the HTTP request that opened a connection.

use std::fmt;
use std::net::SocketAddr;

use http::request::Parts;

use crate::node::KeepRequest;

/// The request that opened a connection, packed into one allocation.
///
/// Without tokens, unless the endpoint asks to keep them ([`KeepRequest`]).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConnectionRequest {
    /// Path, query and headers, each a text behind its length.
    packed: Box<[u8]>,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
}

impl ConnectionRequest {
    pub(crate) fn new(parts: &Parts, keep: KeepRequest) -> Self {
        let mut packed = Vec::with_capacity(512);
        pack(&mut packed, parts.uri.path().as_bytes());
        if keep != KeepRequest::PathOnly {
            let with_tokens = keep == KeepRequest::Everything;
            let query = parts.uri.query().unwrap_or_default();
            pack(&mut packed, kept_query(query, with_tokens).as_bytes());
            for (name, value) in &parts.headers {
                if with_tokens || name != http::header::AUTHORIZATION {
                    pack(&mut packed, name.as_str().as_bytes());
                    pack(&mut packed, value.as_bytes());
                }
            }
        }
        Self {
            packed: packed.into(),
            local: None,
            remote: None,
        }
    }

    pub(crate) fn set_addresses(&mut self, local: Option<SocketAddr>, remote: Option<SocketAddr>) {
        self.local = local;
        self.remote = remote;
    }

    /// The path of the hub, as requested.
    #[must_use]
    pub fn path(&self) -> &str {
        self.texts().next().unwrap_or_default()
    }

    /// The query without its `?`, as sent; empty when there was none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.texts().nth(1).unwrap_or_default()
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut texts = self.texts().skip(2);
        while let (Some(kept), Some(value)) = (texts.next(), texts.next()) {
            if kept.eq_ignore_ascii_case(name) {
                return Some(value);
            }
        }
        None
    }

    /// The server's address, where the connection is a TCP connection.
    #[must_use]
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.local
    }

    /// The peer's address, where the connection is a TCP connection; a proxy's, if there is one.
    #[must_use]
    pub fn remote_address(&self) -> Option<SocketAddr> {
        self.remote
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let mut rest = &*self.packed;
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (text, after) = after.split_at_checked(u16::from_le_bytes(*length).into())?;
            rest = after;
            // Only header values can be anything but UTF-8, and those read as empty.
            Some(std::str::from_utf8(text).unwrap_or_default())
        })
    }
}

/// A text that does not fit its length is left out; HTTP libraries allow none that long.
fn pack(packed: &mut Vec<u8>, text: &[u8]) {
    let text = if text.len() > usize::from(u16::MAX) {
        &[]
    } else {
        text
    };
    let length = u16::try_from(text.len()).unwrap_or_default();
    packed.extend_from_slice(&length.to_le_bytes());
    packed.extend_from_slice(text);
}

fn kept_query(query: &str, with_tokens: bool) -> String {
    let is_token = |part: &&str| {
        let name = part.split('=').next().unwrap_or_default();
        ["access_token", "id"]
            .iter()
            .any(|token| name.eq_ignore_ascii_case(token))
    };
    let kept = query
        .split('&')
        .filter(|part| with_tokens || !is_token(part));
    kept.collect::<Vec<_>>().join("&")
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
mod tests {
    use super::*;

    fn request(keep: KeepRequest) -> ConnectionRequest {
        let (parts, ()) = http::Request::get("/hubs/chat?a=1&id=secret&ACCESS_TOKEN=t&b=2")
            .header("Authorization", "Bearer t")
            .header("User-Agent", "test")
            .header("X-Long", "x".repeat(70_000))
            .header("X-Binary", &b"\xff"[..])
            .body(())
            .unwrap()
            .into_parts();
        ConnectionRequest::new(&parts, keep)
    }

    #[test]
    fn tokens_are_left_out_unless_asked_for() {
        let kept = request(KeepRequest::WithoutTokens);
        assert_eq!(kept.path(), "/hubs/chat");
        assert_eq!(kept.query(), "a=1&b=2");
        assert_eq!(kept.header("authorization"), None);
        assert_eq!(kept.header("USER-AGENT"), Some("test"));
        let whole = request(KeepRequest::Everything);
        assert_eq!(whole.query(), "a=1&id=secret&ACCESS_TOKEN=t&b=2");
        assert_eq!(whole.header("Authorization"), Some("Bearer t"));
        let path = request(KeepRequest::PathOnly);
        assert_eq!(
            (path.path(), path.query(), path.header("user-agent")),
            ("/hubs/chat", "", None)
        );
    }

    #[test]
    fn odd_headers_disturb_no_other() {
        let kept = request(KeepRequest::WithoutTokens);
        assert_eq!(kept.header("x-long"), Some(""));
        assert_eq!(kept.header("x-binary"), Some(""));
        assert_eq!(kept.header("user-agent"), Some("test"));
        assert!(!format!("{kept:?}").contains("secret"));
    }
}
