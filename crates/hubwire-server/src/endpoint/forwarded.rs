//! The client that a request comes from and the host that it asks for: those of the socket and of
//! `Host`, or those that trusted proxies forward.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::header::HOST;
use http::{Extensions, HeaderMap, HeaderName, Request};

use crate::node::TrustedProxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Returns the address of the client that sent a request, if it is known.
pub(super) fn client_address(
    trusted: &TrustedProxies,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Option<SocketAddr> {
    let peer = Peer::of(extensions);
    let forwarded = match peer.is_trusted(trusted) {
        true => Hops::of(headers, trusted).client,
        false => None,
    };
    forwarded.or_else(|| peer.address())
}

/// Returns whether a trusted proxy has sent a request.
pub(super) fn is_from_proxy(trusted: &TrustedProxies, extensions: &Extensions) -> bool {
    Peer::of(extensions).is_trusted(trusted)
}

/// Returns the host that the client of a request asked for, if there is only one.
pub(super) fn host<'a, B>(trusted: &TrustedProxies, request: &'a Request<B>) -> Option<&'a str> {
    if Peer::of(request.extensions()).is_trusted(trusted) {
        let headers = request.headers();
        // What the peer itself has written counts, whether or not it names a client.
        let hops = Hops::of(headers, trusted).count.max(1);
        let hosts = from_the_right(headers, &X_FORWARDED_HOST);
        if let Some(forwarded) = hosts.take(hops).last() {
            return str::from_utf8(forwarded).ok();
        }
    }
    requested_host(request)
}

/// Returns the host that a request itself is for, if there is only one. In HTTP/2 it is in the
/// request target.
fn requested_host<B>(request: &Request<B>) -> Option<&str> {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => request
            .uri()
            .authority()
            .map(|authority| authority.as_str()),
        (Some(host), None) => host.to_str().ok(),
        (Some(_), Some(_)) => None,
    }
}

/// The other end of a socket, as far as the server that accepted it says who it is.
#[derive(Clone, Copy, Debug)]
enum Peer {
    Address(SocketAddr),
    UnixSocket,
    Unknown,
}

impl Peer {
    fn of(extensions: &Extensions) -> Self {
        if let Some(ConnectInfo(address)) = extensions.get::<ConnectInfo<SocketAddr>>() {
            return Self::Address(*address);
        }
        #[cfg(unix)]
        if let Some(ConnectInfo(_)) = extensions.get::<ConnectInfo<tokio::net::unix::SocketAddr>>()
        {
            return Self::UnixSocket;
        }
        Self::Unknown
    }

    fn is_trusted(self, trusted: &TrustedProxies) -> bool {
        match self {
            Self::Address(address) => trusted.has_address(address.ip()),
            Self::UnixSocket => trusted.has_unix_sockets(),
            Self::Unknown => false,
        }
    }

    fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::UnixSocket | Self::Unknown => None,
        }
    }
}

/// What trusted proxies have written into `X-Forwarded-For`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Hops {
    /// Who asked the outermost trusted proxy, or the outermost one that is known.
    client: Option<SocketAddr>,
    /// How many addresses were read.
    count: usize,
}

impl Hops {
    /// Reads what a trusted peer has sent, up to the first address that is not trusted: nobody
    /// vouches for what is further left.
    fn of(headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let mut hops = Self::default();
        for value in from_the_right(headers, &X_FORWARDED_FOR) {
            let Some(address) = address(value) else {
                break;
            };
            hops.client = Some(address);
            hops.count += 1;
            if !trusted.has_address(address.ip()) {
                break;
            }
        }
        hops
    }
}

/// Returns the values in the lists of all headers with this name, the last one first.
///
/// They are bytes, so that nothing that a client sends makes what a proxy adds to it unreadable.
fn from_the_right<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let lists = headers.get_all(name).iter().rev();
    let values = lists.flat_map(|list| list.as_bytes().rsplit(|byte| *byte == b','));
    values.map(<[u8]>::trim_ascii)
}

/// Parses an address, whose port is 0 if there is none.
fn address(value: &[u8]) -> Option<SocketAddr> {
    let text = str::from_utf8(value).ok()?;
    let (address, port) = if let Ok(address) = text.parse::<IpAddr>() {
        (address, 0)
    } else if let Ok(address) = text.parse::<SocketAddr>() {
        (address.ip(), address.port())
    } else {
        let bracketed = text.strip_prefix('[')?.strip_suffix(']')?;
        (bracketed.parse::<Ipv6Addr>().ok()?.into(), 0)
    };
    Some(SocketAddr::new(address.to_canonical(), port))
}
