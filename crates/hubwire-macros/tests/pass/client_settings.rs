//! Proxies that say how clients are called, and clients whose own methods have those names.
#![deny(missing_docs, unreachable_pub, warnings)]

use hubwire::manual::{Many, One};
use hubwire::{MessageKey, Proxy, Reach, SendError, WhenBusy, hub_client};

mod desk {
    use super::*;

    #[hub_client]
    pub(crate) trait DeskClient {
        fn price_changed(&self, symbol: &str, price: f64);
        fn confirm(&self, question: &str) -> bool;
    }

    #[hub_client]
    pub(crate) trait NewsClient {
        fn latest(&self, headline: &str);
        fn volatile(&self);
        fn when_busy(&self, sure: u8) -> bool;
        fn told(&self, text: &str);
    }
}

use desk::{DeskClientProxy, NewsClientProxy};

async fn of_typed_proxies<R: Reach>(all: DeskClientProxy<R>, key: &MessageKey) -> Result<(), SendError> {
    all.latest("HUB").price_changed("HUB", 7.0).await?;
    all.latest(String::from("HUB")).volatile().price_changed("HUB", 7.0).await?;
    let kept: DeskClientProxy<R> = all.latest(key);
    kept.price_changed("HUB", 7.0).await?;
    all.when_busy(WhenBusy::DropOldest).price_changed("HUB", 7.0).await?;
    all.as_ref().latest("HUB").send("PriceChanged", ("HUB", 7.0)).await
}

async fn beside_results(one: DeskClientProxy<One>) -> bool {
    let one = one.with_timeout(std::time::Duration::from_secs(1)).volatile();
    one.confirm("sure?").await.unwrap_or_default()
}

// The application's methods win, and `as_ref` reaches the others.
async fn of_namesakes(all: NewsClientProxy<Many>, one: NewsClientProxy<One>) -> Result<(), SendError> {
    all.latest("it rains").await?;
    all.volatile().await?;
    let _: bool = one.when_busy(7).await.unwrap_or_default();
    let untyped: Proxy<Many> = all.as_ref().latest("weather");
    untyped.send("Told", ("it rains",)).await?;
    NewsClientProxy::from(untyped).told("it rains").await?;
    let volatile: NewsClientProxy<Many> = all.as_ref().volatile().into();
    volatile.latest("it rains").await
}

fn assert_send<P, F: Future + Send>(_: fn(P) -> F) {}

fn main() {
    assert_send(beside_results);
    let _ = of_typed_proxies::<Many>;
    let _ = of_namesakes;
}
