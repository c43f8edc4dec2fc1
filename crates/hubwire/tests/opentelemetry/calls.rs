//! Calls: their parents, links, kinds and status, in both protocols and inside filters.

use futures_util::{Stream, stream};
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::{HubError, HubResult, hub};
use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanId, SpanKind, Status, TraceContextExt};
use serde_json::json;
use test_support::in_memory::*;
use test_support::packed::PackedClient;

use super::exported::{Exported, attribute};
use super::{PARENT, TRACE, TRACEPARENT};

pub(crate) struct ShopHub;

#[hub]
impl ShopHub {
    /// Returns the shop of the baggage.
    pub async fn order(&self) -> Option<String> {
        settle().await;
        let context = Context::current();
        assert!(context.has_active_span());
        context.baggage().get("shop").map(ToString::to_string)
    }

    pub fn refuse(&self) -> HubResult {
        Err(HubError::new("sold out"))
    }

    pub fn follow(&self) -> impl Stream<Item = HubResult<u32>> + use<> {
        stream::iter([Ok(1), Err(HubError::new("lost"))])
    }
}

/// Does nothing, inside a span of its own.
struct Spanned;

impl HubFilter for Spanned {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let traceparent = invocation.headers().get("traceparent");
        assert_eq!(traceparent, Some(TRACEPARENT));
        let result = next.run(invocation);
        tracing::Instrument::instrument(result, tracing::info_span!("filter")).await
    }
}

/// Checks a call that continues the trace of its client, and that is linked to its connection.
fn assert_continued(exported: &Exported, name: &str) {
    let (call, connection) = (exported.one(name), exported.one("connection"));
    assert_eq!(call.span_context.trace_id().to_string(), TRACE);
    assert_eq!(call.parent_span_id.to_string(), PARENT);
    assert!(call.parent_span_is_remote);
    assert_eq!(call.span_kind, SpanKind::Server);
    let links: Vec<_> = call.links.iter().map(|link| &link.span_context).collect();
    assert_eq!(links, [&connection.span_context]);
    assert_ne!(connection.span_context.trace_id().to_string(), TRACE);
}

#[tokio::test(start_paused = true)]
async fn a_call_continues_the_trace_of_its_client_in_both_protocols() {
    let order = json!({
        "type": 1, "invocationId": "1", "target": "order", "arguments": [],
        "headers": {"traceparent": TRACEPARENT, "tracestate": "a=b", "baggage": "shop=north"},
    });
    for is_packed in [false, true] {
        let exported = Exported::of("info");
        let server = TestServer::new(ShopHub);
        let result = match is_packed {
            false => {
                let mut client = server.connect().await;
                client.send_record(&order).await.unwrap();
                let completion = message(&mut client).await;
                client.close().await.unwrap();
                completion["result"].clone()
            }
            true => {
                let mut client = PackedClient::handshaken(server.open()).await.unwrap();
                client.send_record(&order).await.unwrap();
                let completion = client.completion().await.unwrap();
                client.close().await.unwrap();
                completion.unwrap()
            }
        };
        pass(seconds(1)).await;
        assert_eq!(result, "north");
        assert_continued(&exported, "ShopHub/Order");
        let call = exported.one("ShopHub/Order");
        assert_eq!(call.span_context.trace_state().header(), "a=b");
        assert_eq!(attribute(&call, "rpc.method"), Some("Order"));
        assert_eq!(attribute(&call, "rpc.service"), Some("ShopHub"));
        assert_eq!(attribute(&call, "rpc.system"), Some("signalr"));
        assert_eq!(attribute(&call, "error.type"), None);
        assert_eq!(call.status, Status::Unset);
    }
}

#[tokio::test(start_paused = true)]
async fn failures_of_calls_and_streams_are_errors() {
    let exported = Exported::of("info");
    let server = TestServer::new(ShopHub);
    let mut client = server.connect().await;
    let headers = json!({"traceparent": TRACEPARENT});
    for (kind, method) in [(1, "Refuse"), (4, "Follow")] {
        let call = json!({"type": kind, "invocationId": "1", "target": method, "arguments": [], "headers": headers});
        client.send_record(&call).await.unwrap();
        settle().await;
    }
    client.close().await.unwrap();
    pass(seconds(1)).await;
    for name in ["ShopHub/Refuse", "ShopHub/Follow"] {
        assert_continued(&exported, name);
        let call = exported.one(name);
        assert!(matches!(call.status, Status::Error { .. }), "{call:?}");
        assert_eq!(attribute(&call, "error.type"), Some("HubException"));
    }
}

#[tokio::test(start_paused = true)]
async fn filters_run_inside_the_continued_trace() {
    let exported = Exported::of("info");
    let server = TestServer::with(ShopHub, |options| options.filter(Spanned));
    let mut client = server.connect().await;
    let order = json!({
        "type": 1, "invocationId": "1", "target": "Order", "arguments": [],
        "headers": {"traceparent": TRACEPARENT},
    });
    client.send_record(&order).await.unwrap();
    pass(seconds(1)).await;
    let (call, filter) = (exported.one("ShopHub/Order"), exported.one("filter"));
    assert_eq!(call.parent_span_id.to_string(), PARENT);
    assert_eq!(filter.parent_span_id, call.span_context.span_id());
    assert_eq!(filter.span_context.trace_id().to_string(), TRACE);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_headers_begins_a_trace() {
    let exported = Exported::of("info");
    let server = TestServer::new(ShopHub);
    let mut client = server.connect().await;
    client.send("Order", ()).await.unwrap();
    pass(seconds(1)).await;
    client.close().await.unwrap();
    pass(seconds(1)).await;
    let (call, connection) = (exported.one("ShopHub/Order"), exported.one("connection"));
    assert_eq!(call.parent_span_id, SpanId::INVALID);
    assert_ne!(
        call.span_context.trace_id(),
        connection.span_context.trace_id()
    );
    assert_eq!(call.links.len(), 1);
    for hook in ["ShopHub/OnConnectedAsync", "ShopHub/OnDisconnectedAsync"] {
        let hook = exported.one(hook);
        assert_eq!(hook.span_kind, SpanKind::Internal);
        assert_eq!(hook.parent_span_id, connection.span_context.span_id());
        assert!(hook.links.is_empty());
    }
}
