//! What counts as the client's address and as the server's host behind proxies, trusted or not.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response};
use futures_util::future::BoxFuture;
use hubwire::manual::NegotiateEndpoint;
use hubwire::{HubCallerContext, HubEndpoint, SignalR, SignalRBuilder, hub};
use serde_json::json;
use test_support::http_client::{Endpoint, HANDSHAKE, HttpClient};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tower::ServiceExt;
use tracing::Level;

use crate::http_stage::{call, completed, send};

const PROXY: &str = "10.0.0.1:1234";
const STRANGER: &str = "192.0.2.1:1234";

struct ProxiedHub {
    gate: Gate,
    log: Log,
}

/// Notes that it was dropped.
struct Noted {
    log: Log,
    what: String,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.log.note(format!("{} is dropped", self.what));
    }
}

#[hub]
impl ProxiedHub {
    pub fn address(&self, cx: &HubCallerContext<Self>) -> Option<String> {
        cx.request().remote_address().map(|it| it.to_string())
    }

    pub async fn outlive(&self, name: String) {
        let noted = Noted {
            log: self.log.clone(),
            what: name,
        };
        self.gate.passed().await;
        std::mem::forget(noted);
    }
}

struct Stage {
    server: TestServer<ProxiedHub>,
    gate: Gate,
    log: Log,
}

impl Stage {
    fn new(configure: impl FnOnce(SignalRBuilder) -> SignalRBuilder) -> Self {
        let (gate, log) = (Gate::closed(), Log::default());
        let hub = ProxiedHub {
            gate: gate.clone(),
            log: log.clone(),
        };
        let signalr = SignalR::builder().trusted_proxies(["10.0.0.0/8"]);
        let signalr = configure(signalr).build();
        Self {
            server: TestServer::on(signalr, hub, |hub| hub),
            gate,
            log,
        }
    }

    fn reached_by(&self, peer: &str, forwarded_for: &'static str) -> ReachedBy {
        ReachedBy {
            endpoint: self.server.endpoint.clone(),
            peer: peer.parse().unwrap(),
            forwarded_for,
        }
    }

    /// Calls a method that outlives its connection, and disconnects.
    async fn call_and_go(&self, peer: &str, forwarded_for: &'static str, name: &str) {
        let client = HttpClient::negotiate(&self.reached_by(peer, forwarded_for)).await;
        client.shake_hands().await;
        client.post(send("Outlive", &json!([name]))).await;
        settle().await;
        client.delete().await;
        settle().await;
    }

    /// The status of a negotiation, whose peer sends these headers.
    async fn negotiate(&self, peer: &str, headers: &[(&'static str, &str)]) -> u16 {
        let mut request = Request::post("/hub/negotiate?negotiateVersion=1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(String::new()).unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let negotiate = self.server.endpoint.negotiate();
        let response = negotiate.oneshot(request).await.unwrap();
        response.status().as_u16()
    }
}

/// An endpoint whose requests come from a peer that forwards them.
#[derive(Clone)]
struct ReachedBy {
    endpoint: HubEndpoint,
    peer: SocketAddr,
    forwarded_for: &'static str,
}

impl Endpoint for ReachedBy {
    fn negotiation(&self) -> NegotiateEndpoint {
        self.endpoint.negotiate()
    }

    fn respond(
        &self,
        mut request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let forwarded_for = HeaderValue::from_static(self.forwarded_for);
        let headers = request.headers_mut();
        headers.insert("x-forwarded-for", forwarded_for);
        self.endpoint.respond(request)
    }
}

#[tokio::test(start_paused = true)]
async fn trusted_proxies() {
    let stage = Stage::new(|signalr| signalr);
    for (peer, forwarded_for, address) in [
        (PROXY, "203.0.113.9", "203.0.113.9:0"),
        (
            PROXY,
            "192.0.2.7, 203.0.113.9:80, 10.0.0.2",
            "203.0.113.9:80",
        ),
        (PROXY, "unknown", PROXY),
        (STRANGER, "203.0.113.9", STRANGER),
        (STRANGER, "203.0.113.9, 10.0.0.2", STRANGER),
    ] {
        let endpoint = stage.reached_by(peer, forwarded_for);
        let ask = call("1", "Address", &json!([]));
        let polling = HttpClient::negotiate(&endpoint).await;
        polling.shake_hands().await;
        polling.post(ask.clone()).await;
        let answers = polling.poll().await.messages();
        assert_eq!(answers, [completed("1", address)], "{peer} {forwarded_for}");
        polling.delete().await;

        let client = HttpClient::negotiate(&endpoint).await;
        let mut events = client.open_event_stream().await;
        client.post(HANDSHAKE).await;
        assert_eq!(events.message().await, json!({}));
        client.post(ask).await;
        let answer = events.message().await;
        assert_eq!(answer, completed("1", address), "{peer} {forwarded_for}");
    }
    pass(seconds(16)).await;
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn negotiated_ids_count_by_the_address_that_trusted_proxies_forward() {
    let stage = Stage::new(|signalr| signalr.maximum_negotiated_ids_per_address(1));
    for (peer, forwarded_for, status) in [
        (PROXY, "203.0.113.9", 200),
        (PROXY, "203.0.113.9:5678", 503),
        (PROXY, "::ffff:203.0.113.9", 503),
        ("10.0.0.2:1", "203.0.113.9", 503),
        (PROXY, "203.0.113.10, 203.0.113.9", 503),
        (PROXY, "203.0.113.10", 200),
        (PROXY, "2001:db8::1", 200),
        (PROXY, "[2001:db8::2]:80", 503),
        // A stranger gets no further by what it sends.
        (STRANGER, "203.0.113.11", 200),
        (STRANGER, "203.0.113.12", 503),
        // Nor does it take the room of the one that it names.
        (PROXY, "203.0.113.11", 200),
        (PROXY, "203.0.113.12", 200),
    ] {
        let headers = [("x-forwarded-for", forwarded_for)];
        let negotiated = stage.negotiate(peer, &headers).await;
        assert_eq!(negotiated, status, "{peer} {forwarded_for}");
    }
}

#[tokio::test(start_paused = true)]
async fn orphaned_calls_count_by_the_address_that_trusted_proxies_forward() {
    let names = ["first", "second", "third", "fourth"];
    for (peer, dropped) in [
        (PROXY, "second is dropped"),
        // To the server, these are four calls of one client.
        (STRANGER, "fourth is dropped"),
    ] {
        let stage = Stage::new(|signalr| signalr.maximum_orphaned_calls(3));
        let clients = ["203.0.113.1", "203.0.113.1", "203.0.113.2", "203.0.113.3"];
        for (client, name) in clients.into_iter().zip(names) {
            stage.call_and_go(peer, client, name).await;
        }
        assert_eq!(stage.log.take(), [dropped]);
        stage.gate.open(3);
        settle().await;
        assert_eq!(stage.log.take(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn pages_are_the_servers_own_by_the_host_that_trusted_proxies_forward() {
    let stage = Stage::new(|signalr| signalr.allowed_origins(["https://partner.example"]));
    let (chat, inner) = ("https://chat.example", "http://inner:5000");
    for (peer, origin, forwarded_for, forwarded_host, status) in [
        (PROXY, chat, "203.0.113.9", Some("chat.example"), 200),
        (PROXY, inner, "203.0.113.9", Some("chat.example"), 403),
        (PROXY, chat, "203.0.113.9", Some("chat.example:8443"), 403),
        (PROXY, chat, "203.0.113.9", Some("evil.example"), 403),
        (PROXY, chat, "203.0.113.9", Some(""), 403),
        (PROXY, inner, "203.0.113.9", Some(""), 403),
        // Two proxies in a row.
        (
            PROXY,
            chat,
            "203.0.113.9, 10.0.0.2",
            Some("chat.example, outer:80"),
            200,
        ),
        (
            PROXY,
            "http://outer",
            "203.0.113.9, 10.0.0.2",
            Some("chat.example, outer:80"),
            403,
        ),
        // Without the header, the host is that of the request.
        (PROXY, chat, "203.0.113.9", None, 403),
        (PROXY, inner, "203.0.113.9", None, 200),
        (STRANGER, chat, "203.0.113.9", Some("chat.example"), 403),
        (STRANGER, inner, "203.0.113.9", Some("chat.example"), 200),
        // Nothing takes an allowed origin away.
        (
            PROXY,
            "https://partner.example",
            "203.0.113.9",
            Some("chat.example"),
            200,
        ),
    ] {
        let mut headers = vec![
            ("host", "inner:5000"),
            ("origin", origin),
            ("x-forwarded-for", forwarded_for),
        ];
        headers.extend(forwarded_host.map(|host| ("x-forwarded-host", host)));
        let negotiated = stage.negotiate(peer, &headers).await;
        assert_eq!(negotiated, status, "{peer} {headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_names_the_host_that_counted_for_a_refused_page() {
    let stage = Stage::new(|signalr| signalr);
    let lines = LogLines::written(Level::WARN);
    for (peer, origin, host) in [
        (PROXY, "https://a.example", "inner:80"),
        (STRANGER, "https://b.example", "inner:5000"),
    ] {
        let headers = [
            ("host", "inner:5000"),
            ("origin", origin),
            ("x-forwarded-host", "chat.example, inner:80"),
        ];
        assert_eq!(stage.negotiate(peer, &headers).await, 403);
        let line = lines.one();
        assert_eq!(line.field("origin"), origin);
        assert_eq!(line.field("host"), host);
        assert_eq!(line.field("option"), "allowed_origins");
        assert!(line.message.contains("`trusted_proxies`"), "{line:?}");
    }
}
