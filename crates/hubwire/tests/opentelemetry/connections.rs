//! Connections: the span of the request that opened one, in this process or in that of its client.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use hubwire::{MapHub, SignalR, serve};
use opentelemetry::trace::SpanId;
use test_support::client::Client;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing::{Instrument, info_span};

use super::calls::ShopHub;
use super::exported::Exported;
use super::{PARENT, TRACE, TRACEPARENT};

/// Opens a connection with this request and calls a method; returns when all spans have ended.
async fn visit(layer: impl FnOnce(Router) -> Router, headers: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let signalr = SignalR::new();
    let hub = signalr.hub().build(ShopHub);
    let app = layer(Router::new().map_hub("/shop", hub.endpoint()));
    let mut serving = JoinSet::new();
    serving.spawn(serve(listener, app).with(&signalr).into_future());
    let mut client = Client::open_with_headers(address, "/shop", headers).await;
    client.call("1", "Order", "").await;
    client
        .expect(r#"{"type":3,"invocationId":"1","result":null}"#)
        .await;
    client.send_close(&1000_u16.to_be_bytes()).await;
    signalr.shutdown().await;
}

/// Runs each request in a span, as `tower_http::trace` does.
fn traced(app: Router) -> Router {
    let traced = |request: Request, next: Next| next.run(request).instrument(info_span!("request"));
    app.layer(from_fn(traced))
}

#[tokio::test]
async fn a_connection_continues_the_trace_of_its_request() {
    let exported = Exported::of("info");
    visit(|app| app, &format!("TraceParent: {TRACEPARENT}\r\n")).await;
    let (call, connection) = (exported.one("ShopHub/Order"), exported.one("connection"));
    assert_eq!(connection.span_context.trace_id().to_string(), TRACE);
    assert_eq!(connection.parent_span_id.to_string(), PARENT);
    assert!(connection.parent_span_is_remote);
    assert_eq!(call.parent_span_id, SpanId::INVALID);
    assert_eq!(call.links[0].span_context, connection.span_context);
    let hook = exported.one("ShopHub/OnConnectedAsync");
    assert_eq!(hook.span_context.trace_id().to_string(), TRACE);
}

#[tokio::test]
async fn the_span_of_the_request_is_the_parent_and_ends_without_the_connection() {
    let exported = Exported::of("info");
    visit(traced, &format!("traceparent: {TRACEPARENT}\r\n")).await;
    let (request, connection) = (exported.one("request"), exported.one("connection"));
    assert_eq!(connection.parent_span_id, request.span_context.span_id());
    assert!(!connection.parent_span_is_remote);
    assert!(request.end_time < connection.end_time);
}

#[tokio::test]
async fn calls_of_a_connection_without_a_span_are_linked_to_its_client() {
    let exported = Exported::of("info,hubwire::connection=off");
    visit(|app| app, &format!("traceparent: {TRACEPARENT}\r\n")).await;
    let call = exported.one("ShopHub/Order");
    let [link] = &*call.links else {
        panic!("one link: {call:#?}");
    };
    assert_eq!(link.span_context.span_id().to_string(), PARENT);
    assert!(
        exported
            .spans()
            .iter()
            .all(|span| span.name != "connection")
    );
}

#[tokio::test]
async fn a_malformed_request_header_changes_nothing() {
    let exported = Exported::of("info");
    visit(|app| app, "traceparent: 00-xyz\r\nbaggage: %ff=%ff\r\n").await;
    let connection = exported.one("connection");
    assert_eq!(connection.parent_span_id, SpanId::INVALID);
    assert_eq!(exported.one("ShopHub/Order").links.len(), 1);
}
