//! What filters are told of calls that reach no method: with a panic while arguments are decoded,
//! and in a `HubTester`.

use hubwire::filters::{HubFilter, RefusedCall};
use hubwire::testing::HubTester;
use hubwire::{Stream, StreamReader, hub};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use test_support::in_memory::*;

struct RefusingHub;

#[hub]
impl RefusingHub {
    pub fn double(&self, number: i32) -> i32 {
        number * 2
    }

    pub fn take(&self, _: PanicsWhileRead) {}

    pub fn count(&self, to: u32) -> impl Stream<Item = u32> + use<> {
        futures_util::stream::iter(0..to)
    }

    pub fn sum(&self, _: StreamReader<i32>) {}
}

struct PanicsWhileRead;

impl<'de> Deserialize<'de> for PanicsWhileRead {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("an argument panics")
    }
}

struct Refusals(Log);

impl HubFilter for Refusals {
    fn refused(&self, call: &RefusedCall<'_>) {
        let (target, method) = (call.target(), call.method_name());
        let reason = call.reason();
        self.0.note(format!("{target} {method:?} {reason:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_arguments_are_decoded_is_a_refusal() {
    let log = Log::default();
    let server = TestServer::with(RefusingHub, |hub| hub.filter(Refusals(log.clone())));
    let mut client = server.connect().await;
    for call in [
        json!({"type": 1, "invocationId": "1", "target": "tAKE", "arguments": [1]}),
        json!({"type": 1, "invocationId": "2", "target": "tAKE", "arguments": [2]}),
    ] {
        client.send_record(&call).await.unwrap();
        assert!(message(&mut client).await["error"].is_string());
        assert_eq!(log.take(), [r#"tAKE Some("Take") Argument"#]);
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test]
async fn a_hub_tester_tells_its_filters_as_a_server_does() {
    let log = Log::default();
    let tester = HubTester::new(RefusingHub).filter(Refusals(log.clone()));
    let ann = tester.caller("ann");
    ann.invoke("Nothing", (1,)).await.unwrap_err();
    ann.invoke("dOUBLE", ("x",)).await.unwrap_err();
    ann.invoke("Double", ()).await.unwrap_err();
    ann.invoke("Count", (1,)).await.unwrap_err();
    ann.invoke("Sum", ()).await.unwrap_err();
    let told = [
        "Nothing None UnknownMethod",
        r#"dOUBLE Some("Double") Argument"#,
        r#"Double Some("Double") ArgumentCount"#,
        r#"Count Some("Count") WrongKind"#,
        r#"Sum Some("Sum") Streams"#,
    ];
    assert_eq!(log.take(), told);
    let refused = ann.stream_as::<Value>("Double", (1,)).await;
    assert!(refused.is_err());
    assert_eq!(log.take(), [r#"Double Some("Double") WrongKind"#]);
}
