//! The proxies that are trusted to say for whom they pass a request on.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use super::InvalidOption;

/// The proxies that a server is configured to trust.
#[derive(Debug, Default)]
pub(crate) struct TrustedProxies {
    networks: Vec<IpNet>,
    unix_sockets: bool,
}

/// The reason why an entry can match no proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum MatchesNothing {
    #[error("it is empty")]
    Empty,
    #[error("there are no wildcards, but `0.0.0.0/0` and `::/0` are all addresses")]
    Wildcard,
    #[error(
        "it is neither an address, as in `10.0.0.1`, nor a network, as in `10.0.0.0/8`, nor `unix`; \
         names are not looked up, and ports are not compared"
    )]
    NoAddress,
    #[error("the number of bits after the slash must be at most {0}")]
    Prefix(u8),
    #[error("it is an address in the network `{0}`: name either")]
    InsideOf(IpNet),
    #[error("no peer has such an address")]
    NoPeer,
}

impl TrustedProxies {
    /// Parses entries, and refuses those that could never match.
    pub(crate) fn new(entries: &[String]) -> Result<Self, InvalidOption> {
        let mut trusted = Self::default();
        for entry in entries {
            if entry == "unix" {
                trusted.unix_sockets = true;
                continue;
            }
            let network = network(entry).map_err(|reason| {
                let text = format!("`{entry}` in `trusted_proxies` is no proxy: {reason}");
                InvalidOption::with_text("trusted_proxies", text)
            })?;
            trusted.networks.push(network);
        }
        Ok(trusted)
    }

    /// Returns whether a proxy with this address is trusted.
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let mut networks = self.networks.iter();
        networks.any(|network| network.contains(&address))
    }

    /// Returns whether every peer of a Unix socket is trusted.
    pub(crate) fn has_unix_sockets(&self) -> bool {
        self.unix_sockets
    }
}

/// Parses an address or a network.
fn network(text: &str) -> Result<IpNet, MatchesNothing> {
    match text {
        "" => return Err(MatchesNothing::Empty),
        _ if text.contains('*') => return Err(MatchesNothing::Wildcard),
        _ => {}
    }
    // The parser of `ipnet` accepts `010.0.0.0/8`, which other programs read as octal.
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| MatchesNothing::NoAddress)?;
    let network = match prefix {
        None => IpNet::from(address.to_canonical()),
        Some(prefix) => {
            let bits = IpNet::from(address).max_prefix_len();
            let prefix = prefix.parse().map_err(|_| MatchesNothing::Prefix(bits))?;
            let network = IpNet::new(address, prefix).map_err(|_| MatchesNothing::Prefix(bits))?;
            canonical(network)
        }
    };
    if network != network.trunc() {
        return Err(MatchesNothing::InsideOf(network.trunc()));
    }
    if is_of_no_peer(&network) {
        return Err(MatchesNothing::NoPeer);
    }
    Ok(network)
}

/// Converts a network of IPv4-mapped IPv6 addresses to one of IPv4 addresses.
fn canonical(network: IpNet) -> IpNet {
    let mapped = match (network.addr().to_canonical(), network) {
        (IpAddr::V4(address), IpNet::V6(network)) => network
            .prefix_len()
            .checked_sub(96)
            .and_then(|prefix| Ipv4Net::new(address, prefix).ok()),
        _ => None,
    };
    mapped.map_or(network, IpNet::V4)
}

/// Returns whether no address of a network can be that of a peer.
fn is_of_no_peer(network: &IpNet) -> bool {
    let ends = [network.network(), network.broadcast()];
    let is_nobodys =
        |address: &IpAddr| address.is_unspecified() || *address == IpAddr::V4(Ipv4Addr::BROADCAST);
    ends.iter().all(IpAddr::is_multicast) || ends[0] == ends[1] && is_nobodys(&ends[0])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trusted(entries: &[&str]) -> TrustedProxies {
        let entries: Vec<_> = entries.iter().map(|&entry| entry.to_owned()).collect();
        TrustedProxies::new(&entries).unwrap()
    }

    fn matches(entry: &str, address: &str) -> bool {
        trusted(&[entry]).has_address(address.parse().unwrap())
    }

    #[test]
    fn an_entry_is_an_address_or_a_network() {
        for (entry, address) in [
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.1", "::ffff:10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("10.0.0.1/32", "10.0.0.1"),
            ("10.0.0.0/8", "10.255.0.1"),
            ("10.0.0.0/8", "::ffff:10.255.0.1"),
            ("::ffff:10.0.0.0/104", "10.255.0.1"),
            ("::ffff:10.0.0.0/104", "::ffff:10.255.0.1"),
            ("0.0.0.0/0", "203.0.113.9"),
            ("::1", "0:0::1"),
            ("2001:DB8::/32", "2001:db8:ffff::1"),
            ("fe80::/10", "fe80::1"),
            ("::/0", "2001:db8::1"),
        ] {
            assert!(matches(entry, address), "{entry} {address}");
        }
        for (entry, address) in [
            ("10.0.0.1", "10.0.0.2"),
            ("10.0.0.0/8", "11.0.0.0"),
            ("0.0.0.0/0", "2001:db8::1"),
            ("::/0", "10.0.0.1"),
            ("::/0", "::ffff:10.0.0.1"),
            ("2001:db8::/32", "2001:db9::1"),
            ("unix", "127.0.0.1"),
        ] {
            assert!(!matches(entry, address), "{entry} {address}");
        }
    }

    #[test]
    fn several_entries_and_none() {
        let both = trusted(&["10.0.0.0/8", "unix", "::1"]);
        assert!(both.has_unix_sockets());
        assert!(both.has_address("10.0.0.1".parse().unwrap()));
        assert!(both.has_address("::1".parse().unwrap()));
        assert!(!trusted(&["0.0.0.0/0", "::/0"]).has_unix_sockets());
        let none = TrustedProxies::default();
        assert!(!none.has_unix_sockets());
        assert!(!none.has_address("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_can_match_nothing_says_why() {
        use MatchesNothing::*;
        let inside = |network: &str| InsideOf(network.parse().unwrap());
        for (entry, why) in [
            ("", Empty),
            ("*", Wildcard),
            ("10.0.*.*", Wildcard),
            ("localhost", NoAddress),
            ("proxy.example", NoAddress),
            ("Unix", NoAddress),
            ("unix:", NoAddress),
            (" 10.0.0.1", NoAddress),
            ("10.0.0.1 ", NoAddress),
            ("10.0.0", NoAddress),
            ("10.0.0.256", NoAddress),
            ("010.0.0.0/8", NoAddress),
            ("10.0.0.1:80", NoAddress),
            ("[::1]", NoAddress),
            ("fe80::1%eth0", NoAddress),
            ("10.0.0.0-10.0.0.9", NoAddress),
            ("10.0.0.0,10.0.0.1", NoAddress),
            ("/8", NoAddress),
            ("10.0.0.0/33", Prefix(32)),
            ("10.0.0.0/", Prefix(32)),
            ("10.0.0.0/8/8", Prefix(32)),
            ("10.0.0.0/255.0.0.0", Prefix(32)),
            ("::/129", Prefix(128)),
            ("::/-1", Prefix(128)),
            ("10.0.0.1/8", inside("10.0.0.0/8")),
            ("::ffff:10.0.0.1/104", inside("10.0.0.0/8")),
            ("2001:db8::1/32", inside("2001:db8::/32")),
            ("0.0.0.0", NoPeer),
            ("::", NoPeer),
            ("255.255.255.255", NoPeer),
            ("224.0.0.0/4", NoPeer),
            ("239.1.0.0/16", NoPeer),
            ("ff02::1", NoPeer),
        ] {
            assert_eq!(network(entry), Err(why), "{entry}");
        }
    }

    #[test]
    fn an_entry_that_can_match_nothing_is_refused_and_named() {
        let refused = TrustedProxies::new(&["10.0.0.1".into(), "proxy.example".into()]);
        let error = refused.unwrap_err();
        let expected = "`proxy.example` in `trusted_proxies` is no proxy: it is neither an address";
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(error.option(), "trusted_proxies");
    }

    proptest! {
        #[test]
        fn an_address_is_in_a_network_if_its_first_bits_are_the_same(
            network in any::<u32>(),
            address in any::<u32>(),
            prefix in 0_u32..=32,
            spelling in any::<[bool; 2]>(),
        ) {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            let first = network & mask;
            // Half of the addresses are in the network.
            let address = if spelling[0] { first | (address & !mask) } else { address };
            let entry = match spelling[1] {
                true => format!("{}/{prefix}", Ipv4Addr::from(first)),
                false => format!("::ffff:{}/{}", Ipv4Addr::from(first), prefix + 96),
            };
            let Ok(trusted) = TrustedProxies::new(&[entry]) else {
                return Ok(());
            };
            let address = Ipv4Addr::from(address);
            let is_inside = u32::from(address) & mask == first;
            prop_assert_eq!(trusted.has_address(address.into()), is_inside);
            prop_assert_eq!(trusted.has_address(address.to_ipv6_mapped().into()), is_inside);
        }

        #[test]
        fn no_entry_panics(text in "\\PC*|[0-9a-f:.]{0,20}(/[0-9]{0,4})?") {
            let _ = TrustedProxies::new(&[text]);
        }
    }
}
