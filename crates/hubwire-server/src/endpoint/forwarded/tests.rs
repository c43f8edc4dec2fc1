//! Tests of who counts as the client of a request, and which host it asks for.

use http::{HeaderValue, Request};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const PEER: &str = "10.0.0.1:1234";
const PROXIES: [&str; 2] = ["10.0.0.0/8", "fd00::/8"];
const FOR: &str = "x-forwarded-for";
const FORWARDED_HOST: &str = "x-forwarded-host";

fn trusted(entries: &[&str]) -> TrustedProxies {
    let entries: Vec<_> = entries.iter().map(|&entry| entry.to_owned()).collect();
    TrustedProxies::new(&entries).unwrap()
}

/// Creates a request that a peer with this address has sent to the host `inner:5000`.
fn request_of(peer: &str, headers: &[(&str, &[u8])]) -> Request<()> {
    let mut request = Request::get("/hub").header(HOST, "inner:5000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(()).unwrap();
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

fn client(trusted: &TrustedProxies, request: &Request<()>) -> Option<String> {
    let address = client_address(trusted, request.extensions(), request.headers());
    address.map(|address| address.to_string())
}

/// Returns the client of a request whose peer is trusted and has sent these lines.
fn client_in(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| (FOR, line.as_bytes())).collect();
    client(&trusted(&PROXIES), &request_of(PEER, &lines)).unwrap()
}

/// Returns the host of a request whose peer is trusted and has sent these lines.
fn host_in(forwarded_for: &[&str], hosts: &[&str]) -> Option<String> {
    let lines = forwarded_for.iter().map(|line| (FOR, line.as_bytes()));
    let hosts = hosts.iter().map(|line| (FORWARDED_HOST, line.as_bytes()));
    let lines: Vec<_> = lines.chain(hosts).collect();
    host(&trusted(&PROXIES), &request_of(PEER, &lines)).map(str::to_owned)
}

#[test]
fn the_client_is_the_first_from_the_right_that_is_not_trusted() {
    for (lines, client) in [
        (&["203.0.113.9"][..], "203.0.113.9:0"),
        (&["203.0.113.9, 10.0.0.2"], "203.0.113.9:0"),
        (&["203.0.113.9,10.0.0.2 , 10.9.9.9"], "203.0.113.9:0"),
        // The client itself has sent the first of these.
        (&["192.0.2.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9:0"),
        (&["10.0.0.3, 203.0.113.9, 10.0.0.2"], "203.0.113.9:0"),
        // Several lines are one list.
        (&["192.0.2.1", "203.0.113.9", "10.0.0.2"], "203.0.113.9:0"),
        (&["203.0.113.9, 10.0.0.3", "10.0.0.2"], "203.0.113.9:0"),
        // All are trusted.
        (&["10.0.0.4, 10.0.0.3, 10.0.0.2"], "10.0.0.4:0"),
        (&["10.0.0.4"], "10.0.0.4:0"),
    ] {
        assert_eq!(client_in(lines), client, "{lines:?}");
    }
}

#[test]
fn addresses_are_read_in_every_spelling() {
    for (value, client) in [
        ("203.0.113.9:5678", "203.0.113.9:5678"),
        ("\t 203.0.113.9 ", "203.0.113.9:0"),
        ("2001:db8::1", "[2001:db8::1]:0"),
        ("2001:DB8:0::1", "[2001:db8::1]:0"),
        ("[2001:db8::1]", "[2001:db8::1]:0"),
        ("[2001:db8::1]:80", "[2001:db8::1]:80"),
        ("::ffff:203.0.113.9", "203.0.113.9:0"),
        ("[::ffff:203.0.113.9]:80", "203.0.113.9:80"),
        ("203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9:0"),
        ("203.0.113.9, [::ffff:10.0.0.2]:80", "203.0.113.9:0"),
        ("203.0.113.9, 10.0.0.2:80", "203.0.113.9:0"),
        ("203.0.113.9, fd00::2", "203.0.113.9:0"),
        ("203.0.113.9, [fd00::2]:80", "203.0.113.9:0"),
    ] {
        assert_eq!(client_in(&[value]), client, "{value}");
    }
}

#[test]
fn reading_stops_at_what_is_no_address() {
    for garbage in [
        "",
        "unknown",
        "_hidden",
        "unix:",
        "localhost",
        "203.0.113",
        "203.0.113.9.1",
        "203.0.113.9:port",
        "203.0.113.9:99999",
        "2001:db8::1:80:::",
        "[203.0.113.9]",
        "[2001:db8::1",
        "2001:db8::1]",
        "[]",
        "\"203.0.113.9\"",
        "for=203.0.113.9",
        "fe80::1%eth0",
        "203.0.113.9 10.0.0.3",
        "203.0.113.9/32",
        "\u{661}.1.1.1",
    ] {
        assert_eq!(client_in(&[garbage]), PEER, "{garbage}");
        let behind = format!("192.0.2.1, {garbage}, 10.0.0.2");
        assert_eq!(client_in(&[&behind]), "10.0.0.2:0", "{garbage}");
        let in_front = format!("{garbage}, 203.0.113.9, 10.0.0.2");
        assert_eq!(client_in(&[&in_front]), "203.0.113.9:0", "{garbage}");
    }
    assert_eq!(client_in(&[]), PEER);
    assert_eq!(client_in(&["203.0.113.9", ""]), PEER);
}

#[test]
fn an_untrusted_peer_is_the_client_itself() {
    let headers = [
        (FOR, &b"203.0.113.9"[..]),
        (FORWARDED_HOST, &b"chat.example"[..]),
    ];
    for peer in ["11.0.0.1:1", "[2001:db8::1]:1", "[::ffff:11.0.0.1]:1"] {
        let request = request_of(peer, &headers);
        let trusted = trusted(&PROXIES);
        assert_eq!(client(&trusted, &request).as_deref(), Some(peer));
        assert_eq!(host(&trusted, &request), Some("inner:5000"));
    }
    let request = request_of(PEER, &headers);
    let nobody = TrustedProxies::default();
    assert_eq!(client(&nobody, &request).as_deref(), Some(PEER));
    assert_eq!(host(&nobody, &request), Some("inner:5000"));
}

#[test]
fn an_ipv4_peer_of_an_ipv6_socket_is_trusted_by_its_ipv4_address() {
    let request = request_of("[::ffff:10.0.0.1]:1", &[(FOR, b"203.0.113.9")]);
    let client = client(&trusted(&PROXIES), &request);
    assert_eq!(client.as_deref(), Some("203.0.113.9:0"));
}

#[test]
fn a_peer_of_whom_the_server_says_nothing_is_not_trusted() {
    let mut request = request_of(
        PEER,
        &[(FOR, b"203.0.113.9"), (FORWARDED_HOST, b"a.example")],
    );
    request.extensions_mut().clear();
    let everybody = trusted(&["0.0.0.0/0", "::/0", "unix"]);
    assert_eq!(client(&everybody, &request), None);
    assert_eq!(host(&everybody, &request), Some("inner:5000"));
}

#[test]
fn only_x_forwarded_headers_are_read() {
    let request = request_of(
        PEER,
        &[
            ("forwarded", b"for=203.0.113.9;host=chat.example"),
            ("x-real-ip", b"203.0.113.9"),
            ("x-original-host", b"chat.example"),
        ],
    );
    let trusted = trusted(&PROXIES);
    assert_eq!(client(&trusted, &request).as_deref(), Some(PEER));
    assert_eq!(host(&trusted, &request), Some("inner:5000"));
}

#[test]
fn the_host_is_that_of_the_last_hop_that_counts() {
    let (one, two) = (&["203.0.113.9"][..], &["203.0.113.9, 10.0.0.2"][..]);
    for (forwarded_for, hosts, host) in [
        (one, &["chat.example"][..], "chat.example"),
        (one, &[" chat.example:8443\t"], "chat.example:8443"),
        (one, &["forged.example, chat.example"], "chat.example"),
        (one, &["forged.example", "chat.example"], "chat.example"),
        (one, &[], "inner:5000"),
        (two, &["chat.example, outer.example"], "chat.example"),
        (two, &["chat.example", "outer.example"], "chat.example"),
        (two, &["a.example, chat.example, b.example"], "chat.example"),
        // A proxy has replaced the list, or passed on what was there.
        (two, &["chat.example"], "chat.example"),
        // The peer does not say who asked, only for what.
        (&[], &["forged.example, chat.example"], "chat.example"),
        (&["unknown"], &["a.example, chat.example"], "chat.example"),
        (
            &["unknown, 10.0.0.2"],
            &["a.example, b.example"],
            "b.example",
        ),
        // An empty value is a value.
        (one, &["chat.example,"], ""),
        (two, &["chat.example,"], "chat.example"),
    ] {
        let counted = host_in(forwarded_for, hosts);
        assert_eq!(
            counted.as_deref(),
            Some(host),
            "{forwarded_for:?} {hosts:?}"
        );
    }
}

#[test]
fn a_forwarded_host_that_is_no_text_does_not_give_way_to_the_inner_one() {
    let request = request_of(PEER, &[(FORWARDED_HOST, b"\xff")]);
    assert_eq!(host(&trusted(&PROXIES), &request), None);
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_has_no_address_but_can_be_trusted() {
    let (near, _far) = tokio::net::UnixStream::pair().unwrap();
    let mut request = request_of(
        PEER,
        &[(FOR, b"203.0.113.9"), (FORWARDED_HOST, b"a.example")],
    );
    request.extensions_mut().clear();
    let peer = near.peer_addr().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    let unix = trusted(&["unix"]);
    assert_eq!(client(&unix, &request).as_deref(), Some("203.0.113.9:0"));
    assert_eq!(host(&unix, &request), Some("a.example"));
    let others = trusted(&["0.0.0.0/0", "::/0"]);
    assert_eq!(client(&others, &request), None);
    assert_eq!(host(&others, &request), Some("inner:5000"));
}

/// Generates addresses, half of them trusted.
fn addresses() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 3]>().prop_map(|[a, b, c]| IpAddr::from([10, a, b, c])),
        any::<[u8; 3]>().prop_map(|[a, b, c]| IpAddr::from([203, a, b, c])),
        any::<[u16; 7]>()
            .prop_map(|[a, b, c, d, e, f, g]| IpAddr::from([0xfd00, a, b, c, d, e, f, g])),
        any::<[u16; 7]>()
            .prop_map(|[a, b, c, d, e, f, g]| IpAddr::from([0x2001, a, b, c, d, e, f, g])),
    ]
}

/// Generates an address as a proxy may write it, and what follows it.
fn spelled() -> impl Strategy<Value = (SocketAddr, String)> {
    let ends = prop_oneof![Just("\n"), Just(","), Just(", "), Just("\t ,")];
    (addresses(), 0_u8..4, any::<u16>(), ends).prop_map(|(address, spelling, port, end)| {
        let mapped = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().into(),
            IpAddr::V6(_) => address,
        };
        let with_port = SocketAddr::new(address, port);
        let (read, text) = match spelling {
            0 => (SocketAddr::new(address, 0), address.to_string()),
            1 => (with_port, with_port.to_string()),
            2 => (SocketAddr::new(address, 0), mapped.to_string()),
            _ => (with_port, SocketAddr::new(mapped, port).to_string()),
        };
        (read, format!("{text}{end}"))
    })
}

/// Generates what clients may send: any bytes that a header may have.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        any::<u8>().prop_filter("no header", |byte| HeaderValue::from_bytes(&[*byte])
            .is_ok()),
        Just(b','),
        Just(b'1'),
        Just(b'.'),
        Just(b':'),
    ];
    vec(byte, 0..60)
}

proptest! {
    /// The rule in its simplest form: of the addresses after the last one that is not trusted,
    /// none counts, and of those in front of it neither.
    #[test]
    fn however_a_list_is_spelled_its_last_untrusted_address_counts(list in vec(spelled(), 1..8)) {
        let text: String = list.iter().map(|(_, text)| text.as_str()).collect();
        let text = text.trim_end_matches(['\n', '\t', ' ', ',']);
        let lines: Vec<_> = text.split('\n').map(|line| line.trim_end_matches([',', '\t', ' '])).collect();
        let is_trusted = |address: &IpAddr| match address {
            IpAddr::V4(address) => address.octets()[0] == 10,
            IpAddr::V6(address) => address.segments()[0] == 0xfd00,
        };
        let addresses: Vec<_> = list.iter().map(|(address, _)| *address).collect();
        let last = addresses.iter().rfind(|address| !is_trusted(&address.ip()));
        let expected = last.unwrap_or(&addresses[0]);
        prop_assert_eq!(client_in(&lines), expected.to_string(), "{:?}", lines);
    }

    /// Whatever a client has sent, what the trusted proxy has appended to it counts.
    #[test]
    fn nothing_that_a_client_sends_hides_its_address(
        sent in vec(anything(), 0..4),
        hosts in vec(anything(), 0..4),
        is_same_line in any::<bool>(),
    ) {
        let append = |mut lines: Vec<Vec<u8>>, value: &str| {
            match lines.last_mut() {
                Some(last) if is_same_line => last.extend_from_slice(format!(", {value}").as_bytes()),
                _ => lines.push(value.into()),
            }
            lines
        };
        let (sent, hosts) = (append(sent, "203.0.113.9"), append(hosts, "chat.example"));
        let mut lines: Vec<_> = sent.iter().map(|line| (FOR, &**line)).collect();
        lines.extend(hosts.iter().map(|line| (FORWARDED_HOST, &**line)));
        let (trusted, request) = (trusted(&PROXIES), request_of(PEER, &lines));
        prop_assert_eq!(client(&trusted, &request), Some("203.0.113.9:0".to_owned()));
        prop_assert_eq!(host(&trusted, &request), Some("chat.example"));
        let untrusted = request_of("192.0.2.1:1", &lines);
        prop_assert_eq!(client(&trusted, &untrusted), Some("192.0.2.1:1".to_owned()));
        prop_assert_eq!(host(&trusted, &untrusted), Some("inner:5000"));
    }

    /// Whatever a trusted proxy sends, there is a client.
    #[test]
    fn nothing_panics(lines in vec(anything(), 0..5), hosts in vec(anything(), 0..5)) {
        let mut all: Vec<_> = lines.iter().map(|line| (FOR, &**line)).collect();
        all.extend(hosts.iter().map(|line| (FORWARDED_HOST, &**line)));
        let everybody = trusted(&["0.0.0.0/0", "::/0"]);
        let request = request_of(PEER, &all);
        prop_assert!(client(&everybody, &request).is_some());
        let _ = host(&everybody, &request);
    }
}
