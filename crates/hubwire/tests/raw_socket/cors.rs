//! The responses to pages of each origin, for every status of both paths.

mod stage;

use axum::http::{HeaderName, HeaderValue, Method, header};
use hubwire::{HubHandle, SignalR};
use stage::{PARTNER, Stage, Table};
use tower_http::cors::{AllowOrigin, CorsLayer};

use test_support::hubs::ProbeHub;
use test_support::requests::{Response, UPGRADE};

#[track_caller]
fn assert_allowed(response: &Response, case: &str) {
    for (name, value) in [
        ("access-control-allow-origin", PARTNER),
        ("access-control-allow-credentials", "true"),
        ("vary", "Origin"),
    ] {
        assert_eq!(response.all(name), [value], "{case}: {response:?}");
    }
}

#[track_caller]
fn assert_no_cors(response: &Response, case: &str) {
    let cors = |name: &&str| name.starts_with("access-control-") || *name == "vary";
    let names = response.names();
    assert!(
        !names.iter().map(String::as_str).any(|name| cors(&name)),
        "{case}: {names:?}"
    );
}

#[tokio::test]
async fn an_allowed_page_may_read_every_status() {
    let stage = Stage::start(|app| app).await;
    for (line, headers, status) in Table::of(&stage).await.rows {
        let response = stage.of(PARTNER, &line, headers).await;
        assert_eq!(response.status, status, "{line}: {response:?}");
        assert_allowed(&response, &line);
        assert_eq!(response.header("access-control-allow-methods"), None);
    }
    stage.signalr.shutdown().await;
    for (line, headers) in [("POST /partner/negotiate", ""), ("GET /partner", UPGRADE)] {
        let response = stage.of(PARTNER, line, headers).await;
        assert_eq!(response.status, 503, "{line}");
        assert_allowed(&response, line);
    }
}

#[tokio::test]
async fn own_pages_and_other_clients_get_no_cors_headers() {
    let stage = Stage::start(|app| app).await;
    let own = format!("Origin: http://{}\r\n", stage.address);
    let table = Table::of(&stage).await;
    for (line, headers, status) in table.rows {
        for origin in ["", &own] {
            let response = stage.request(&line, &format!("{origin}{headers}")).await;
            assert_eq!(response.status, status, "{line} {origin}");
            assert_no_cors(&response, &line);
        }
    }
}

#[tokio::test]
async fn a_foreign_page_gets_403_and_no_id_whatever_it_asks_for() {
    let stage = Stage::start(|app| app).await;
    let table = Table::of(&stage).await;
    let tokens = stage.tokens();
    let two = format!("{PARTNER}\r\nOrigin: {PARTNER}");
    for origin in [
        "https://evil.example",
        "http://partner.example",
        "null",
        "",
        "tauri://x",
        &two,
    ] {
        for (line, headers, _) in &table.rows {
            let response = stage.of(origin, line, headers).await;
            match line.starts_with("OPTIONS") {
                true => response.assert_is(405, Some("text/plain"), ""),
                false => response.assert_is(403, None, ""),
            }
            assert_no_cors(&response, line);
        }
    }
    let not_here = stage.of(PARTNER, "POST /plain/negotiate", "").await;
    not_here.assert_is(403, None, "");
    assert_eq!(stage.tokens(), tokens);
    stage.signalr.shutdown().await;
    let closing = stage.of("null", "POST /partner/negotiate", "").await;
    assert_eq!(closing.status, 403);
}

fn asking(method: &str, headers: &str) -> String {
    let headers = match headers {
        "" => String::new(),
        _ => format!("Access-Control-Request-Headers: {headers}\r\n"),
    };
    format!("Access-Control-Request-Method: {method}\r\n{headers}")
}

#[tokio::test]
async fn a_preflight_allows_what_clients_ask_for() {
    let stage = Stage::start(|app| app).await;
    for path in [
        "/partner/negotiate?negotiateVersion=1",
        "/partner",
        "/partner?id=x",
    ] {
        for method in ["POST", "GET", "DELETE"] {
            for headers in [
                "",
                "x-requested-with,x-signalr-user-agent",
                "authorization,x-any",
            ] {
                let line = format!("OPTIONS {path}");
                let response = stage.of(PARTNER, &line, &asking(method, headers)).await;
                response.assert_is(204, None, "");
                assert_allowed(&response, path);
                let allowed = response.all("access-control-allow-methods");
                assert_eq!(allowed, ["GET,POST,DELETE"]);
                let allowed = response.header("access-control-allow-headers");
                assert_eq!(allowed.unwrap_or_default(), headers);
            }
        }
    }
    assert_eq!(stage.tokens(), 0);
}

#[tokio::test]
async fn other_options_are_not_allowed() {
    let stage = Stage::start(|app| app).await;
    let own = format!("http://{}", stage.address);
    for path in ["/partner/negotiate", "/partner"] {
        let line = format!("OPTIONS {path}");
        for method in ["PUT", "PATCH", "OPTIONS", "post", ""] {
            let response = stage.of(PARTNER, &line, &asking(method, "")).await;
            response.assert_is(405, Some("text/plain"), "");
            assert_allowed(&response, method);
        }
        for origin in ["https://evil.example", "null", &own] {
            let response = stage.of(origin, &line, &asking("POST", "x")).await;
            response.assert_is(405, Some("text/plain"), "");
            assert_no_cors(&response, origin);
        }
        let response = stage.request(&line, &asking("POST", "x")).await;
        response.assert_is(405, Some("text/plain"), "");
    }
}

#[tokio::test]
#[should_panic(
    expected = "`shop.example` in `allowed_origins` is the origin of no page: the scheme is missing"
)]
async fn an_entry_that_could_never_match_panics_at_start_up() {
    let signalr = SignalR::new();
    let hub: HubHandle<ProbeHub> = signalr.hub().build(ProbeHub::default());
    let _ = hub.endpoint().allowed_origins([PARTNER, "shop.example"]);
}

/// Creates a layer as an application has for its other routes.
fn layer(origin: impl Into<AllowOrigin>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origin)
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(["x-requested-with", "x-signalr-user-agent"].map(HeaderName::from_static))
}

#[track_caller]
fn assert_no_header_twice(response: &Response) {
    let mut names = response.names();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "{response:?}");
}

#[tokio::test]
async fn next_to_a_layer_of_the_application_no_header_is_duplicated() {
    let origins = [PARTNER, "https://other.example"].map(HeaderValue::from_static);
    for origin in origins {
        let allowed = AllowOrigin::list([origin]);
        let stage = Stage::start(|app| app.layer(layer(allowed))).await;
        for (line, headers, status) in Table::of(&stage).await.rows {
            if line.starts_with("OPTIONS") {
                // The layer itself answers these.
                continue;
            }
            let response = stage.of(PARTNER, &line, headers).await;
            assert_eq!(response.status, status, "{line}");
            assert_no_header_twice(&response);
            assert_eq!(
                response.header("access-control-allow-origin"),
                Some(PARTNER)
            );
            assert_eq!(
                response.header("access-control-allow-credentials"),
                Some("true")
            );
            let vary = response.header(header::VARY.as_str()).unwrap();
            let names = vary
                .split(", ")
                .filter(|name| name.eq_ignore_ascii_case("origin"));
            assert_eq!(names.count(), 1, "{vary}");
        }
        let refused = stage
            .of("https://evil.example", "POST /partner/negotiate", "")
            .await;
        assert_eq!(refused.status, 403);
        assert_no_header_twice(&refused);
    }
}
