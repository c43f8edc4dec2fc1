//! What becomes of messages to clients that are busy, as hubs and sends say.

use std::collections::BTreeMap;

use futures_util::{Stream, stream};
use hubwire::testing::{ClientTransport, PulledTransport, Received, TestClient};
use hubwire::{HubCallerContext, HubResult, SendError, WhenBusy, hub, hub_client};
use serde_json::{Value, json};
use test_support::in_memory::*;
use tokio::task::JoinSet;
use tokio::time::Instant;

const KIB: usize = 1024;

#[hub_client]
trait DeskClient {
    fn price_changed(&self, symbol: &str, price: usize);
    fn text(&self, text: &str);
    fn confirm(&self, question: &str) -> bool;
}

struct DeskHub;

#[hub(client = DeskClient)]
impl DeskHub {
    pub fn id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn items(&self, count: usize) -> impl Stream<Item = usize> {
        stream::iter(0..count)
    }

    pub async fn confirmed(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        let caller = cx.clients().caller();
        Ok(caller.volatile().confirm("sure?").await?)
    }
}

fn server(when_busy: WhenBusy) -> TestServer<DeskHub> {
    TestServer::with(DeskHub, |options| options.when_busy(when_busy))
}

async fn pulled(server: &TestServer<DeskHub>) -> TestClient<PulledTransport> {
    TestClient::connect_pulled(&server.endpoint).await.unwrap()
}

/// The arguments of the pushes that come within a second.
async fn pushes<T: ClientTransport>(client: &mut TestClient<T>) -> Vec<Value> {
    let heard = heard_within(client, seconds(1)).await;
    let arguments = heard.into_iter().map(|received| match received {
        Received::Message(push) if push["type"] == 1 => push["arguments"].clone(),
        other => panic!("no push, but {other:?}"),
    });
    arguments.collect()
}

/// Leaves a client busy: its pipe is full, and it does not read.
async fn make_busy(server: &TestServer<DeskHub>) {
    let all = server.context().clients().all();
    let long = "x".repeat(100 * KIB);
    all.when_busy(WhenBusy::Close).text(&long).await.unwrap();
    settle().await;
}

const SYMBOLS: usize = 1_000;
const ROUNDS: usize = 40;

/// The symbol and the price of the next push.
async fn price(client: &mut TestClient) -> (String, usize) {
    let (_, arguments) = client.push().await.unwrap();
    serde_json::from_value(arguments).unwrap()
}

/// Reads on until it has heard every price of every symbol.
async fn hear_every_price(mut client: TestClient) -> TestClient {
    let mut next = BTreeMap::new();
    for _ in 0..SYMBOLS * ROUNDS {
        let (symbol, price) = price(&mut client).await;
        let expected = next.entry(symbol).or_insert(0);
        assert_eq!(price, *expected);
        *expected += 1;
    }
    assert_eq!(next.len(), SYMBOLS);
    client
}

#[tokio::test(start_paused = true)]
async fn who_reads_a_tenth_of_the_prices_ends_with_the_newest_of_each_symbol() {
    let server = server(WhenBusy::Close);
    let mut slow = server.connect().await;
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        readers.spawn(hear_every_price(server.connect().await));
    }
    let all = server.context().clients().all();
    let (mut newest, mut read) = (BTreeMap::new(), 0);
    for round in 0..ROUNDS {
        for number in 0..SYMBOLS {
            let symbol = format!("S{number:03}");
            let price = all.latest(&*symbol);
            price.price_changed(&symbol, round).await.unwrap();
        }
        settle().await;
        // Nothing waits for the others.
        let statistics = server.signalr.statistics();
        assert!(
            statistics.outbound_messages <= SYMBOLS + 1 && statistics.outbound_memory <= 256 * KIB,
            "{statistics:?}"
        );
        for _ in 0..SYMBOLS / 10 {
            let (symbol, price) = price(&mut slow).await;
            let older = newest.insert(symbol, price);
            assert!(older.is_none_or(|older| older < price));
            read += 1;
        }
        pass(seconds(1) / 2).await;
    }
    for arguments in pushes(&mut slow).await {
        let (symbol, price) = serde_json::from_value(arguments).unwrap();
        newest.insert(symbol, price);
        read += 1;
    }
    assert_eq!(newest.len(), SYMBOLS);
    assert!(newest.values().all(|price| *price == ROUNDS - 1));
    assert!(read < SYMBOLS * ROUNDS / 5, "{read} prices are too many");
    let readers = readers.join_all().await;
    let statistics = server.signalr.statistics();
    assert_eq!(statistics.connections, 3, "nobody was let go");
    assert_eq!(
        (statistics.outbound_bytes, statistics.outbound_memory),
        (0, 0)
    );
    drop((slow, readers));
    server.leaves_nothing_behind().await;
}

/// In a hub whose messages are volatile: completions, items, client results and the goodbye are not.
#[tokio::test(start_paused = true)]
async fn nothing_but_pushes_is_ever_dropped() {
    let server = server(WhenBusy::Volatile);
    let mut client = server.connect().await;
    make_busy(&server).await;
    let echoed = client.start("Echo", ("hello",)).await.unwrap();
    let items = json!({"type": 4, "invocationId": "s", "target": "Items", "arguments": [100]});
    client.send_record(&items).await.unwrap();
    let confirmed = client.start("Confirmed", ()).await.unwrap();
    settle().await;
    let all = server.context().clients().all();
    for _ in 0..100 {
        all.text("lost").await.unwrap();
        all.latest("key").text("lost, too").await.unwrap();
    }
    all.latest("key").text("latest").await.unwrap();
    // The long text, the completions and the items, the question, and the text with a key.
    let (_, arguments) = client.push().await.unwrap();
    assert_eq!(arguments[0].as_str().unwrap().len(), 100 * KIB);
    client.on("Confirm", |(_,): (String,)| Ok(true));
    assert_eq!(client.completion(&echoed).await, Ok(json!("hello")));
    for number in 0..100 {
        let item = message(&mut client).await;
        assert_eq!((&item["type"], &item["item"]), (&json!(2), &json!(number)));
    }
    assert_eq!(message(&mut client).await["type"], 3);
    let (_, arguments) = client.push().await.unwrap();
    assert_eq!(arguments[0], "latest");
    assert_eq!(client.completion(&confirmed).await, Ok(json!(true)));
    make_busy(&server).await;
    all.text("lost").await.unwrap();
    let mut shutdown = JoinSet::new();
    let signalr = server.signalr.clone();
    shutdown.spawn(async move { signalr.shutdown().await });
    settle().await;
    client.push().await.unwrap();
    assert_closed_with(&mut client, json!({"type": 7, "allowReconnect": true})).await;
    shutdown.join_next().await.unwrap().unwrap();
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_away_is_busy_until_it_is_back() {
    let server = server(WhenBusy::Close);
    let mut client = pulled(&server).await;
    let mut bystander = server.connect().await;
    let all = server.context().clients().all();
    client.leave();
    settle().await;
    all.latest("a").text("a1").await.unwrap();
    all.text("plain").await.unwrap();
    all.latest("b").text("b1").await.unwrap();
    all.volatile().text("volatile").await.unwrap();
    all.latest("a").text("a2").await.unwrap();
    client.come_back();
    assert_eq!(
        pushes(&mut client).await,
        [json!(["a2"]), json!(["plain"]), json!(["b1"])]
    );
    let all_of_them = ["a1", "plain", "b1", "volatile", "a2"];
    let all_of_them = all_of_them.map(|text| json!([text]));
    assert_eq!(pushes(&mut bystander).await, all_of_them);
    // What is sent to it now is not dropped.
    let (volatile, returned) = (all.volatile(), client.push());
    let (sent, returned) = tokio::join!(volatile.text("volatile"), returned);
    sent.unwrap();
    assert_eq!(returned.unwrap().1, json!(["volatile"]));
    drop((client, bystander));
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_drops_the_oldest_keeps_the_newest_within_its_bound() {
    let server = TestServer::with(DeskHub, |options| {
        options
            .when_busy(WhenBusy::DropOldest)
            .outbound_buffer_size(10 * KIB)
    });
    let mut client = server.connect().await;
    let id = client.invoke("Id", ()).await.unwrap();
    make_busy(&server).await;
    let only = server.context().clients().client(id.as_str().unwrap());
    let began = Instant::now();
    for number in 0..100 {
        only.text(&format!("{number:01024}")).await.unwrap();
        assert!(server.signalr.statistics().outbound_bytes <= 100 * KIB);
    }
    assert_elapsed(began, 0.0..=0.0);
    let received = pushes(&mut client).await;
    let numbers: Vec<u32> = received[1..]
        .iter()
        .map(|arguments| arguments[0].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(!numbers.is_empty() && numbers.len() <= 10, "{numbers:?}");
    let expected: Vec<u32> = (100 - numbers.len() as u32..100).collect();
    assert_eq!(numbers, expected);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_too_long_is_an_error_and_nothing_is_sent() {
    let server = server(WhenBusy::Close);
    let mut client = server.connect().await;
    let all = server.context().clients().all();
    let longest = "k".repeat(1_024);
    all.latest(&*longest).text("sent").await.unwrap();
    let sent = all.latest(longest + "k").text("not sent").await;
    assert!(matches!(
        sent,
        Err(SendError::KeyTooLong {
            length: 1_025,
            limit: 1_024
        })
    ));
    assert_eq!(pushes(&mut client).await, [json!(["sent"])]);
}
