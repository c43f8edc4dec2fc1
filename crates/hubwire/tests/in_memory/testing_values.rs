//! `hubwire::testing` reads and writes values under the hub's naming and with every digit.

use futures_util::stream;
use hubwire::dotnet::{self, Decimal};
use hubwire::testing::{HubTester, Sent, Target, TestClient};
use hubwire::{
    HubCallerContext, HubResult, Naming, SignalR, Stream, StreamReader, hub, hub_client,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, dotnet::Enum)]
enum Currency {
    Euro = 978,
    Franc = 756,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Price {
    unit_price: Decimal,
    currency: Currency,
}

#[hub_client]
trait PricesClient {
    fn price_changed(&self, price: Price);
    fn confirm(&self, price: Price) -> Price;
}

struct PricesHub;

#[hub(client = PricesClient)]
impl PricesHub {
    pub async fn echo(&self, price: Price) -> Price {
        price
    }

    pub async fn tell(&self, cx: &HubCallerContext<Self>, price: Price) -> HubResult {
        Ok(cx.clients().all().price_changed(price).await?)
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>, price: Price) -> HubResult<Price> {
        Ok(cx.clients().caller().confirm(price).await?)
    }

    pub fn twice(&self, price: Price) -> impl Stream<Item = Price> {
        stream::iter([price, price])
    }

    pub async fn last(&self, mut prices: StreamReader<Price>) -> HubResult<Option<Price>> {
        let mut last = None;
        while let Some(price) = prices.next().await {
            last = Some(price?);
        }
        Ok(last)
    }
}

/// A price with as many digits as a decimal has, which no float keeps, and a scale that a number loses.
const LONGEST: &str = "7.9228162514264337593543950335";
const SCALED: &str = "1.10";

fn price(text: &str, currency: Currency) -> Price {
    let unit_price = text.parse().unwrap();
    Price {
        unit_price,
        currency,
    }
}

fn prices() -> [Price; 2] {
    [
        price(LONGEST, Currency::Franc),
        price(SCALED, Currency::Euro),
    ]
}

/// Compares the scales too, because decimals are equal whatever their scale.
fn assert_same(left: Price, right: Price) {
    let text = |price: Price| (price.unit_price.to_string(), price.currency);
    assert_eq!(text(left), text(right));
}

/// Changes a price, which makes the client's result differ from what the hub sent.
fn in_euros((price,): (Price,)) -> Result<Price, String> {
    let currency = Currency::Euro;
    Ok(Price { currency, ..price })
}

async fn client() -> TestClient {
    let hub = SignalR::new().hub().naming(Naming::DotNet).build(PricesHub);
    TestClient::connect(&hub.endpoint()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_client_keeps_every_digit_under_the_hubs_names() {
    let mut ann = client().await;
    ann.on("Confirm", in_euros);
    for price in prices() {
        assert_same(ann.invoke_as("Echo", (price,)).await.unwrap(), price);

        ann.send("Tell", (price,)).await.unwrap();
        let (told,) = ann.push_as::<(Price,)>("PriceChanged").await.unwrap();
        assert_same(told, price);

        let confirmed: Price = ann.invoke_as("Ask", (price,)).await.unwrap();
        assert_same(confirmed, in_euros((price,)).unwrap());

        let twice = ann.stream("Twice", (price,)).await.unwrap();
        for _ in 0..2 {
            assert_same(ann.next_item(&twice).await.unwrap().unwrap(), price);
        }
        assert_eq!(ann.next_item::<Price>(&twice).await.unwrap(), None);

        let last: Option<Price> = ann.upload("Last", (), [price]).await.unwrap();
        assert_same(last.unwrap(), price);

        let call = ann.start("Echo", (price,)).await.unwrap();
        assert_same(ann.completion_as(&call).await.unwrap(), price);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_shows_what_is_on_the_wire() {
    let mut ann = client().await;
    let sent = json!({"UNITPRICE": 7, "currency": 978});
    let wire = json!({"unitPrice": 7, "currency": 978});
    assert_eq!(ann.invoke("Echo", (&sent,)).await, Ok(wire.clone()));
    ann.send("Tell", (&sent,)).await.unwrap();
    let told = ("PriceChanged".to_owned(), json!([wire]));
    assert_eq!(ann.push().await.unwrap(), told);
    let misfit = ann.invoke_as::<Vec<u8>>("Echo", (&sent,)).await;
    let text = misfit.unwrap_err().text().to_owned();
    assert!(text.contains(r#"{"unitPrice":7,"currency":978}"#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_push_of_another_method_or_type_is_an_error() {
    let mut ann = client().await;
    let told = price(SCALED, Currency::Euro);
    ann.send("Tell", (told,)).await.unwrap();
    let error = ann.push_as::<(Price,)>("Other").await.unwrap_err();
    assert!(error.to_string().contains("PriceChanged"), "{error}");
    ann.send("Tell", (told,)).await.unwrap();
    ann.push_as::<(String,)>("PriceChanged").await.unwrap_err();
}

#[tokio::test]
async fn a_tester_keeps_every_digit_under_the_hubs_names() {
    let tester = HubTester::new(PricesHub).naming(Naming::DotNet);
    let ann = tester.caller("ann");
    tester.on("Confirm", in_euros);
    for price in prices() {
        assert_same(ann.invoke_as("Echo", (price,)).await.unwrap(), price);

        ann.invoke("Tell", (price,)).await.unwrap();
        let told = tester.recorder().take_sent();
        assert_same(told[0].arguments_as::<(Price,)>().unwrap().0, price);

        let confirmed: Price = ann.invoke_as("Ask", (price,)).await.unwrap();
        assert_same(confirmed, in_euros((price,)).unwrap());
        let asked = tester.recorder().take_sent();
        assert_same(asked[0].arguments_as::<(Price,)>().unwrap().0, price);

        let mut twice = ann.stream_as::<Price>("Twice", (price,)).await.unwrap();
        for _ in 0..2 {
            assert_same(twice.next_item().await.unwrap().unwrap(), price);
        }
        assert_eq!(twice.next_item().await.unwrap(), None);

        let last: Option<Price> = ann.upload("Last", (), [price]).await.unwrap();
        assert_same(last.unwrap(), price);
    }
}

#[tokio::test]
async fn a_tester_shows_what_is_on_the_wire() {
    let tester = HubTester::new(PricesHub).naming(Naming::DotNet);
    let ann = tester.caller("ann");
    let wire = json!({"unitPrice": 7, "currency": 978});
    assert_eq!(ann.invoke("Echo", (&wire,)).await, Ok(wire.clone()));
    ann.invoke("Tell", (&wire,)).await.unwrap();
    let told = Sent::new(Target::All, "PriceChanged", [wire.clone()]);
    assert_eq!(tester.recorder().take_sent(), [told]);

    // Without the hub's naming, the same members have the names that serde declares.
    let tester = HubTester::new(PricesHub);
    let declared = json!({"unit_price": 7, "currency": "Euro"});
    let echoed = tester.caller("ann").invoke("Echo", (&declared,)).await;
    assert_eq!(echoed, Ok(declared));
}

#[test]
fn a_call_to_compare_with_may_have_typed_arguments() {
    let sent = Sent::new(Target::All, "Told", [json!("tea"), json!(7)]);
    let arguments: (String, u8) = sent.arguments_as().unwrap();
    assert_eq!(arguments, ("tea".to_owned(), 7));
    assert!(sent.arguments_as::<(Value,)>().is_err());
}
