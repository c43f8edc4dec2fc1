//! The names of methods, and parameters of every kind, however the input is split.

use std::collections::{BTreeMap, HashMap};

use hubwire::hub;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use test_support::in_memory::*;

#[derive(Deserialize, Serialize)]
struct Order {
    id: i64,
    lines: Vec<Line>,
    note: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Line {
    product: String,
    count: u8,
}

#[derive(Deserialize, Serialize)]
enum Size {
    Small,
    Custom { width: f64 },
}

struct ParametersHub {
    log: Log,
}

#[hub]
impl ParametersHub {
    pub fn echo(&self, text: String) -> String {
        self.log.note(format!("echo {text}"));
        text
    }

    #[hub(name = "renamed")]
    pub fn original(&self) -> bool {
        true
    }

    pub fn order(&self, order: Order) -> Order {
        order
    }

    pub fn everything(
        &self,
        flag: bool,
        maybe: Option<u32>,
        list: Vec<i64>,
        map: BTreeMap<String, f64>,
        size: Size,
        pair: (char, String),
    ) -> Value {
        json!([flag, maybe, list, map, size, pair])
    }

    pub fn wrap(&self, size: Size, any: Value) -> (Size, Value) {
        (size, any)
    }

    pub fn total(&self, prices: HashMap<String, u64>) -> u64 {
        prices["tea"] + prices["cup"]
    }
}

fn server() -> (TestServer<ParametersHub>, Log) {
    let log = Log::default();
    (TestServer::new(ParametersHub { log: log.clone() }), log)
}

#[tokio::test(start_paused = true)]
async fn names_match_in_any_case_but_only_as_declared() {
    let (server, _) = server();
    let mut client = server.connect().await;
    for name in ["Echo", "echo", "ECHO", "eCHo"] {
        assert_eq!(client.invoke(name, ("x",)).await, Ok("x".into()));
    }
    assert_eq!(client.invoke("ReNamed", ()).await, Ok(true.into()));
    for name in ["Original", "tell_me", "OnConnected", "on_disconnected", ""] {
        let error = client.invoke(name, ()).await.unwrap_err();
        assert!(
            error
                .text()
                .ends_with("HubException: Method does not exist."),
            "{error}"
        );
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn parameters_and_results_of_every_kind_are_passed_on() {
    let (server, _) = server();
    let mut client = server.connect().await;
    let order = json!({"id": -7, "note": null, "lines": [{"product": "tea", "count": 3}]});
    let completion = client.invoke("Order", (&order,)).await;
    assert_eq!(completion, Ok(order));
    let sent = json!([true, null, [1, -2], {"a": 1.5}, "Small", ["ü", "x"]]);
    let arguments = (
        true,
        None::<u32>,
        [1, -2],
        json!({"a": 1.5}),
        Size::Small,
        ('ü', "x"),
    );
    let completion = client.invoke("Everything", arguments).await;
    assert_eq!(completion, Ok(sent));
    let (size, any) = (Size::Custom { width: 0.5 }, json!({"any": [{}]}));
    let completion = client.invoke("Wrap", (&size, &any)).await;
    assert_eq!(completion, Ok(json!([{"Custom": {"width": 0.5}}, any])));
    let prices = json!({"tea": 2, "cup": 40});
    assert_eq!(client.invoke("Total", (prices,)).await, Ok(42.into()));
    drop(client);
    server.leaves_nothing_behind().await;
}

/// ASP.NET Core takes the last one.
#[tokio::test(start_paused = true)]
async fn a_duplicate_member_is_refused() {
    let (server, _) = server();
    let mut client = server.connect().await;
    for order in [
        r#"{"id":1,"lines":[],"note":null,"id":2}"#,
        r#"{"id":1,"lines":[{"product":"tea","product":"cup","count":1}],"note":null}"#,
    ] {
        let call = format!(
            "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"Order\",\"arguments\":[{order}]}}\u{1e}"
        );
        client.send_bytes(call.as_bytes()).await.unwrap();
        let text = "Failed to invoke 'Order' due to an error on the server.";
        assert_eq!(client.completion("1").await, Err(text.into()));
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn messages_may_be_split_anywhere() {
    let (server, log) = server();
    let mut client = server.connect().await;
    let mut calls = Vec::new();
    for text in ["a", "b", "c"] {
        let call = json!({"type": 1, "target": "Echo", "arguments": [text]});
        calls.extend_from_slice(call.to_string().as_bytes());
        calls.push(0x1e);
    }
    client.send_bytes(&calls).await.unwrap();
    for byte in &calls {
        client.send_bytes(&[*byte]).await.unwrap();
    }
    settle().await;
    let echoes = ["echo a", "echo b", "echo c"];
    assert_eq!(log.take(), [echoes, echoes].concat());
    drop(client);
    server.leaves_nothing_behind().await;
}
