//! Tests of which origins are the server's own or allowed, and which entries are refused.

use http::header::HOST;
use proptest::prelude::*;

use super::*;

fn page<'a>(request: &'a Request<()>, allowed: &[&str]) -> Page<'a> {
    let allowed: Vec<_> = allowed.iter().map(|&origin| origin.to_owned()).collect();
    let allowed = AllowedOrigins::new(&allowed).unwrap();
    Page::of(request, &allowed, &TrustedProxies::default())
}

fn request(host: &str, origins: &[&str]) -> Request<()> {
    let mut request = Request::get("/hub").header(HOST, host);
    for origin in origins {
        request = request.header(ORIGIN, *origin);
    }
    request.body(()).unwrap()
}

fn is_own(host: &str, origin: &str) -> bool {
    page(&request(host, &[origin]), &[]) == Page::Own
}

fn is_allowed(entry: &str, origin: &str) -> bool {
    let request = request("server.example", &[origin]);
    matches!(page(&request, &[entry]), Page::Allowed(sent) if sent == origin)
}

#[test]
fn ones_own_has_the_host_and_port_that_the_request_is_for() {
    for (host, origin) in [
        ("chat.example", "https://chat.example"),
        ("chat.example", "http://chat.example"),
        ("chat.example:443", "https://chat.example"),
        ("chat.example", "https://chat.example:443"),
        ("chat.example:80", "http://chat.example"),
        ("Chat.Example:5000", "http://chat.EXAMPLE:5000"),
        ("[::1]:5000", "http://[0:0:0:0:0:0:0:1]:5000"),
        ("[2001:DB8::1]", "https://[2001:db8::1]:443"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ] {
        assert!(is_own(host, origin), "{host} {origin}");
    }
    for (host, origin) in [
        ("chat.example:443", "http://chat.example"),
        ("chat.example:80", "https://chat.example"),
        ("chat.example:5000", "http://chat.example"),
        ("chat.example", "http://chat.example:5000"),
        ("chat.example", "https://chat.example.evil"),
        ("chat.example", "https://evil.chat.example"),
        ("chat.example", "https://evil@chat.example"),
        ("evil@chat.example", "https://chat.example"),
        ("chat.example/", "https://chat.example"),
        ("chat.example", "https://chat.example/path"),
        ("chat.example", "https://chat.example?"),
        ("chat.example", "https:chat.example"),
        ("chat.example", "https:///chat.example"),
        ("chat.example", "https:\\\\chat.example"),
        ("chat.example", "https://chat.example, https://chat.example"),
        ("bücher.example", "https://bücher.example"),
        ("", "https://"),
        ("", "null"),
        ("null", "null"),
    ] {
        assert!(!is_own(host, origin), "{host} {origin}");
    }
}

#[test]
fn only_web_pages_are_the_servers_own() {
    for scheme in [
        "ws",
        "ftp",
        "file",
        "tauri",
        "chrome-extension",
        "data",
        "HTTPX",
    ] {
        assert!(
            !is_own("localhost", &format!("{scheme}://localhost")),
            "{scheme}"
        );
    }
}

#[test]
fn the_host_of_http_2_is_in_the_target() {
    let mut request = request("ignored", &["https://chat.example"]);
    request.headers_mut().remove(HOST);
    assert_eq!(page(&request, &[]), Page::Refused);
    *request.uri_mut() = "https://chat.example/hub".parse().unwrap();
    assert_eq!(page(&request, &[]), Page::Own);
}

#[test]
fn a_request_with_two_hosts_has_no_pages_of_its_own() {
    let mut request = request("a.example", &["https://b.example"]);
    request
        .headers_mut()
        .append(HOST, HeaderValue::from_static("b.example"));
    assert_eq!(page(&request, &[]), Page::Refused);
}

#[test]
fn an_absent_origin_passes_and_two_do_not() {
    let own = "http://chat.example";
    assert_eq!(page(&request("chat.example", &[]), &[]), Page::Unnamed);
    for origins in [
        [own, own],
        [own, "http://evil.example"],
        ["null", own],
        [own, ""],
    ] {
        let request = request("chat.example", &origins);
        assert_eq!(page(&request, &[own]), Page::Refused, "{origins:?}");
    }
}

#[test]
fn an_allowed_origin_is_compared_as_a_url() {
    for (entry, origin) in [
        ("https://partner.example", "https://partner.example"),
        ("https://partner.example/", "https://partner.example"),
        ("https://partner.example:443", "https://partner.example"),
        ("HTTPS://Partner.Example", "https://partner.example"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://localhost:4200", "http://localhost:4200"),
        ("http://[::1]:4200", "http://[0::1]:4200"),
        ("tauri://localhost", "tauri://localhost"),
        ("Capacitor://LocalHost/", "capacitor://localhost"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("app://.", "app://."),
    ] {
        assert!(is_allowed(entry, origin), "{entry} {origin}");
    }
    for (entry, origin) in [
        ("https://partner.example", "http://partner.example"),
        ("https://partner.example", "https://partner.example:8443"),
        ("https://partner.example", "https://partner.example.evil"),
        ("https://partner.example", "https://sub.partner.example"),
        ("https://partner.example", "https://partner.example/path"),
        ("http://localhost:4200", "http://127.0.0.1:4200"),
        ("tauri://localhost", "capacitor://localhost"),
        ("https://partner.example", "null"),
        ("https://partner.example", ""),
    ] {
        assert!(!is_allowed(entry, origin), "{entry} {origin}");
    }
}

#[test]
fn what_could_never_match_says_why() {
    use NotAnOrigin::*;
    for (entry, why) in [
        ("", Empty),
        ("null", Null),
        ("*", Wildcard),
        ("https://*.example", Wildcard),
        ("chat.example", NoScheme),
        ("localhost:4200", NoScheme),
        ("//chat.example", NoScheme),
        ("data:text/html", NoScheme),
        ("wss://chat.example", OddScheme),
        ("file://folder", OddScheme),
        ("https://chat.example/path", MoreThanAnOrigin),
        ("https://chat.example//", MoreThanAnOrigin),
        ("https://chat.example?query", MoreThanAnOrigin),
        ("https://chat.example#part", MoreThanAnOrigin),
        ("https://user@chat.example", MoreThanAnOrigin),
        ("https://chat.example ", MoreThanAnOrigin),
        (" https://chat.example", MoreThanAnOrigin),
        ("file:///folder/page.html", MoreThanAnOrigin),
        ("https://", Invalid(ParseError::EmptyHost)),
        ("https://:443", Invalid(ParseError::EmptyHost)),
        (
            "https://chat.example:port",
            Invalid(ParseError::InvalidPort),
        ),
        (
            "https://chat.example:99999",
            Invalid(ParseError::InvalidPort),
        ),
        ("https://[::1", Invalid(ParseError::InvalidIpv6Address)),
        (
            "1https://chat.example",
            Invalid(ParseError::RelativeUrlWithoutBase),
        ),
    ] {
        assert_eq!(Origin::parse(entry), Err(why), "{entry}");
    }
}

#[test]
fn an_entry_that_could_never_match_is_refused_and_named() {
    let refused = AllowedOrigins::new(&[
        "https://ok.example".into(),
        "https://chat.example/chat".into(),
    ]);
    let expected = "`https://chat.example/chat` in `allowed_origins` is the origin of no page";
    let error = refused.unwrap_err();
    assert!(error.to_string().starts_with(expected), "{error}");
    assert_eq!(error.option(), "allowed_origins");
}

/// Generates scheme, host and port.
fn parts() -> impl Strategy<Value = (String, String, u16)> {
    let host = prop_oneof![
        "[a-z][a-z0-9-]{0,9}x(\\.[a-z]{2,8}){0,3}",
        any::<[u8; 4]>().prop_map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
        any::<u128>().prop_map(|bits| format!("[{}]", std::net::Ipv6Addr::from(bits))),
    ];
    let port = prop_oneof![Just(80), Just(443), any::<u16>()];
    (
        "https?",
        host.prop_filter("punycode", |host| !host.contains("xn--")),
        port,
    )
}

/// Returns the host and its port, which may be missing if it is the scheme's default.
fn authority(scheme: &str, host: &str, port: u16, is_short: bool) -> String {
    match (scheme, port) {
        ("http", 80) | ("https", 443) if is_short => host.to_owned(),
        _ => format!("{host}:{port}"),
    }
}

fn in_some_case(text: &str, upper: &[bool]) -> String {
    let upper = upper.iter().cycle();
    let chars = text.chars().zip(upper);
    chars
        .map(|(c, &upper)| if upper { c.to_ascii_uppercase() } else { c })
        .collect()
}

proptest! {
    #[test]
    fn spelling_does_not_count(
        (scheme, host, port) in parts(),
        short in any::<[bool; 2]>(),
        slash in any::<bool>(),
        upper in any::<[bool; 7]>(),
    ) {
        let plain = authority(&scheme, &host, port, short[0]);
        let odd = in_some_case(&authority(&scheme, &host, port, short[1]), &upper);
        let slash = if slash { "/" } else { "" };
        let origin = format!("{scheme}://{plain}");
        prop_assert!(is_own(&odd, &origin));
        let entry = format!("{}://{odd}{slash}", in_some_case(&scheme, &upper));
        prop_assert!(is_allowed(&entry, &origin));
    }

    #[test]
    fn another_scheme_host_or_port_does_count(one in parts(), other in parts()) {
        let text = |(scheme, host, port): &(String, String, u16)| format!("{scheme}://{host}:{port}");
        let (host, port) = (&other.1, other.2);
        prop_assert_eq!(is_allowed(&text(&other), &text(&one)), one == other);
        let is_same = (&one.1, one.2) == (host, port);
        prop_assert_eq!(is_own(&format!("{host}:{port}"), &text(&one)), is_same);
    }

    #[test]
    fn no_text_panics_and_what_is_an_origin_is_itself(text in "\\PC*|[a-z]{1,5}://\\PC{0,20}", host in "\\PC{0,20}") {
        if let Ok(origin) = Origin::parse(&text) {
            let port = origin.port.map_or(String::new(), |port| format!(":{port}"));
            let again = format!("{}://{}{port}", origin.scheme, origin.host);
            prop_assert_eq!(Origin::parse(&again), Ok(origin.clone()));
            let _ = origin.is_of(&host);
        }
    }
}
