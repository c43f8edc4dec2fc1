//! A server for pages, and the requests that pages may send.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use hubwire::{HubHandle, MapHub, NAME_IDENTIFIER, Principal, SignalR};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use test_support::client::Client;
use test_support::hubs::ProbeHub;
use test_support::requests::{Response, UPGRADE, request};

pub(crate) const PARTNER: &str = "https://partner.example";
const EVENTS: &str = "Accept: text/event-stream\r\n";
const ANN: &str = "X-User: ann\r\n";

/// A server with an allowed origin at `/partner`, and none at `/plain`.
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) signalr: SignalR,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Stage {
    pub(crate) async fn start(layered: impl FnOnce(Router) -> Router) -> Self {
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

    pub(crate) async fn request(&self, line: &str, headers: &str) -> Response {
        request(self.address, line, headers).await
    }

    /// Sends a request of a page.
    pub(crate) async fn of(&self, origin: &str, line: &str, headers: &str) -> Response {
        let headers = format!("Origin: {origin}\r\n{headers}");
        self.request(line, &headers).await
    }

    pub(crate) async fn negotiate(&self, headers: &str) -> String {
        let line = "POST /partner/negotiate?negotiateVersion=1";
        let response = self.request(line, headers).await;
        let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        body["connectionToken"].as_str().unwrap().to_owned()
    }

    /// Returns the number of connection ids.
    pub(crate) fn tokens(&self) -> usize {
        self.signalr.statistics().tokens
    }
}

/// Takes the user from a header.
async fn as_user(mut request: Request) -> Request {
    let user = request.headers().get("x-user").cloned();
    if let Some(user) = user.as_ref().and_then(|user| user.to_str().ok()) {
        let principal = Principal::new([(NAME_IDENTIFIER, user)]);
        request.extensions_mut().insert(principal);
    }
    request
}

/// Each request with a status of its own, except those to a server that is shutting down.
pub(crate) struct Table {
    pub(crate) rows: Vec<(String, &'static str, u16)>,
    /// The client that uses the id.
    _open: Client,
}

impl Table {
    pub(crate) async fn of(stage: &Stage) -> Self {
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
            (&format!("POST /partner?id={negotiated}"), "", 200),
            (&format!("GET {used}"), "", 400),
            (&format!("GET {used}"), EVENTS, 400),
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
