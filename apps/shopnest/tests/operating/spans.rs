//! Spans that a shop sends to a collector.

use std::process::Stdio;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use test_support::client::Client;

use crate::collector::Collector;
use crate::shop::{Shop, command};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// How long the exporter itself tries, in milliseconds.
const TIMEOUT: &str = "OTEL_EXPORTER_OTLP_TIMEOUT";

async fn shop_with_a_visitor(collector: &Collector) -> (Shop, Client) {
    let variables = [(ENDPOINT, &*collector.endpoint), (TIMEOUT, "60000")];
    let shop = Shop::open_with(&variables).await;
    let mut visitor = shop.guest("/hubs/chat").await;
    visitor.record().await;
    (shop, visitor)
}

/// The header of W3C Trace Context, and what is in it.
const TRACE_PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
const PARENT: u64 = 0x00f0_67aa_0ba9_02b7;

#[tokio::test]
async fn a_call_is_a_span_of_the_callers_trace_and_arrives_before_the_shop_has_ended() {
    let mut collector = Collector::open().await;
    let (mut shop, mut visitor) = shop_with_a_visitor(&collector).await;
    let headers = format!(r#""headers":{{"traceparent":"{TRACE_PARENT}"}}"#);
    let call = r#""invocationId":"1","target":"LeaveRoom","arguments":["support"]"#;
    visitor
        .send(&format!(r#"{{"type":1,{headers},{call}}}"#))
        .await;
    visitor
        .expect(r#"{"type":3,"invocationId":"1","result":null}"#)
        .await;
    visitor.leave().await;
    shop.ask_to_stop().await;
    assert!(shop.ended().await.success());

    let (service, span) = collector.next(|it| it.name == "ChatHub/LeaveRoom").await;
    assert!(service.contains(r#""shopnest""#), "{service}");
    assert_eq!(span.trace_id, TRACE.to_be_bytes());
    assert_eq!(span.parent_span_id, PARENT.to_be_bytes());
    assert_eq!(span.kind(), SpanKind::Server);
}

#[tokio::test]
async fn a_collector_that_does_not_respond_keeps_no_shop_from_ending() {
    let mut collector = Collector::open_silent().await;
    let (mut shop, visitor) = shop_with_a_visitor(&collector).await;
    visitor.leave().await;
    shop.ask_to_stop().await;
    collector.next(|it| it.name == "connection").await;
    assert!(shop.ended().await.success());
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_used_is_refused_by_name() {
    let mut command = command();
    command.env(ENDPOINT, "https://collector.example:4318");
    let refused = command.stderr(Stdio::piped()).output().await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("OTEL_EXPORTER_OTLP_ENDPOINT is https://"),
        "{said}"
    );
}
