//! What a shop exports about itself and its server.

use std::time::Duration;

use test_support::requests::{post, request};
use tokio::time::{Instant, sleep};

use crate::scrape::Scrape;
use crate::shop::{Shop, bearer};

/// Scrapes until `is_there`: a server passes most of its metrics on once a second.
pub(crate) async fn scrape_until(shop: &Shop, is_there: impl Fn(&Scrape) -> bool) -> Scrape {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let scrape = shop.scrape().await;
        if is_there(&scrape) {
            return scrape;
        }
        let names = scrape.labels_by_name();
        assert!(Instant::now() < limit, "only these are there: {names:#?}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn messages_and_orders_of_the_shop_are_counted() {
    let shop = Shop::open().await;
    let mut visitor = shop.guest("/hubs/chat").await;
    visitor.record().await;
    visitor.call("1", "JoinRoom", r#""support""#).await;
    visitor.record().await;
    visitor
        .expect(r#"{"type":3,"invocationId":"1","result":null}"#)
        .await;
    for text in ["hello", "  "] {
        let arguments = format!(r#""support","Ada","{text}""#);
        visitor.call("2", "SendMessage", &arguments).await;
    }
    while !visitor.record().await.contains("Message cannot be empty") {}
    let admin = shop
        .sign_in(r#"{"user":"admin","password":"admin-demo"}"#)
        .await;
    let shipped = request(shop.address, "POST /api/orders/7/ship", &bearer(&admin)).await;
    assert_eq!(shipped.status, 200);

    let scrape = shop.scrape().await;
    assert_eq!(scrape.sum("shopnest_chat_messages_total", &[]), 1.0);
    assert_eq!(scrape.sum("shopnest_orders_shipped_total", &[]), 1.0);
    let description = scrape.description("shopnest_orders_shipped_total");
    assert_eq!(description, Some("Orders that were shipped."));
    let calls = "hubwire_invocation_duration_seconds_count";
    let of = |outcome| {
        [
            ("hub", "ChatHub"),
            ("method", "SendMessage"),
            ("outcome", outcome),
        ]
    };
    assert_eq!(scrape.sum(calls, &of("completed")), 1.0);
    assert_eq!(scrape.sum(calls, &of("failed")), 1.0);
    let scrape = scrape_until(&shop, |it| {
        it.labels_by_name().contains_key("hubwire_panics_total")
    })
    .await;
    assert_eq!(scrape.sum("hubwire_panics_total", &[]), 0.0);
}

#[tokio::test]
async fn sign_ins_are_counted_by_their_outcomes() {
    let shop = Shop::open().await;
    for _ in 0..2 {
        shop.sign_in(r#"{"guest":true}"#).await;
    }
    for body in [
        r#"{"user":"ann","password":"x"}"#,
        r#"{"user":"nobody","password":"x"}"#,
        r#"{"renew":true}"#,
        "{",
    ] {
        assert_ne!(post(shop.address, "/api/login", body).await.status, 200);
    }
    let scrape = shop.scrape().await;
    for (outcome, expected) in [
        ("granted", 2.0),
        ("wrong_password", 2.0),
        ("not_renewed", 1.0),
        ("no_sign_in", 1.0),
    ] {
        let of_outcome = [("outcome", outcome)];
        let count = scrape.sum("shopnest_sign_ins_total", &of_outcome);
        assert_eq!(count, expected, "{outcome}");
    }
}

#[tokio::test]
async fn limits_are_exported_by_their_names_before_they_are_hit() {
    let shop = Shop::open().await;
    let hits = "hubwire_limit_hits_total";
    let of = |scrape: &Scrape, limit| scrape.sum(hits, &[("limit", limit)]);
    let mut visitor = shop.guest("/hubs/chat").await;
    visitor.record().await;
    // The limits of the server, and of its listener.
    let scrape = scrape_until(&shop, |it| {
        ["json_nesting", "write_timeout"].map(|limit| it.has(hits, &[("limit", limit)]))
            == [true; 2]
    })
    .await;
    assert_eq!(of(&scrape, "json_nesting"), 0.0);
    let nested = "[".repeat(64) + &"]".repeat(64);
    visitor.call("1", "JoinRoom", &nested).await;
    scrape_until(&shop, |it| of(it, "json_nesting") == 1.0).await;
}
