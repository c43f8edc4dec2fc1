//! 000, `StockTickerHub`: a timer that pushes until the server shuts down.

use std::time::Duration;

use hubwire::{HubContext, SignalR, hub, hub_client};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use super::*;

#[hub_client]
trait StockTickerClient {
    fn price_changed(&self, symbol: &str, price: f64);
}

struct StockTickerHub;

#[hub(client = StockTickerClient)]
impl StockTickerHub {}

async fn tick(stocks: HubContext<StockTickerHub>) {
    let mut every_five_seconds = interval(Duration::from_secs(5));
    let mut price = 100.0;
    loop {
        every_five_seconds.tick().await;
        price += 0.5;
        let told = stocks.clients().all().price_changed("HUB", price).await;
        if let Err(error) = told {
            tracing::warn!(%error, "a price was not sent");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn prices_come_every_five_seconds_until_the_shutdown() {
    let signalr = SignalR::new();
    let stocks = signalr.hub().build(StockTickerHub);
    let mut ann = connect(&stocks.endpoint()).await;
    let (shutdown, began) = (signalr.shutdown_token(), Instant::now());
    let mut ticker = JoinSet::new();
    ticker.spawn(shutdown.run_until_cancelled_owned(tick(stocks.context())));
    hears(&mut ann, "PriceChanged", json!(["HUB", 100.5])).await;
    hears(&mut ann, "PriceChanged", json!(["HUB", 101])).await;
    assert_eq!(began.elapsed().as_secs(), 5);

    drop(ann);
    signalr.shutdown().await;
    assert_eq!(ticker.join_next().await.unwrap().unwrap(), None);
}
