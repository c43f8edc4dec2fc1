//! Everything that the server serves, by path and ignoring case.

use axum::Router;
use axum::extract::Request;
use axum::http::Uri;
use axum::middleware::map_request;
use hubwire::{MapHub, SignalR};

use crate::bench_hub::BenchHub;
use crate::{
    chat_endpoints, filter_endpoints, kick_endpoints, matrix_endpoints, pack_endpoints, statistics,
    suite_endpoints,
};

/// Returns all routes; those that the transcripts and the benchmark do not use belong to the test
/// suites.
pub(crate) fn router(signalr: &SignalR, filtered: &SignalR, allowed_origins: &[String]) -> Router {
    let routes = chat_endpoints::router(signalr, allowed_origins)
        .merge(pack_endpoints::router(signalr))
        .merge(filter_endpoints::router(filtered))
        .merge(kick_endpoints::router(signalr))
        .merge(matrix_endpoints::router(signalr))
        .merge(statistics::router(signalr))
        .map_hub("/bench", signalr.hub().build(BenchHub).endpoint())
        .fallback_service(suite_endpoints::router(signalr));
    // A separate router, because the path must be changed before routing.
    Router::new()
        .fallback_service(routes)
        .layer(map_request(plain_path))
}

/// What follows these is an id or a name, which is case-sensitive.
const BEFORE_NAMES: [&str; 2] = ["/clientresult/", "/generatejwttoken/"];

/// Paths match regardless of case and of a trailing slash; the routes above have neither capitals
/// nor a trailing slash.
async fn plain_path(mut request: Request) -> Request {
    let path = request.uri().path();
    let plain = path.strip_suffix('/').unwrap_or(path);
    if plain.len() < path.len() || plain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let mut target = lower_case(plain);
        if target.is_empty() {
            target.push('/');
        }
        if let Some(query) = request.uri().query() {
            target.push('?');
            target.push_str(query);
        }
        // The scheme and the authority stay: in HTTP/2, there is no `Host`.
        let mut parts = request.uri().clone().into_parts();
        if let Ok(target) = target.parse() {
            parts.path_and_query = Some(target);
        }
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

fn lower_case(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let before = BEFORE_NAMES.iter().find(|it| lower.starts_with(**it));
    match before.and_then(|before| Some((before, path.get(before.len()..)?))) {
        Some((before, name)) => format!("{before}{name}"),
        None => lower,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[tokio::test]
    async fn paths_become_plain_and_the_rest_stays() {
        for (target, plain) in [
            ("/testHub/?Id=A", "/testhub?Id=A"),
            ("/ClientResult/Ab/", "/clientresult/Ab"),
            ("/generateJwtToken", "/generatejwttoken"),
            ("/generateJwtToken/Ann", "/generatejwttoken/Ann"),
            (
                "https://localhost:1/testHub?a",
                "https://localhost:1/testhub?a",
            ),
        ] {
            let request = Request::get(target).body(Body::empty()).unwrap();
            assert_eq!(plain_path(request).await.uri(), plain);
        }
    }
}
