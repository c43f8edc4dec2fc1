//! Headers that requests of HTTP/1.1 have, for applications that look for them in HTTP/2.

use http::header::{COOKIE, HOST};
use http::{HeaderMap, HeaderValue, Request};

/// Adds `Host` where only the target names the host, and joins the pieces of `Cookie` (RFC 9113,
/// section 8.2.3). ASP.NET Core's Kestrel does the same.
pub(super) fn add_to<B>(request: &mut Request<B>) {
    let host = request.uri().authority();
    let host = host.and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    let headers = request.headers_mut();
    if let Some(host) = host.filter(|_| !headers.contains_key(HOST)) {
        headers.insert(HOST, host);
    }
    join_cookies(headers);
}

fn join_cookies(headers: &mut HeaderMap) {
    let pieces: Vec<_> = headers.get_all(COOKIE).iter().collect();
    if pieces.len() < 2 {
        return;
    }
    let pieces: Vec<_> = pieces.into_iter().map(HeaderValue::as_bytes).collect();
    if let Ok(mut joined) = HeaderValue::from_bytes(&pieces.join(&b"; "[..])) {
        joined.set_sensitive(true);
        headers.insert(COOKIE, joined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, headers: &[(&str, &str)]) -> HeaderMap {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).unwrap();
        add_to(&mut request);
        request.into_parts().0.headers
    }

    #[test]
    fn the_target_gives_the_host() {
        let headers = request("https://shop.example:8443/hub", &[]);
        assert_eq!(headers[HOST], "shop.example:8443");
        let headers = request("/hub", &[]);
        assert!(!headers.contains_key(HOST));
    }

    #[test]
    fn a_host_that_is_there_stays() {
        let headers = request("https://shop.example/hub", &[("host", "other.example")]);
        let hosts: Vec<_> = headers.get_all(HOST).iter().collect();
        assert_eq!(hosts, ["other.example"]);
    }

    #[test]
    fn pieces_of_cookies_become_one_header() {
        let headers = request("/", &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")]);
        let cookies: Vec<_> = headers.get_all(COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; b=2"]);
        assert_eq!(request("/", &[("cookie", "a=1; c")])[COOKIE], "a=1; c");
    }
}
