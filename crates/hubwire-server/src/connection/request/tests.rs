//! Tests of what is kept of a request.

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
    ConnectionRequest::new(&parts, keep, 8 * 1024)
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
fn the_version_is_kept_whatever_else_is() {
    for version in [
        Version::HTTP_09,
        Version::HTTP_10,
        Version::HTTP_11,
        Version::HTTP_2,
        Version::HTTP_3,
    ] {
        let request = http::Request::get("/hub?a").version(version);
        let parts = request.body(()).unwrap().into_parts().0;
        for (keep, maximum) in [(KeepRequest::Everything, 100), (KeepRequest::PathOnly, 0)] {
            let kept = ConnectionRequest::new(&parts, keep, maximum);
            assert_eq!(kept.http_version(), version);
            assert_eq!(kept.bytes_left_out() > 0, maximum == 0);
        }
    }
    let nothing = ConnectionRequest::default();
    assert_eq!(nothing.http_version(), Version::HTTP_11);
}

#[test]
fn the_user_is_kept_and_not_shown() {
    let ann = Principal::new([("sub", "secret")]);
    let request = http::Request::get("/hub").extension(ann.clone());
    let parts = request.body(()).unwrap().into_parts().0;
    let kept = ConnectionRequest::new(&parts, KeepRequest::PathOnly, 0);
    assert_eq!(kept.principal(), Some(&ann));
    assert!(!format!("{kept:?}").contains("secret"));
}

#[test]
fn tokens_whose_names_are_percent_encoded_are_left_out() {
    let request = http::Request::get("/hubs/chat?a=1&%69d=secret&access%5Ftoken=secret");
    let parts = request.body(()).unwrap().into_parts().0;
    let kept = ConnectionRequest::new(&parts, KeepRequest::WithoutTokens, 8 * 1024);
    assert_eq!(kept.query(), "a=1");
}

#[test]
fn odd_headers_disturb_no_other() {
    let kept = request(KeepRequest::WithoutTokens);
    assert_eq!(kept.header("x-long"), None);
    assert_eq!(kept.bytes_left_out(), "x-long".len() + 70_000);
    assert_eq!(kept.header("x-binary"), Some(""));
    assert_eq!(kept.header("user-agent"), Some("test"));
    assert!(!format!("{kept:?}").contains("secret"));
}

#[test]
fn repeated_headers_and_cookies_are_all_there() {
    let request = http::Request::get("/hub")
        .header("X-Role", "cook")
        .header("Cookie", "a=1; session = x=y ;empty=;odd")
        .header("x-role", "waiter, guest")
        .header("Cookie", "b=2;a=3")
        .header("COOKIE", "c=\"4%20\"");
    let parts = request.body(()).unwrap().into_parts().0;
    let kept = ConnectionRequest::new(&parts, KeepRequest::WithoutTokens, 8 * 1024);
    let roles: Vec<_> = kept.headers("X-ROLE").collect();
    assert_eq!(roles, ["cook", "waiter, guest"]);
    assert_eq!(kept.header("x-role"), Some("cook"));
    assert_eq!(kept.headers("x-none").next(), None);
    for (name, value) in [
        ("a", Some("1")),
        ("b", Some("2")),
        ("c", Some("\"4%20\"")),
        ("session", Some("x=y")),
        ("empty", Some("")),
        ("odd", None),
        ("A", None),
        ("", None),
    ] {
        assert_eq!(kept.cookie(name), value, "{name}");
    }
}

/// Creates a request with this path, and with a header of this many bytes between two short
/// ones.
fn large(path: &str, header: usize) -> Parts {
    let request = http::Request::get(path)
        .header("X-First", "1")
        .header("X-Large", "x".repeat(header))
        .header("X-Last", "2");
    request.body(()).unwrap().into_parts().0
}

#[test]
fn no_more_is_kept_than_is_allowed() {
    let long = format!("/{}?{}", "p".repeat(30_000), "q".repeat(30_000));
    for parts in [
        large("/hub", 60_000),
        large("/hub", 98_000),
        large(&long, 5),
    ] {
        let kept = ConnectionRequest::new(&parts, KeepRequest::Everything, 8 * 1024);
        assert!(kept.packed.len() <= 8 * 1024 + HEAD_SIZE);
        assert!(kept.bytes_left_out() >= 60_000, "{kept:?}");
        let ends = [kept.header("x-first"), kept.header("x-last")];
        assert_eq!(ends, [Some("1"), Some("2")]);
    }
    let kept = ConnectionRequest::new(&large(&long, 5), KeepRequest::Everything, 8 * 1024);
    assert_eq!((kept.path(), kept.query()), ("", ""));
    assert_eq!(kept.header("x-large"), Some("xxxxx"));
}

#[test]
fn what_fits_is_kept_to_the_byte() {
    let parts = large("/hub?a", 1_000);
    let size = ["/hub", "a", "x-first", "1", "x-large", "x-last", "2"].map(str::len);
    let size = size.iter().sum::<usize>() + 1_000 + 8 * 2;
    let whole = ConnectionRequest::new(&parts, KeepRequest::Everything, size);
    assert_eq!(whole.bytes_left_out(), 0);
    assert_eq!(whole.header("x-last"), Some("2"));
    let cut = ConnectionRequest::new(&parts, KeepRequest::Everything, size - 1);
    assert_eq!(cut.bytes_left_out(), "x-last2".len());
    let none = ConnectionRequest::new(&parts, KeepRequest::Everything, 0);
    assert_eq!((none.path(), none.query()), ("", ""));
    assert_eq!(none.header("x-first"), None);
}
