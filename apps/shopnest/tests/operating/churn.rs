//! Scrapes while clients come and go.

use test_support::client::Client;
use tokio::task::JoinSet;

use crate::exported::scrape_until;
use crate::shop::Shop;

const CONNECTIONS: u32 = 10_000;
const AT_A_TIME: u32 = 50;
const CALLS: &str = "hubwire_invocation_duration_seconds_count";
const MEMORY: &str = "hubwire_outbound_memory_bytes";

#[tokio::test]
async fn ten_thousand_connections_come_and_go_between_scrapes() {
    let shop = Shop::open().await;
    let mut crowd = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let address = shop.address;
        crowd.spawn(async move {
            for _ in 0..CONNECTIONS / AT_A_TIME {
                let mut visitor = Client::open(address, "/hubs/chat").await;
                visitor.record().await;
                visitor.call("1", "LeaveRoom", r#""support""#).await;
                visitor.record().await;
                visitor.leave().await;
            }
        });
    }
    let mut calls = 0.0;
    while !crowd.is_empty() {
        let scrape = shop.scrape().await;
        let more = scrape.sum(CALLS, &[]);
        assert!(more >= calls, "{more} after {calls}");
        calls = more;
        while let Some(visitor) = crowd.try_join_next() {
            visitor.unwrap();
        }
    }
    let scrape = scrape_until(&shop, |it| it.sum(MEMORY, &[]) == 0.0).await;
    assert_eq!(scrape.sum(CALLS, &[]), f64::from(CONNECTIONS));
}
