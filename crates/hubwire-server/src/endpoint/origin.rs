//! Which pages may open connections.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// Whether a request's origin may connect: none at all, the server's own, or one that is allowed.
///
/// Browsers send cookies with WebSockets from any page, so a foreign page would act as its visitor.
pub(crate) fn is_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    allowed
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(origin))
        || is_own(origin, headers)
}

fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let own = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    matches!((own, authority), (Some(own), Some(authority)) if own.eq_ignore_ascii_case(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "shop.example:5000".parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        is_allowed(&headers, &["https://partner.example".to_owned()])
    }

    #[test]
    fn only_known_origins_pass() {
        assert!(allowed(None));
        assert!(allowed(Some("http://shop.example:5000")));
        assert!(allowed(Some("https://partner.example")));
        assert!(!allowed(Some("http://shop.example")));
        assert!(!allowed(Some("https://evil.example")));
        assert!(!allowed(Some("null")));
    }
}
