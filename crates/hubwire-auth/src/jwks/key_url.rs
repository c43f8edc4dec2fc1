//! The URLs from which keys may be fetched.

use std::fmt;

use url::{Host, Position, Url};

use crate::JwtConfigurationError;

/// Whether keys may be fetched without TLS from other hosts than this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Unencrypted {
    #[default]
    Loopback,
    Anywhere,
}

/// A URL from which keys may be fetched: whoever could change a key on its way could be anybody.
///
/// Its `Debug` and its `Display` leave the query out, which may have a secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeyUrl(Url);

impl KeyUrl {
    pub(crate) fn parse(url: &str, allowed: Unencrypted) -> Result<Self, JwtConfigurationError> {
        let refused = JwtConfigurationError::Url;
        let url = Url::parse(url).map_err(|_| refused("is malformed"))?;
        let host = url.host().ok_or_else(|| refused("has no host"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("has a user"));
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if allowed == Unencrypted::Anywhere || is_loopback(&host) => Ok(Self(url)),
            "http" => Err(refused("must be https, because its host is not this one")),
            _ => Err(refused("is neither http nor https")),
        }
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns the host as a certificate names it: without the brackets of IPv6.
    pub(crate) fn host(&self) -> String {
        match self.0.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// Returns the value of the `Host` header.
    pub(crate) fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Returns the path and the query.
    pub(crate) fn target(&self) -> &str {
        &self.0[Position::BeforePath..Position::AfterQuery]
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

impl fmt::Display for KeyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0[..Position::AfterPath])
    }
}

impl fmt::Debug for KeyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(url: &str) -> Option<String> {
        let parsed = KeyUrl::parse(url, Unencrypted::Loopback);
        parsed.err().map(|fault| fault.to_string())
    }

    #[test]
    fn keys_come_over_tls_or_from_this_host() {
        for url in [
            "https://login.example.com/keys",
            "http://localhost:8080/keys",
            "http://127.0.0.2/keys",
            "http://[::1]:8080/keys",
        ] {
            assert_eq!(fault(url), None, "{url}");
        }
        for url in [
            "http://login.example.com/keys",
            "http://localhost.example.com/keys",
            "http://10.0.0.1/keys",
            "ftp://localhost/keys",
            "file:///etc/keys",
            "https://user:password@login.example.com/keys",
            "https:/",
            "keys",
            "",
        ] {
            assert!(fault(url).is_some(), "{url}");
        }
        let url = KeyUrl::parse("http://10.0.0.1/keys", Unencrypted::Anywhere);
        assert!(url.is_ok());
    }

    #[test]
    fn a_query_is_sent_and_not_shown() {
        let url = "https://[2001:db8::1]:8443/keys?policy=5f2b#fragment";
        let url = KeyUrl::parse(url, Unencrypted::Loopback).unwrap();
        assert_eq!(url.target(), "/keys?policy=5f2b");
        assert_eq!(url.authority(), "[2001:db8::1]:8443");
        assert_eq!(url.host(), "2001:db8::1");
        assert_eq!(url.port(), 8443);
        assert_eq!(format!("{url:?}"), "https://[2001:db8::1]:8443/keys");
    }
}
