//! What pages of each origin get, with every status of both paths.

use axum::extract::Request;
use axum::middleware::map_request;
use axum::{Router, http};
use http::{HeaderName, HeaderValue, Method, header};
use hubwire::{HubHandle, MapHub, NAME_IDENTIFIER, Principal, SignalR};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::client::Client;
use crate::hubs::ProbeHub;
use crate::requests::{Response, UPGRADE, request};

const PARTNER: &str = "https://partner.example";
const EVENTS: &str = "Accept: text/event-stream\r\n";
const ANN: &str = "X-User: ann\r\n";

/// A server whose hub has an allowed origin at `/partner`, and none at `/plain`.
struct Stage {
    address: std::net::SocketAddr,
    signalr: SignalR,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Stage {
    async fn start(layered: impl FnOnce(Router) -> Router) -> Self {
        let signalr = SignalR::new();
        let hub: HubHandle<ProbeHub> = signalr.hub().build(ProbeHub::default());
        let app = Router::new()
            .map_hub("/partner", hub.endpoint().allowed_origins([PARTNER]))
            .map_hub("/plain", hub.endpoint())
            .layer(map_request(as_user));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(
            hubwire::serve(listener, layered(app))
                .with(&signalr)
                .into_future(),
        );
        Self {
            address,
            signalr,
            _serving: serving,
        }
    }

    async fn request(&self, line: &str, headers: &str) -> Response {
        request(self.address, line, headers).await
    }

    /// A request of a page.
    async fn of(&self, origin: &str, line: &str, headers: &str) -> Response {
        let headers = format!("Origin: {origin}\r\n{headers}");
        self.request(line, &headers).await
    }

    async fn negotiate(&self, headers: &str) -> String {
        let line = "POST /partner/negotiate?negotiateVersion=1";
        let response = self.request(line, headers).await;
        let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        body["connectionToken"].as_str().unwrap().to_owned()
    }

    /// How many ids there are.
    fn tokens(&self) -> usize {
        self.signalr.statistics().tokens
    }
}

/// Takes a header for the user.
async fn as_user(mut request: Request) -> Request {
    let user = request.headers().get("x-user").cloned();
    if let Some(user) = user.as_ref().and_then(|user| user.to_str().ok()) {
        let principal = Principal::new([(NAME_IDENTIFIER, user)]);
        request.extensions_mut().insert(principal);
    }
    request
}

/// Each request that has a status of its own, but for those of a server that closes.
struct Table {
    rows: Vec<(String, &'static str, u16)>,
    /// Its id is in use.
    _open: Client,
}

impl Table {
    async fn of(stage: &Stage) -> Self {
        let negotiated = stage.negotiate("").await;
        let of_ann = stage.negotiate(ANN).await;
        let used = format!("/partner?id={}", stage.negotiate("").await);
        let rows = [
            ("POST /partner/negotiate", "", 200),
            ("POST /partner/negotiate?negotiateVersion=x", "", 200),
            ("GET /partner/negotiate", "", 405),
            ("OPTIONS /partner/negotiate", "", 405),
            ("OPTIONS /partner", "", 405),
            ("PUT /partner", "", 405),
            ("GET /partner", "", 400),
            ("GET /partner", EVENTS, 400),
            ("POST /partner", "", 400),
            ("DELETE /partner", "", 400),
            ("GET /partner?id=x", "", 404),
            ("GET /partner?id=x", EVENTS, 404),
            ("GET /partner?id=x", UPGRADE, 404),
            ("POST /partner?id=x", "", 404),
            ("DELETE /partner?id=x", "", 404),
            (&format!("DELETE /partner?id={negotiated}"), "", 400),
            (&format!("GET /partner?id={negotiated}"), "", 404),
            (&format!("GET /partner?id={of_ann}"), UPGRADE, 403),
            (&format!("POST /partner?id={of_ann}"), "", 403),
            (&format!("GET {used}"), UPGRADE, 409),
            (&format!("POST {used}"), "", 405),
            ("GET /partner", UPGRADE, 101),
        ];
        Self {
            rows: rows
                .map(|(line, headers, status)| (line.to_owned(), headers, status))
                .into(),
            _open: Client::open(stage.address, &used).await,
        }
    }
}

#[track_caller]
fn assert_allowed(response: &Response, case: &str) {
    for (name, value) in [
        ("access-control-allow-origin", PARTNER),
        ("access-control-allow-credentials", "true"),
        ("vary", "origin"),
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
async fn ones_own_pages_and_other_clients_are_told_nothing_of_it() {
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

/// A layer as an application has it for its other routes.
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
async fn beside_a_layer_of_the_application_no_header_comes_twice() {
    let origins = [PARTNER, "https://other.example"].map(HeaderValue::from_static);
    for origin in origins {
        let allowed = AllowOrigin::list([origin]);
        let stage = Stage::start(|app| app.layer(layer(allowed))).await;
        for (line, headers, status) in Table::of(&stage).await.rows {
            if line.starts_with("OPTIONS") {
                // The layer's own affair.
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
            let names = vary.split(", ").filter(|name| *name == "origin");
            assert_eq!(names.count(), 1, "{vary}");
        }
        let refused = stage
            .of("https://evil.example", "POST /partner/negotiate", "")
            .await;
        assert_eq!(refused.status, 403);
        assert_no_header_twice(&refused);
    }
}
