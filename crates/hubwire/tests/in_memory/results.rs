//! Results, errors and panics as callers receive them; none of them harms the connection.

use std::collections::BTreeMap;

use hubwire::testing::TestClient;
use hubwire::{HubCallerContext, HubError, HubResult, hub};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use test_support::in_memory::*;

/// A value that cannot be serialized.
enum Unwritable {
    Failing,
    Panicking,
}

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Failing => Err(serde::ser::Error::custom("secret")),
            Self::Panicking => panic!("secret"),
        }
    }
}

/// A value that panics when it is decoded.
struct Undecodable;

impl<'de> Deserialize<'de> for Undecodable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?;
        panic!("secret")
    }
}

struct ResultsHub;

#[hub]
impl ResultsHub {
    pub fn unit(&self) {}

    pub async fn later(&self) -> HubResult {
        settle().await;
        Ok(())
    }

    pub fn nothing(&self) -> Option<u32> {
        None
    }

    pub fn text(&self) -> &'static str {
        "ü\u{1e}\u{2028}\"\\"
    }

    pub fn numbers(&self) -> (f64, f64, f64, u64) {
        (1.0, 0.5, f64::NAN, u64::MAX)
    }

    pub fn sorted(&self) -> BTreeMap<u32, Vec<u8>> {
        BTreeMap::from([(7, vec![1, 2])])
    }

    pub async fn shown(&self) -> HubResult {
        settle().await;
        Err(HubError::new("only for you"))
    }

    pub fn shown_as(&self) -> HubResult {
        Err(HubError::new("only for you").with_type_name("TeaException"))
    }

    pub fn hidden(&self) -> HubResult {
        Err("12a".parse::<u32>().unwrap_err().into())
    }

    pub fn hidden_as(&self) -> HubResult {
        Err(HubError::hidden("secret").with_type_name("TeaException"))
    }

    pub fn boxed(&self) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
        Err("secret".into())
    }

    pub fn any_how(&self) -> anyhow::Result<u32> {
        anyhow::bail!("secret")
    }

    pub fn panics(&self) {
        panic!("secret")
    }

    pub async fn panics_later(&self) {
        settle().await;
        panic!("secret")
    }

    pub fn panics_oddly(&self) {
        std::panic::panic_any(7)
    }

    pub fn unwritable(&self) -> Unwritable {
        Unwritable::Failing
    }

    pub async fn unwritable_later(&self) -> HubResult<(u32, Unwritable)> {
        settle().await;
        Ok((7, Unwritable::Failing))
    }

    pub fn panics_when_written(&self) -> Vec<Unwritable> {
        vec![Unwritable::Panicking]
    }

    pub fn bad_key(&self) -> BTreeMap<Vec<u8>, u32> {
        BTreeMap::from([(vec![1], 2)])
    }

    pub fn panics_when_decoded(&self, _argument: Undecodable) {}

    pub async fn sends_unwritable(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.clients()
            .all()
            .send("Push", (Unwritable::Failing,))
            .await?;
        Ok(())
    }

    pub async fn sends_panicking(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let all = cx.clients().all();
        all.send("Push", (Unwritable::Panicking,)).await?;
        Ok(())
    }
}

async fn assert_alive(client: &mut TestClient) {
    let completion = client.invoke("Unit", ()).await;
    assert_eq!(completion, Ok(Value::Null));
}

/// Calls each method without arguments and checks its completion.
async fn assert_errors(detailed: bool, cases: &[(&str, &str)]) {
    let server = TestServer::with(ResultsHub, |options| options.detailed_errors(detailed));
    let mut client = server.connect().await;
    let mut bystander = server.connect().await;
    for (method, detail) in cases {
        let base = format!("An unexpected error occurred invoking '{method}' on the server.");
        let space = if detail.is_empty() { "" } else { " " };
        let completion = client.invoke(method, ()).await;
        assert_eq!(completion, Err(format!("{base}{space}{detail}").into()));
        assert_alive(&mut client).await;
    }
    assert_silent(&mut bystander, seconds(60)).await;
    assert_alive(&mut bystander).await;
    drop((client, bystander));
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn callers_receive_only_errors_that_are_meant_for_them() {
    let cases = [
        ("Shown", "HubException: only for you"),
        ("ShownAs", "TeaException: only for you"),
        ("Hidden", ""),
        ("HiddenAs", ""),
        ("Boxed", ""),
        ("AnyHow", ""),
        ("Panics", ""),
        ("PanicsLater", ""),
        ("PanicsOddly", ""),
        ("Unwritable", ""),
        ("UnwritableLater", ""),
        ("PanicsWhenWritten", ""),
        ("BadKey", ""),
        ("SendsUnwritable", ""),
        ("SendsPanicking", ""),
    ];
    assert_errors(false, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn with_detailed_errors_callers_receive_all_errors_with_their_types() {
    let cases = [
        ("Shown", "HubException: only for you"),
        ("ShownAs", "TeaException: only for you"),
        ("Hidden", "ParseIntError: invalid digit found in string"),
        ("HiddenAs", "TeaException: secret"),
        ("Boxed", "Error: secret"),
        ("AnyHow", "Error: secret"),
        ("Panics", "Panic: secret"),
        ("PanicsLater", "Panic: secret"),
        ("PanicsOddly", "Panic: a panic without a text"),
        ("PanicsWhenWritten", "Panic: secret"),
        ("SendsPanicking", "Panic: secret"),
    ];
    assert_errors(true, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_arguments_are_decoded_ends_only_the_call() {
    let server = TestServer::new(ResultsHub);
    let mut client = server.connect().await;
    let completion = client.invoke("PanicsWhenDecoded", ("x",)).await;
    let error = completion.unwrap_err();
    assert!(
        error.text().contains("'PanicsWhenDecoded'") && !error.text().contains("secret"),
        "{error}"
    );
    assert_alive(&mut client).await;
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn results_are_written_as_signalr_writes_them() {
    let server = TestServer::new(ResultsHub);
    let mut client = server.connect().await;
    for (method, result) in [
        ("Unit", json!(null)),
        ("Later", json!(null)),
        ("Nothing", json!(null)),
        ("Text", json!("ü\u{1e}\u{2028}\"\\")),
        ("Numbers", json!([1, 0.5, null, u64::MAX])),
        ("Sorted", json!({"7": [1, 2]})),
    ] {
        let id = client.start(method, ()).await.unwrap();
        let completion = message(&mut client).await;
        // Null is written, not left out: without a result, the completion is that of a stream.
        let expected = json!({"type": 3, "invocationId": id, "result": result});
        assert_eq!(completion, expected, "of {method}");
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn sends_get_no_completion_even_when_they_fail() {
    let server = TestServer::new(ResultsHub);
    let mut client = server.connect().await;
    for method in [
        "Unit",
        "Shown",
        "Hidden",
        "Panics",
        "PanicsLater",
        "Unwritable",
        "NoSuchMethod",
        "PanicsWhenDecoded", // the call has too few arguments for it
    ] {
        client.send(method, ()).await.unwrap();
    }
    assert_silent(&mut client, seconds(60)).await;
    assert_alive(&mut client).await;
    drop(client);
    server.leaves_nothing_behind().await;
}
