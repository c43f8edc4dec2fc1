//! One message with a value that is nested as deeply as any may be, on worker threads with stacks of
//! the default size: the process survives it, also where the types of the application contain
//! themselves.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::BTreeMap;
use std::process::Command;

use axum::Router;
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::protocol::Opcode;
use hubwire::{HubResult, MapHub, SignalR, hub};
use serde::{Deserialize, Serialize};
use test_support::bare_web_socket::{Bare, BareWebSocket};
use test_support::handed_over::HandedOver;
use tokio::io::duplex;
use tokio::task::JoinSet;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Node {
    #[serde(default)]
    next: Option<Box<Self>>,
    #[serde(default)]
    a: String,
    #[serde(default)]
    b: Vec<Self>,
    #[serde(default)]
    c: BTreeMap<String, Self>,
    #[serde(default)]
    d: [u64; 8],
}

#[derive(Debug, Serialize, Deserialize)]
struct List(Vec<Self>);

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
}

#[derive(Debug, Serialize, Deserialize)]
struct Flat {
    #[serde(default)]
    next: Option<Box<Self>>,
    #[serde(flatten)]
    rest: BTreeMap<String, i32>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Leaf,
    More { next: Box<Self> },
}

/// An ordinary row with many columns and a parent.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Wide {
    next: Option<Box<Self>>,
    f0: String,
    f1: String,
    f2: String,
    f3: String,
    f4: String,
    f5: String,
    f6: String,
    f7: String,
    f8: String,
    f9: String,
    f10: String,
    f11: String,
    f12: String,
    f13: String,
    f14: String,
    f15: String,
    f16: String,
    f17: String,
    f18: String,
    f19: String,
    f20: String,
    f21: String,
    f22: String,
    f23: String,
    f24: String,
    f25: String,
    f26: String,
    f27: String,
    f28: String,
    f29: String,
    f30: String,
    f31: String,
}

struct DeepHub;

#[hub]
impl DeepHub {
    pub fn node(&self, node: Node) -> Node {
        node
    }

    pub fn wide(&self, value: Wide) -> usize {
        value.f0.len()
    }

    pub fn flat(&self, value: Flat) -> Flat {
        value
    }

    pub fn tagged(&self, value: Tagged) -> Tagged {
        value
    }

    pub fn list(&self, list: List) -> List {
        list
    }

    pub fn untagged(&self, value: Untagged) -> Untagged {
        value
    }

    pub fn json(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }
}

struct Reading;

impl HubFilter for Reading {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let value: serde_json::Value = invocation.argument(0)?;
        invocation.replace_argument(0, &value)?;
        drop(value);
        let result = next.run(invocation).await?;
        let _: serde_json::Value = result.decode()?;
        Ok(result)
    }
}

fn text(text: &str, output: &mut Vec<u8>) {
    output.push(0xa0 | u8::try_from(text.len()).unwrap());
    output.extend_from_slice(text.as_bytes());
}

fn nested(kind: &str, depth: usize) -> Vec<u8> {
    let mut value = Vec::new();
    for _ in 0..depth {
        match kind {
            "Node" | "Flat" | "Wide" => {
                value.push(0x81);
                text("next", &mut value);
            }
            "Tagged" => {
                value.push(0x82);
                text("kind", &mut value);
                text("More", &mut value);
                text("next", &mut value);
            }
            _ => value.push(0x91),
        }
    }
    match kind {
        "Node" | "Flat" | "Wide" => value.push(0x80),
        "Tagged" => {
            value.push(0x81);
            text("kind", &mut value);
            text("Leaf", &mut value);
        }
        _ => value.push(0x90),
    }
    value
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut length = message.len();
    let mut framed = Vec::new();
    loop {
        let low = u8::try_from(length & 0x7f).unwrap();
        length >>= 7;
        if length == 0 {
            framed.push(low);
            break;
        }
        framed.push(low | 0x80);
    }
    framed.extend_from_slice(message);
    framed
}

/// `[1, {}, "1", target, [value], []]`.
fn invocation(target: &str, value: &[u8]) -> Vec<u8> {
    let mut message = vec![0x96, 1, 0x80];
    text("1", &mut message);
    text(target, &mut message);
    message.push(0x91);
    message.extend_from_slice(value);
    message.push(0x90);
    framed(&message)
}

async fn one_message(kind: String, depth: usize, filtered: bool) {
    let signalr = SignalR::new();
    let hub = signalr.hub::<DeepHub>();
    let hub = match filtered {
        true => hub.filter(Reading),
        false => hub,
    };
    let hub = hub.build(DeepHub);
    let (pipes, accepted) = HandedOver::new();
    let app = Router::new().map_hub("/hub", hub.endpoint());
    let mut serving = JoinSet::new();
    serving.spawn(hubwire::serve(accepted, app).with(&signalr).into_future());
    let (near, far) = duplex(64 * 1024);
    pipes.send(far).unwrap();
    let mut client = BareWebSocket::upgrade(near, "/hub").await;
    client
        .send(
            Opcode::Text,
            b"{\"protocol\":\"messagepack\",\"version\":1}\x1e",
        )
        .await;
    let (Bare::Binary(_) | Bare::Text(_)) = client.next().await else {
        panic!("no handshake")
    };
    let value = nested(&kind, depth);
    client
        .send(Opcode::Binary, &invocation(&kind, &value))
        .await;
    loop {
        match client.next().await {
            Bare::Binary(bytes) if bytes.len() < 4 => {}
            Bare::Binary(_) => break,
            other => panic!("{other:?}"),
        }
    }
    drop(serving);
}

/// Runs in a process of its own, because an overflow of the stack ends it.
fn survives(kind: &str, depth: usize, filtered: bool) {
    let this = std::env::current_exe().unwrap();
    let child = Command::new(this)
        .args(["in_a_process_of_its_own", "--exact", "--nocapture"])
        .env("DEEP_VALUE", format!("{kind} {depth} {filtered}"))
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&child.stdout),
        String::from_utf8_lossy(&child.stderr),
    );
    assert!(child.status.success(), "{:?}\n{out}\n{err}", child.status);
}

/// Does nothing unless one of the other tests runs it.
#[test]
fn in_a_process_of_its_own() {
    let Ok(what) = std::env::var("DEEP_VALUE") else {
        return;
    };
    let what: Vec<_> = what.split(' ').collect();
    let (kind, depth) = (what[0].to_owned(), what[1].parse().unwrap());
    let filtered = what[2] == "true";
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let task = runtime.spawn(one_message(kind, depth, filtered));
    runtime.block_on(task).unwrap();
}

#[test]
fn a_list_of_lists() {
    survives("List", 490, false);
}

#[test]
fn a_linked_list() {
    survives("Node", 490, false);
}

#[test]
fn an_untagged_enum() {
    survives("Untagged", 490, false);
}

#[test]
fn a_json_value() {
    survives("Json", 490, false);
}

#[test]
fn a_json_value_that_a_filter_reads() {
    survives("Json", 490, true);
}

#[test]
fn a_linked_list_that_a_filter_reads() {
    survives("Node", 490, true);
}

#[test]
fn a_struct_that_is_flattened() {
    survives("Flat", 490, false);
}

#[test]
fn a_tagged_enum() {
    survives("Tagged", 490, false);
}

#[test]
fn a_wide_row_with_its_parents() {
    survives("Wide", 490, false);
}
