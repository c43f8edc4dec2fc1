//! Scrapes while clients come and go.

use tokio::task::JoinSet;

use crate::exported::scrape_until;
use crate::scrape::Scrape;
use crate::shop::{Shop, visit};

const CONNECTIONS: u32 = 10_000;
const AT_A_TIME: u32 = 50;
const CALLS: &str = "hubwire_invocation_duration_seconds_count";
const ACTIVE: &str = "signalr_server_active_connections";
const ENDED: &str = "signalr_server_connection_duration_seconds_count";
const WEB_SOCKETS: (&str, &str) = ("signalr_transport", "web_sockets");

#[tokio::test]
async fn ten_thousand_connections_come_and_go_between_scrapes() {
    let shop = Shop::open().await;
    let mut crowd = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let address = shop.address;
        let token = shop.sign_in(r#"{"guest":true}"#).await;
        crowd.spawn(async move {
            for _ in 0..CONNECTIONS / AT_A_TIME {
                let mut visitor = visit(address, "/hubs/chat", &token).await;
                visitor.record().await;
                visitor.call("1", "LeaveRoom", r#""support""#).await;
                visitor.record().await;
                visitor.leave().await;
            }
        });
    }
    let (mut calls, mut most_active) = (0.0, 0.0_f64);
    while !crowd.is_empty() {
        let scrape = shop.scrape().await;
        let more = scrape.sum(CALLS, &[]);
        assert!(more >= calls, "{more} after {calls}");
        calls = more;
        let active = scrape.sum(ACTIVE, &[WEB_SOCKETS]);
        // Passed on once a second: a visitor's next connection may be there before its last is gone.
        assert!(
            (0.0..=2.0 * f64::from(AT_A_TIME)).contains(&active),
            "{active}"
        );
        most_active = most_active.max(active);
        while let Some(visitor) = crowd.try_join_next() {
            visitor.unwrap();
        }
    }
    assert!(most_active > 0.0, "no scrape saw a connection");
    let status = ("signalr_connection_status", "normal_closure");
    let has_ended = |it: &Scrape| it.sum(ENDED, &[status, WEB_SOCKETS]) == f64::from(CONNECTIONS);
    let scrape = scrape_until(&shop, |it| it.sum(ACTIVE, &[]) == 0.0 && has_ended(it)).await;
    assert_eq!(scrape.sum(CALLS, &[]), f64::from(CONNECTIONS));
}
