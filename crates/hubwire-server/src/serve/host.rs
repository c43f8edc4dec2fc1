//! The host that a request is for; it must be given exactly once.

use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Uri, Version};

/// Returns whether a request names one host, as required by RFC 9112, section 3.2, and RFC 9113,
/// section 8.3.1.
///
/// A proxy in front of the server may use another name than the application does, so a request
/// with two names is refused, regardless of which one would count.
pub(super) fn is_named_once<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => match request.version() {
            Version::HTTP_11 => false,
            Version::HTTP_2 => request.uri().authority().is_some_and(is_without_user),
            _ => true,
        },
        (Some(host), None) => is_of_target(host, request.uri()),
        (Some(_), Some(_)) => false,
    }
}

/// Returns whether `Host` matches the request target, which usually has no host.
fn is_of_target(host: &HeaderValue, target: &Uri) -> bool {
    let Some(named) = target.authority() else {
        return true;
    };
    let Ok(host) = Authority::try_from(host.as_bytes()) else {
        return false;
    };
    let port = |authority: &Authority| authority.port_u16().or_else(|| default_port(target));
    let is_same = host.host().eq_ignore_ascii_case(named.host()) && port(&host) == port(named);
    is_same && is_without_user(&host)
}

fn is_without_user(authority: &Authority) -> bool {
    !authority.as_str().contains('@')
}

fn default_port(target: &Uri) -> Option<u16> {
    let scheme = target.scheme()?;
    if *scheme == Scheme::HTTP {
        Some(80)
    } else if *scheme == Scheme::HTTPS {
        Some(443)
    } else {
        None
    }
}
