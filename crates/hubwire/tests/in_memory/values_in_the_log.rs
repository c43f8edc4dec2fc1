//! What a peer sent and no line of the log may have, whichever way it gets into a complaint.

use std::collections::HashMap;

use hubwire::filters::InvocationLogging;
use hubwire::protocol::HubProtocol;
use hubwire::{ConnectionId, HubCallerContext, HubResult, Naming, StreamReader, hub, hub_client};
use serde::Deserialize;
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use test_support::packed::PackedClient;
use tracing::Level;

/// What clients send, and no line may have.
const VALUE: &str = "hunter2";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    count: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictOutside {
    #[serde(flatten)]
    _inside: Inside,
}

#[derive(Deserialize)]
struct Inside {
    #[serde(rename = "count")]
    _count: Option<u8>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Code;

impl TryFrom<String> for Code {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let length = text.len();
        Err(format!("invalid length {length} of the code `{text}`"))
    }
}

#[hub_client]
trait ValueClient {
    fn ages(&self) -> HashMap<String, u8>;

    fn number(&self) -> u8;
}

struct ValueHub;

#[hub(client = ValueClient)]
impl ValueHub {
    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<usize> {
        Ok(cx.clients().caller().ages().await?.len())
    }

    pub async fn ask_other(&self, cx: &HubCallerContext<Self>, id: String) -> HubResult<u8> {
        Ok(cx.clients().client(ConnectionId::from(id)).number().await?)
    }

    pub async fn read(&self, mut of: StreamReader<HashMap<String, u8>>) {
        while of.next().await.is_some() {}
    }

    pub fn strict(&self, of: Strict) -> u8 {
        of.count
    }

    pub fn empty(&self, _of: Empty) {}

    pub fn strict_outside(&self, _of: StrictOutside) {}

    pub fn numbers(&self, of: HashMap<u32, u8>) -> usize {
        of.len()
    }

    pub fn ages(&self, of: HashMap<String, u8>) -> usize {
        of.len()
    }

    pub fn code(&self, _of: Code) {}
}

/// The lines of a call without an id, in a server of its own.
async fn said_of(protocol: HubProtocol, naming: Naming, target: &str, argument: &Value) -> String {
    let lines = LogLines::written(Level::WARN);
    let server = TestServer::with(ValueHub, |hub| hub.naming(naming));
    let call = json!({"type": 1, "target": target, "arguments": [argument]});
    match protocol {
        HubProtocol::Json => {
            let mut client = server.connect().await;
            client.send_record(&call).await.unwrap();
            settle().await;
        }
        HubProtocol::MessagePack => {
            let mut client = PackedClient::handshaken(server.open()).await.unwrap();
            client.send_record(&call).await.unwrap();
            settle().await;
        }
    }
    server.leaves_nothing_behind().await;
    format!("{:?}", lines.one())
}

/// Which of the lines, by protocol and naming, have the value.
async fn leaks(target: &str, argument: Value) -> Vec<String> {
    let mut leaks = Vec::new();
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        for naming in [Naming::AsDeclared, Naming::DotNet] {
            let line = said_of(protocol, naming, target, &argument).await;
            if line.contains(VALUE) {
                leaks.push(line);
            }
        }
    }
    leaks
}

#[tokio::test(start_paused = true)]
async fn the_name_of_a_field_that_there_is_not() {
    assert_eq!(leaks("Strict", json!({VALUE: 1})).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_no_number() {
    assert_eq!(leaks("Numbers", json!({VALUE: 1})).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_key_of_an_entry_that_does_not_fit() {
    assert_eq!(leaks("Ages", json!({VALUE: "x"})).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_field_of_a_type_that_has_none() {
    let name = format!("`, expected {VALUE}");
    assert_eq!(leaks("Empty", json!({name: 1})).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_field_beside_flattened_ones() {
    let name = format!("`, expected {VALUE}");
    assert_eq!(leaks("StrictOutside", json!({name: 1})).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_complaint_of_somebody_elses_that_begins_like_one_of_serdes() {
    assert_eq!(leaks("Code", json!(VALUE)).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_error_with_which_a_client_closes() {
    let lines = LogLines::written(Level::DEBUG);
    let server = TestServer::with(ValueHub, |hub| hub.filter(InvocationLogging));
    let mut client = server.connect().await;
    settle().await;
    let text = format!("{}{VALUE}", "x".repeat(20_000));
    let close = json!({"type": 7, "error": text});
    client.send_record(&close).await.unwrap();
    drop(client);
    server.leaves_nothing_behind().await;
    let lines = lines.take();
    let calls = lines.iter().filter(|line| line.target == "hubwire::calls");
    let longest = calls.map(|line| line.field("reason").len()).max();
    assert!(
        longest.is_some_and(|longest| longest < 1024),
        "{longest:?} bytes"
    );
    assert!(!format!("{lines:?}").contains(VALUE));
}

#[tokio::test(start_paused = true)]
async fn the_key_of_an_item_and_of_a_client_result() {
    let lines = LogLines::written(Level::DEBUG);
    let server = TestServer::new(ValueHub);
    let mut client = server.connect().await;
    client.on("Ages", |(): ()| Ok(json!({VALUE: "x"})));
    assert!(client.invoke("Ask", ()).await.is_err());
    let items = [json!({VALUE: "x"})];
    let read = client.upload::<Value>("Read", (), items).await;
    assert_eq!(read, Ok(Value::Null));
    drop(client);
    server.leaves_nothing_behind().await;
    let lines = lines.take().into_iter();
    let below_error = lines.filter(|line| line.level != Level::ERROR);
    let leaks = below_error.map(|line| format!("{line:?}"));
    let leaks: Vec<_> = leaks.filter(|line| line.contains(VALUE)).collect();
    assert_eq!(leaks, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_another_client_returns_in_place_of_a_number() {
    let mut leaks = Vec::new();
    for id in [Some("1"), None] {
        let lines = LogLines::written(Level::DEBUG);
        let server = TestServer::new(ValueHub);
        let mut asking = server.connect().await;
        let mut other = server.connect().await;
        settle().await;
        let others = lines.take();
        let mut accepted = others.iter().filter(|line| line.message == "accepted");
        let other_id = accepted
            .next_back()
            .unwrap()
            .field("connection_id")
            .to_owned();
        let mut call = json!({"type": 1, "target": "AskOther", "arguments": [other_id]});
        if let Some(id) = id {
            call["invocationId"] = id.into();
        }
        asking.send_record(&call).await.unwrap();
        let asked = message(&mut other).await;
        let result = json!({"type": 3, "invocationId": asked["invocationId"], "result": VALUE});
        other.send_record(&result).await.unwrap();
        if id.is_some() {
            leaks.push(message(&mut asking).await.to_string());
        }
        drop((asking, other));
        server.leaves_nothing_behind().await;
        let below_error = lines.take().into_iter();
        let below_error = below_error.filter(|line| line.level != Level::ERROR);
        leaks.extend(below_error.map(|line| format!("{line:?}")));
    }
    leaks.retain(|said| said.contains(VALUE));
    assert_eq!(leaks, [""; 0]);
}
