//! Parameters that clients may leave out.

use std::iter;

use futures_util::{Stream, stream};
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::manual::Hub;
use hubwire::testing::{HubTester, TestClient};
use hubwire::{
    CancellationToken, HubBuilder, HubCallerContext, HubResult, Naming, StreamReader, hub,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::packed::PackedClient;

#[derive(Debug, Default, Deserialize, Serialize)]
enum Side {
    #[default]
    Buy,
    Sell,
}

struct OrdersHub;

#[hub]
impl OrdersHub {
    #[expect(clippy::too_many_arguments, reason = "one of each kind")]
    pub fn order(
        &self,
        symbol: String,
        note: Option<String>,
        #[hub(default)] side: Side,
        _cx: &HubCallerContext<Self>,
        #[hub(default)] count: Option<u32>,
        _cancel: CancellationToken,
        #[hub(default)] tags: Vec<String>,
    ) -> Value {
        json!([symbol, note, side, count, tags])
    }

    pub fn all(&self, #[hub(default)] first: u32, #[hub(default)] second: String) -> Value {
        json!([first, second])
    }

    pub async fn sum(
        &self,
        #[hub(default)] from: i32,
        mut numbers: StreamReader<i32>,
    ) -> HubResult<i32> {
        let mut sum = from;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }

    pub fn repeat(
        &self,
        text: String,
        #[hub(default)] times: Option<usize>,
    ) -> impl Stream<Item = String> + use<> {
        stream::iter(iter::repeat_n(text, times.unwrap_or(2)))
    }
}

/// The completion of a call, in both protocols: its result or its error.
async fn called(
    server: &TestServer<OrdersHub>,
    target: &str,
    arguments: &Value,
) -> Result<Value, String> {
    let call = json!({"type": 1, "invocationId": "1", "target": target, "arguments": arguments});
    let mut client = server.connect().await;
    client.send_record(&call).await.unwrap();
    let completion = client.completion("1").await;
    let completion = completion.map_err(|error| error.text().to_owned());
    let mut packed = PackedClient::handshaken(server.open()).await.unwrap();
    packed.send_record(&call).await.unwrap();
    assert_eq!(packed.completion().await.unwrap(), completion);
    completion
}

fn detailed(hub: HubBuilder<OrdersHub>) -> HubBuilder<OrdersHub> {
    hub.detailed_errors(true)
}

#[tokio::test(start_paused = true)]
async fn what_is_left_out_is_its_default() {
    for naming in [Naming::AsDeclared, Naming::DotNetStringEnums] {
        let server = TestServer::with(OrdersHub, |hub| hub.naming(naming));
        for (sent, bound) in [
            (json!(["TEA", null]), json!(["TEA", null, "Buy", null, []])),
            (
                json!(["TEA", "now", "Sell"]),
                json!(["TEA", "now", "Sell", null, []]),
            ),
            (
                json!(["TEA", "now", "Sell", 3]),
                json!(["TEA", "now", "Sell", 3, []]),
            ),
            (
                json!(["TEA", null, "Buy", null, ["a", "b"]]),
                json!(["TEA", null, "Buy", null, ["a", "b"]]),
            ),
        ] {
            assert_eq!(called(&server, "Order", &sent).await, Ok(bound));
        }
        assert_eq!(called(&server, "All", &json!([])).await, Ok(json!([0, ""])));
        assert_eq!(
            called(&server, "All", &json!([7])).await,
            Ok(json!([7, ""]))
        );
        server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn too_few_and_too_many_are_errors_that_name_the_number_of_all_parameters() {
    let server = TestServer::with(OrdersHub, detailed);
    // JSON binds in order, so the number counts only where the arguments fit.
    let fitting = |target| match target {
        "Order" => json!(["TEA", null, "Buy", 1, []]),
        _ => json!([1, ""]),
    };
    for (target, sent, takes) in [
        ("Order", 0, 5),
        ("Order", 1, 5),
        ("Order", 6, 5),
        ("Order", 300, 5),
        ("All", 3, 2),
    ] {
        let fitting = fitting(target).as_array().unwrap().clone();
        let arguments = fitting.into_iter().chain(iter::repeat(json!(1)));
        let arguments = arguments.take(sent).collect();
        let expected = format!(
            "Failed to invoke '{target}' due to an error on the server. InvalidDataException: \
             Invocation provides {sent} argument(s) but target expects {takes}."
        );
        assert_eq!(called(&server, target, &arguments).await, Err(expected));
    }
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_must_fit_and_null_is_sent() {
    let server = TestServer::with(OrdersHub, detailed);
    let misfit = "Failed to invoke 'Order' due to an error on the server. InvalidDataException: \
                  Error binding arguments. Make sure that the types of the provided values match \
                  the types of the hub method being invoked.";
    for arguments in [
        json!(["TEA", null, "Keep"]),
        json!(["TEA", null, null]),
        json!(["TEA", null, "Buy", 1, null]),
    ] {
        let refused = called(&server, "Order", &arguments).await;
        assert_eq!(refused, Err(misfit.to_owned()), "{arguments}");
    }
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn uploads_and_streams_leave_arguments_out_too() {
    let server = TestServer::new(OrdersHub);
    let mut client = server.connect().await;
    assert_eq!(client.upload("Sum", (), [5, 6]).await, Ok(11));
    assert_eq!(client.upload("Sum", (100,), [5, 6]).await, Ok(111));
    for (arguments, items) in [
        (json!(["a"]), 2),
        (json!(["a", 3]), 3),
        (json!(["a", null]), 2),
    ] {
        let call =
            json!({"type": 4, "invocationId": "s", "target": "Repeat", "arguments": arguments});
        client.send_record(&call).await.unwrap();
        for _ in 0..items {
            let item = json!({"type": 2, "invocationId": "s", "item": "a"});
            assert_eq!(message(&mut client).await, item);
        }
        assert_eq!(
            message(&mut client).await,
            json!({"type": 3, "invocationId": "s"})
        );
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test]
async fn a_hub_tester_leaves_arguments_out_too() {
    let tester = HubTester::new(OrdersHub);
    let ann = tester.caller("ann");
    let ordered = ann.invoke("Order", ("TEA", ())).await.unwrap();
    assert_eq!(ordered, json!(["TEA", null, "Buy", null, []]));
    let sum: i32 = ann.upload("Sum", (), [1, 2]).await.unwrap();
    assert_eq!(sum, 3);
    let refused = ann.invoke("All", (1, "", 3)).await.unwrap_err();
    let cause = refused.cause().unwrap().to_string();
    assert_eq!(
        cause,
        "Invocation provides 3 argument(s) but target expects 2."
    );
}

/// Runs a function for each call.
struct Acting<F>(F);

impl<F: Fn(&mut HubInvocation) -> HubResult + Send + Sync + 'static> HubFilter for Acting<F> {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        (self.0)(invocation)?;
        next.run(invocation).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_sees_what_was_sent_and_sets_what_was_left_out() {
    let server = TestServer::with(OrdersHub, |hub| {
        hub.filter(Acting(|invocation: &mut HubInvocation| {
            let sent = invocation.argument_count();
            if invocation.method_name() == "All" && sent == 0 {
                assert!(invocation.argument::<u32>(0).is_err());
                assert!(invocation.replace_argument(1, "too far").is_err());
                invocation.replace_argument(0, &7)?;
                assert_eq!(invocation.argument_count(), 1);
                assert_eq!(invocation.argument::<u32>(0)?, 7);
                invocation.replace_argument(1, "set")?;
                assert!(invocation.replace_argument(2, "no parameter").is_err());
            } else if sent == 2 {
                invocation.replace_argument(0, "COFFEE")?;
            } else if sent == 3 {
                // Later ones stay left out.
                invocation.replace_argument(3, &9)?;
            }
            Ok(())
        }))
    });
    let all = called(&server, "All", &json!([])).await;
    assert_eq!(all, Ok(json!([7, "set"])));
    let order = called(&server, "Order", &json!(["TEA", null])).await;
    assert_eq!(order, Ok(json!(["COFFEE", null, "Buy", null, []])));
    let order = called(&server, "Order", &json!(["TEA", null, "Sell"])).await;
    assert_eq!(order, Ok(json!(["TEA", null, "Sell", 9, []])));
    let order = called(&server, "All", &json!([1])).await;
    assert_eq!(order, Ok(json!([1, ""])));
    server.leaves_nothing_behind().await;
}

struct PanickingDefault;

impl<'de> Deserialize<'de> for PanickingDefault {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        u32::deserialize(from).map(|_| Self)
    }
}

impl Default for PanickingDefault {
    fn default() -> Self {
        panic!("secret")
    }
}

struct PanickingHub;

#[hub]
impl PanickingHub {
    pub fn take(&self, #[hub(default)] _value: PanickingDefault) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn a_default_that_panics_ends_its_call_alone() {
    let server = TestServer::new(PanickingHub);
    let mut client = server.connect().await;
    let ended = client.invoke_as::<bool>("Take", ()).await.unwrap_err();
    let expected = "Failed to invoke 'Take' due to an error on the server.";
    assert_eq!(ended.text(), expected);
    assert!(client.invoke_as::<bool>("Take", (1,)).await.unwrap());
    drop(client);
    server.leaves_nothing_behind().await;
}

#[test]
fn the_description_says_what_may_be_left_out() {
    let order = &OrdersHub::METHODS[0];
    let parameters = order.parameters.iter();
    let described: Vec<_> = parameters.map(|it| (it.name, it.has_default)).collect();
    let expected = [
        ("symbol", false),
        ("note", false),
        ("side", true),
        ("count", true),
        ("tags", true),
    ];
    assert_eq!(described, expected);
    let sum = &OrdersHub::METHODS[2];
    assert!(sum.parameters[0].has_default && !sum.parameters[1].has_default);
}

/// Any value, nearly right.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<u32>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
        prop::sample::select(vec![json!("Buy"), json!("Sell"), json!(["a"]), json!([])]),
    ]
}

async fn outcome(client: &mut TestClient, arguments: &[Value]) -> Result<Value, String> {
    let call = json!({"type": 1, "invocationId": "1", "target": "Order", "arguments": arguments});
    client.send_record(&call).await.unwrap();
    let completion = client.completion("1").await;
    completion.map_err(|error| error.text().to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is left out is the same as what is sent with the values of the defaults.
    #[test]
    fn left_out_is_the_same_as_sent_with_the_default(
        symbol in "[A-Z]{1,4}",
        rest in prop::collection::vec(value(), 1..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let server = TestServer::with(OrdersHub, detailed);
            let mut client = server.connect().await;
            let mut sent = vec![json!(symbol)];
            sent.extend(rest);
            let left_out = outcome(&mut client, &sent).await;
            let defaults = [json!("Buy"), Value::Null, json!([])];
            sent.extend_from_slice(&defaults[sent.len() - 2..]);
            assert_eq!(left_out, outcome(&mut client, &sent).await);
        });
    }
}
