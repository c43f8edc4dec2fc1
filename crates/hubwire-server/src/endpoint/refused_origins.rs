//! Logging of refused origins: each origin once, and one line in ten seconds if there are many.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use http::header::ORIGIN;
use http::{HeaderValue, Request};
use hubwire_protocol::Excerpt;

use super::{HubEndpoint, forwarded};

/// How many logged origins are remembered; a new one replaces the oldest.
const REMEMBERED: usize = 64;

/// The value that browsers send for pages that have no origin.
const NO_ORIGIN: &str = "null";

/// How many origins may be logged at once.
const BURST: u64 = 5;

/// The time after which one more origin may be logged, in milliseconds.
const INTERVAL: u64 = 10_000;

/// The refusals of an endpoint.
#[derive(Debug, Default)]
pub(super) struct RefusedOrigins(Mutex<Refusals>);

#[derive(Debug, Default)]
struct Refusals {
    count: u64,
    named: VecDeque<String>,
    /// The time at which a full burst may be logged again.
    rested: u64,
}

impl RefusedOrigins {
    /// Counts a refusal, and warns about an origin that was not logged before.
    pub(super) fn count<B>(&self, endpoint: &HubEndpoint, request: &Request<B>) {
        let origins = request.headers().get_all(ORIGIN).iter();
        let origin = shown(origins.map(HeaderValue::as_bytes));
        let Some(refusals) = self.count_one(&origin, endpoint.hub.node().now()) else {
            return;
        };
        let (hub, trusted) = (endpoint.hub.name(), endpoint.hub.node().trusted_proxies());
        let host = forwarded::host(trusted, request);
        let host = shown(host.into_iter().map(str::as_bytes));
        if origin == NO_ORIGIN {
            tracing::warn!(
                target: "hubwire::endpoint",
                %hub,
                %origin,
                %host,
                refusals,
                "a page without an origin was refused, which cannot be allowed: it was opened from a file, or is a \
                 sandboxed frame; serve it over HTTP instead",
            );
            return;
        }
        tracing::warn!(
            target: "hubwire::endpoint",
            %hub,
            %origin,
            %host,
            option = "allowed_origins",
            refusals,
            "a page of a foreign origin was refused: if it is one of yours, name its origin in the option; \
             if a proxy stands in front, let it pass on the host that the browser sent, or name the proxy in \
             `trusted_proxies` if it sends `X-Forwarded-Host`",
        );
    }

    /// Returns the number of refusals, if this origin is to be logged.
    fn count_one(&self, origin: &str, now: u64) -> Option<u64> {
        let mut refusals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.count += 1;
        let is_known = refusals.named.iter().any(|named| named == origin);
        let rested = refusals.rested.max(now) + INTERVAL;
        if is_known || rested > now + BURST * INTERVAL {
            return None;
        }
        refusals.rested = rested;
        if refusals.named.len() == REMEMBERED {
            refusals.named.pop_front();
        }
        refusals.named.push_back(origin.to_owned());
        Some(refusals.count)
    }
}

/// Formats the values of a header as one line, whatever they contain.
fn shown<'a>(values: impl Iterator<Item = &'a [u8]>) -> String {
    let bytes = values.collect::<Vec<_>>().join(&b", "[..]);
    Excerpt(bytes.escape_ascii()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_named_once() {
        let refused = RefusedOrigins::default();
        assert_eq!(refused.count_one("https://a.example", 0), Some(1));
        assert_eq!(refused.count_one("https://a.example", 1), None);
        assert_eq!(refused.count_one("https://b.example", 1), Some(3));
        assert_eq!(refused.count_one("https://a.example", 1_000_000), None);
    }

    #[test]
    fn a_flood_of_origins_is_a_handful_of_lines_and_little_memory() {
        let refused = RefusedOrigins::default();
        let named = |now| {
            let origins = (0..10_000).map(|number| format!("https://{number}.example"));
            origins
                .filter_map(|origin| refused.count_one(&origin, now))
                .count()
        };
        assert_eq!(named(0), 5);
        assert_eq!(named(INTERVAL - 1), 0);
        assert_eq!(named(INTERVAL), 1);
        assert_eq!(named(3 * INTERVAL), 2);
        for hour in 1..100 {
            assert_eq!(named(hour * 3_600_000), 5);
        }
        let refusals = refused.0.lock().unwrap();
        assert_eq!(refusals.named.len(), REMEMBERED);
        assert_eq!(refusals.count, 103 * 10_000);
    }

    #[test]
    fn what_is_shown_is_one_short_line() {
        assert_eq!(shown([].into_iter()), "");
        let two = [&b"https://a.example"[..], b"\t\x9b\"b"];
        assert_eq!(shown(two.into_iter()), r#"https://a.example, \t\x9b\"b"#);
        let long = [&[0xff; 10_000][..]];
        assert_eq!(shown(long.into_iter()), r"\xff".repeat(64) + "...");
    }
}
