//! Readiness and health while a shop is open, drains, and has ended.

use std::io::ErrorKind;

use test_support::client::Received;
use tokio::net::TcpStream;

use crate::shop::Shop;

#[tokio::test]
async fn a_draining_shop_is_healthy_and_not_ready() {
    let mut shop = Shop::open().await;
    let mut visitor = shop.guest("/hubs/chat").await;
    assert!(visitor.record().await.contains(r#""target":"Connected""#));
    assert_eq!(shop.ask("/ready").await.status, 200);
    assert_eq!(shop.ask("/health").await.status, 200);
    assert_eq!(shop.ask("/").await.status, 404);

    shop.ask_to_stop().await;
    visitor.expect(r#"{"type":7,"allowReconnect":true}"#).await;
    assert_eq!(visitor.next().await, Received::Close(Some(1000)));
    // The shop waits for the visitor's Close now.
    let ready = shop.ask("/ready").await;
    assert_eq!((ready.status, &*ready.body), (503, "shutting down\n"));
    assert_eq!(shop.ask("/health").await.status, 200);
    shop.scrape().await;

    visitor.send_close(&1000_u16.to_be_bytes()).await;
    assert!(shop.ended().await.success());
    let closed = TcpStream::connect(shop.operations).await.unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::ConnectionRefused);
}
