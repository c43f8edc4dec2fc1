//! Spans that a shop sends to a collector.

use std::process::Stdio;

use test_support::client::Client;

use crate::collector::Collector;
use crate::shop::{Shop, command};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

async fn shop_with_a_visitor(collector: &Collector) -> (Shop, Client) {
    let shop = Shop::open_with(&[(ENDPOINT, &collector.endpoint)]).await;
    let mut visitor = Client::open(shop.address, "/hubs/chat").await;
    visitor.record().await;
    (shop, visitor)
}

#[tokio::test]
async fn a_connection_is_a_span_that_arrives_before_the_shop_has_ended() {
    let mut collector = Collector::open().await;
    let (mut shop, visitor) = shop_with_a_visitor(&collector).await;
    visitor.leave().await;
    shop.ask_to_stop().await;
    assert!(shop.ended().await.success());
    let (service, span) = collector.next(|it| it.name == "connection").await;
    assert!(service.contains(r#""shopnest""#), "{service}");
    assert_eq!(span.parent_span_id, b"");
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
