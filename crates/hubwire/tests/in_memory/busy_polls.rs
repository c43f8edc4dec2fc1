//! Policies for busy clients, and what is counted, while a poll is read half.

use std::collections::BTreeMap;

use axum::body::{Body, BodyDataStream};
use axum::http::Response;
use futures_util::StreamExt;
use hubwire::backplane::InProcessFarm;
use hubwire::manual::UntypedClient;
use hubwire::{HubCallerContext, SignalR, WhenBusy, hub};
use serde_json::{Value, json};
use test_support::http_client::{HttpClient, messages, record};
use test_support::in_memory::*;
use test_support::recorded::measured;

const KIB: usize = 1024;

fn call(id: &str, target: &str, arguments: &Value) -> String {
    record(&json!({"type": 1, "invocationId": id, "target": target, "arguments": arguments}))
}

struct DeskHub;

#[hub(client = UntypedClient)]
impl DeskHub {
    pub fn id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub fn echo(&self, text: String) -> String {
        text
    }
}

fn body(response: Response<Body>) -> BodyDataStream {
    response.into_body().into_data_stream()
}

fn numbers(messages: &[Value]) -> Vec<usize> {
    let number = |message: &Value| {
        let text = message["arguments"][0].as_str().unwrap();
        text.parse().unwrap()
    };
    messages.iter().map(number).collect()
}

async fn send_number(server: &TestServer<DeskHub>, number: usize) {
    let all = server.context().clients().all();
    all.send("Text", (format!("{number:01024}"),))
        .await
        .unwrap();
}

/// The newest are kept although a poll that was cut off had claimed older ones.
#[tokio::test(start_paused = true)]
async fn drop_oldest_keeps_the_newest_after_a_poll_was_cut_off() {
    let server = TestServer::with(DeskHub, |hub| {
        hub.when_busy(WhenBusy::DropOldest)
            .outbound_buffer_size(10 * KIB)
    });
    let client = HttpClient::start_polling(&server.endpoint).await;
    for number in 0..20 {
        send_number(&server, number).await;
    }
    let unread = client.poll_unread().await;
    pass(seconds(4)).await;
    for number in 20..30 {
        send_number(&server, number).await;
    }
    drop(unread);
    for number in 30..45 {
        send_number(&server, number).await;
    }
    let heard = numbers(&client.poll().await.messages());
    let oldest = 45 - heard.len();
    assert_eq!(heard, (oldest..45).collect::<Vec<_>>());
    client.delete().await;
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn drop_oldest_keeps_the_newest_while_a_poll_is_read_half() {
    let server = TestServer::with(DeskHub, |hub| {
        hub.when_busy(WhenBusy::DropOldest)
            .outbound_buffer_size(40 * KIB)
    });
    let client = HttpClient::start_polling(&server.endpoint).await;
    for number in 0..80 {
        send_number(&server, number).await;
    }
    let mut half = body(client.poll_unread().await);
    let mut read = half.next().await.unwrap().unwrap().to_vec();
    pass(seconds(4)).await;
    for number in 80..180 {
        send_number(&server, number).await;
    }
    while let Some(piece) = half.next().await {
        read.extend_from_slice(&piece.unwrap());
    }
    drop(half);
    let first = numbers(&messages(&String::from_utf8(read).unwrap()));
    let second = numbers(&client.poll().await.messages());
    assert_eq!(*first.last().unwrap(), 79);
    let oldest = 180 - second.len();
    assert!(second.len() > 1, "{second:?}");
    assert_eq!(second, (oldest..180).collect::<Vec<_>>());
    client.delete().await;
    server.leaves_nothing_behind().await;
}

async fn latest(server: &TestServer<DeskHub>, symbol: &str, price: usize) {
    let all = server.context().clients().all();
    let latest = all.latest(symbol);
    latest.send("Price", (symbol, price)).await.unwrap();
}

/// Records the newest price of each symbol; prices of a symbol never go back.
fn note(newest: &mut BTreeMap<String, u64>, messages: &[Value]) {
    for message in messages {
        let symbol = message["arguments"][0].as_str().unwrap().to_owned();
        let price = message["arguments"][1].as_u64().unwrap();
        let older = newest.insert(symbol, price);
        assert!(older.is_none_or(|older| older <= price), "{message}");
    }
}

async fn prices_while_polls_are_read_half(symbols: usize, maximum: Option<usize>, cut: bool) {
    let server = TestServer::with(DeskHub, |hub| match maximum {
        Some(size) => hub
            .outbound_buffer_size(size / 2)
            .maximum_outbound_buffer_size(size),
        None => hub,
    });
    let client = HttpClient::start_polling(&server.endpoint).await;
    let (mut newest, mut price) = (BTreeMap::new(), 0);
    for _ in 0..symbols {
        latest(&server, "first", 0).await;
    }
    for _ in 0..20 {
        price += 1;
        for number in 0..symbols {
            latest(&server, &format!("S{number:04}"), price).await;
        }
        let mut half = body(client.poll_unread().await);
        let mut read = half.next().await.unwrap().unwrap().to_vec();
        for _ in 0..3 {
            pass(seconds(2)).await;
            price += 1;
            for number in 0..symbols {
                latest(&server, &format!("S{number:04}"), price).await;
            }
            if let Some(piece) = half.next().await {
                read.extend_from_slice(&piece.unwrap());
            }
        }
        if !cut {
            while let Some(piece) = half.next().await {
                read.extend_from_slice(&piece.unwrap());
            }
            note(&mut newest, &messages(&String::from_utf8(read).unwrap()));
        }
        drop(half);
        settle().await;
        assert_eq!(server.signalr.statistics().connections, 1, "it was let go");
    }
    price += 1;
    for number in 0..symbols {
        latest(&server, &format!("S{number:04}"), price).await;
    }
    for _ in 0..2 {
        note(&mut newest, &client.poll().await.messages());
        if newest.values().filter(|it| **it == price as u64).count() == symbols {
            break;
        }
    }
    newest.remove("first");
    assert_eq!(newest.len(), symbols);
    assert!(newest.values().all(|it| *it == price as u64), "{newest:?}");
    client.delete().await;
    settle().await;
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_newest_prices_while_polls_are_read_half() {
    prices_while_polls_are_read_half(1_000, None, false).await;
}

#[tokio::test(start_paused = true)]
async fn the_newest_prices_while_polls_are_cut_off() {
    prices_while_polls_are_read_half(1_000, None, true).await;
}

/// The bound has space for one price of each symbol, but hardly for two.
#[tokio::test(start_paused = true)]
async fn the_newest_prices_while_polls_are_read_half_and_space_is_scarce() {
    prices_while_polls_are_read_half(1_000, Some(250 * KIB), false).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_on_another_node_ends_with_the_newest() {
    let farm = InProcessFarm::new();
    let node = || {
        let signalr = SignalR::builder().backplane(farm.node()).build();
        TestServer::on(signalr, DeskHub, |hub| hub)
    };
    let nodes = [node(), node()];
    let (client, mut events) = HttpClient::start_event_stream(&nodes[1].endpoint).await;
    let polling = HttpClient::start_polling(&nodes[1].endpoint).await;
    settle().await;
    let all = nodes[0].context().clients().all();
    let long = "x".repeat(3_000_000);
    all.send("Price", ("long", 0, &long)).await.unwrap();
    for price in 0..50_u32 {
        pass(seconds(1) / 5).await;
        for symbol in ["a", "b"] {
            all.latest(symbol)
                .send("Price", (symbol, price))
                .await
                .unwrap();
            all.volatile()
                .send("Price", ("volatile", price))
                .await
                .unwrap();
        }
    }
    settle().await;
    let mut newest = BTreeMap::new();
    note(&mut newest, &polling.poll().await.messages());
    assert_eq!((newest["a"], newest["b"]), (49, 49));
    newest.clear();
    while newest.get("b") != Some(&49) || newest.get("a") != Some(&49) {
        let message = events.message().await;
        if message["type"] == 1 {
            note(&mut newest, &[message]);
        }
    }
    assert_eq!(
        client
            .post(json!({"type": 6}).to_string() + "\u{1e}")
            .await
            .status,
        200
    );
    drop(events);
    polling.delete().await;
    settle().await;
    nodes[1].leaves_nothing_behind().await;
}

/// Each message that a poll took is counted, also one whose buffer grew behind a claim.
#[test]
fn messages_are_counted_although_a_claimed_buffer_grows() {
    let scene = |grows: bool| async move {
        let server = TestServer::new(DeskHub);
        let client = HttpClient::start_polling(&server.endpoint).await;
        for id in ["1", "2"] {
            client
                .post(call(id, "Echo", &json!(["x".repeat(10_000)])))
                .await;
            settle().await;
        }
        let mut body = client.poll_unread().await.into_body().into_data_stream();
        body.next().await.unwrap().unwrap();
        if grows {
            client.post(call("3", "Echo", &json!(["small"]))).await;
            settle().await;
        }
        while let Some(piece) = body.next().await {
            piece.unwrap();
        }
        drop(body);
        if !grows {
            client.post(call("3", "Echo", &json!(["small"]))).await;
            settle().await;
        }
        assert_eq!(client.poll().await.messages()[0]["result"], "small");
        pass(seconds(3)).await;
        client.delete().await;
        server.leaves_nothing_behind().await;
    };
    let name = "hubwire.outbound.messages";
    let whole = measured(name, scene(false));
    assert!(!whole.is_empty());
    assert_eq!(measured(name, scene(true)), whole);
}
