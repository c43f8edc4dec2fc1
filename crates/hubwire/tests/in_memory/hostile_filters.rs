//! Filters that never end, hold on to what they saw, or panic: what their calls held comes back.

use std::future::{pending, poll_fn};
use std::num::NonZeroUsize;
use std::panic::panic_any;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use futures_util::future::join;
use futures_util::{Stream, StreamExt, stream};
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next, NextHook};
use hubwire::protocol::HubProtocol;
use hubwire::testing::{Received, TestClient};
use hubwire::{
    Caller, CancellationToken, DisconnectReason, HubBuilder, HubCallerContext, HubResult, Naming,
    StreamReader, hub, hub_client,
};
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::packed::PackedClient;
use tokio::task::JoinSet;
use tokio::time::timeout;

#[hub_client]
trait FilteredClient {
    fn confirm(&self, question: &str) -> bool;
}

struct FilteredHub;

#[hub(client = FilteredClient)]
impl FilteredHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn double(&self, number: i32) -> i32 {
        number * 2
    }

    pub fn count(&self, to: u32) -> impl Stream<Item = u32> + use<> {
        stream::iter(0..to)
    }

    pub fn count_until(&self, cancel: CancellationToken) -> impl Stream<Item = u32> + use<> {
        stream::once(async move {
            cancel.cancelled().await;
            1
        })
    }

    pub async fn sum(&self, from: i32, numbers: StreamReader<i32>) -> HubResult<i32> {
        let numbers: Vec<_> = numbers.collect().await;
        Ok(from + numbers.into_iter().sum::<Result<i32, _>>()?)
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().caller().confirm("method?").await?)
    }

    pub async fn wait(&self) {
        pending().await
    }

    pub async fn wait_with_a_bomb(&self) {
        let _bomb = Bomb;
        pending().await
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic_any("a bomb goes off");
    }
}

async fn call(client: &mut TestClient, id: &str, target: &str, arguments: Value) {
    let call = json!({"type": 1, "invocationId": id, "target": target, "arguments": arguments});
    client.send_record(&call).await.unwrap();
}

async fn stream_of(client: &mut TestClient, id: &str, target: &str, arguments: Value) {
    let call = json!({"type": 4, "invocationId": id, "target": target, "arguments": arguments});
    client.send_record(&call).await.unwrap();
}

/// The completion of a call within a time.
async fn completed(client: &mut TestClient, id: &str, limit: u64) -> Value {
    let wait = async {
        loop {
            let message = message(client).await;
            if message["type"] == 3 && message["invocationId"] == id {
                return message;
            }
        }
    };
    timeout(seconds(limit), wait)
        .await
        .expect("the call is completed")
}

/// Waits before each call of one method, and then answers in its place.
struct Answering(&'static str, Gate);

impl HubFilter for Answering {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        if invocation.method_name() != self.0 {
            return next.run(invocation).await;
        }
        self.1.passed().await;
        invocation.result(&-1)
    }
}

#[tokio::test(start_paused = true)]
async fn items_that_wait_behind_a_filter_which_answers_in_the_methods_place() {
    let gate = Gate::closed();
    let server = TestServer::with(FilteredHub, |hub| {
        hub.filter(Answering("Sum", gate.clone()))
    });
    let mut client = server.connect().await;
    for round in 0..3 {
        let (id, stream) = (format!("sum {round}"), format!("s {round}"));
        client
            .send_record(&json!({"type": 1, "invocationId": id, "target": "Sum", "arguments": [1], "streamIds": [stream]}))
            .await
            .unwrap();
        for item in 0..30 {
            let item = json!({"type": 2, "invocationId": stream, "item": item});
            client.send_record(&item).await.unwrap();
        }
        client
            .send_record(&json!({"type": 3, "invocationId": stream}))
            .await
            .unwrap();
        call(&mut client, "double", "Double", json!([4])).await;
        settle().await;
        gate.open(1);
        assert_eq!(completed(&mut client, &id, 5).await["result"], -1);
        assert_eq!(completed(&mut client, "double", 5).await["result"], 8);
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

/// Never ends, for calls of one method.
struct Endless(&'static str);

impl HubFilter for Endless {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        if invocation.method_name().starts_with(self.0) {
            pending::<()>().await;
        }
        next.run(invocation).await
    }
}

#[tokio::test(start_paused = true)]
async fn streams_are_cancelled_whose_filter_never_ends() {
    let server = TestServer::with(FilteredHub, |hub| {
        hub.filter(Endless("Count"))
            .cancelled_stream_timeout(seconds(5))
    });
    let mut client = server.connect().await;
    for (target, arguments, limit) in [("Count", json!([3]), 1), ("CountUntil", json!([]), 6)] {
        stream_of(&mut client, target, target, arguments).await;
        assert_silent(&mut client, seconds(1)).await;
        client
            .send_record(&json!({"type": 5, "invocationId": target}))
            .await
            .unwrap();
        let completion = completed(&mut client, target, limit).await;
        assert_eq!(completion, json!({"type": 3, "invocationId": target}));
    }
    call(&mut client, "double", "Double", json!([4])).await;
    assert_eq!(completed(&mut client, "double", 5).await["result"], 8);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_lost_while_filters_never_end() {
    let server = TestServer::with(FilteredHub, |hub| {
        hub.filter(Endless(""))
            .maximum_running_calls_per_client(100)
    });
    for _ in 0..3 {
        let mut client = server.connect().await;
        stream_of(&mut client, "1", "Count", json!([3])).await;
        stream_of(&mut client, "2", "CountUntil", json!([])).await;
        call(&mut client, "3", "Double", json!([3])).await;
        let upload = json!({"type": 1, "invocationId": "4", "target": "Sum", "arguments": [1], "streamIds": ["s"]});
        client.send_record(&upload).await.unwrap();
        settle().await;
        drop(client);
    }
    pass(seconds(60)).await;
    server.signalr.shutdown().await;
    server.leaves_nothing_behind().await;
}

/// Never ends in a hook.
struct EndlessHook {
    connected: bool,
}

impl HubFilter for EndlessHook {
    async fn on_connected(&self, _: &Caller, next: NextHook<'_>) -> HubResult {
        if self.connected {
            pending::<()>().await;
        }
        next.run().await
    }

    async fn on_disconnected(
        &self,
        _: &Caller,
        _: &DisconnectReason,
        next: NextHook<'_>,
    ) -> HubResult {
        if !self.connected {
            pending::<()>().await;
        }
        next.run().await
    }
}

#[tokio::test(start_paused = true)]
async fn hooks_whose_filter_never_ends() {
    for connected in [true, false] {
        let server = TestServer::with(FilteredHub, |hub| hub.filter(EndlessHook { connected }));
        let client = server.connect().await;
        settle().await;
        drop(client);
        pass(seconds(60)).await;
        server.signalr.shutdown().await;
        server.leaves_nothing_behind().await;
    }
}

/// Asks the caller twice while the method runs, and keeps it for later.
struct AskingAside(Arc<Mutex<Vec<Caller>>>);

impl HubFilter for AskingAside {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let caller = invocation.caller().clone();
        self.0.lock().unwrap().push(caller.clone());
        if invocation.method_name() != "Ask" {
            return next.run(invocation).await;
        }
        let clients = caller.clients();
        let aside = async {
            let (one, other) = join(
                clients.caller().invoke::<bool, _>("Confirm", ("one?",)),
                clients.caller().invoke::<bool, _>("Confirm", ("other?",)),
            )
            .await;
            Ok::<_, hubwire::HubError>(one? && other?)
        };
        let (result, confirmed) = join(next.run(invocation), aside).await;
        assert!(confirmed?);
        result
    }
}

#[tokio::test(start_paused = true)]
async fn one_slot_comes_back_once_however_often_its_filters_ask() {
    let kept = Arc::<Mutex<Vec<Caller>>>::default();
    let server = TestServer::with(FilteredHub, |hub| {
        hub.maximum_parallel_invocations_per_client(NonZeroUsize::MIN)
            .filter(AskingAside(Arc::clone(&kept)))
            .filter(AskingAside(Arc::clone(&kept)))
    });
    let mut client = server.connect().await;
    client.on("Confirm", |(_,): (String,)| Ok(true));
    for _ in 0..3 {
        assert!(client.invoke_as::<bool>("Ask", ()).await.unwrap());
    }
    // Of calls that have ended.
    let mut late = JoinSet::new();
    for caller in kept.lock().unwrap().drain(..) {
        late.spawn(async move {
            caller
                .clients()
                .caller()
                .invoke::<bool, _>("Confirm", ("late?",))
                .await
        });
    }
    call(&mut client, "wait", "Wait", json!([])).await;
    call(&mut client, "double", "Double", json!([4])).await;
    let heard = heard_within(&mut client, seconds(3)).await;
    let answers = |received: &&Received| matches!(received, Received::Message(message) if message["type"] == 3);
    assert_eq!(heard.iter().filter(answers).count(), 0, "{heard:?}");
    drop(client);
    kept.lock().unwrap().clear();
    pass(seconds(60)).await;
    server.signalr.shutdown().await;
    server.leaves_nothing_behind().await;
}

/// Replaces texts by longer ones.
struct Lengthening(usize);

impl HubFilter for Lengthening {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let text: String = invocation.argument(0)?;
        invocation.replace_argument(0, &text.repeat(self.0))?;
        let result = next.run(invocation).await?;
        let echoed: String = result.decode()?;
        assert_eq!(invocation.argument::<String>(0)?, echoed);
        invocation.result(&format!("{echoed}!"))
    }
}

#[tokio::test(start_paused = true)]
async fn arguments_and_results_of_three_megabytes() {
    for naming in [Naming::AsDeclared, Naming::DotNet] {
        let configure =
            |hub: HubBuilder<FilteredHub>| hub.naming(naming).filter(Lengthening(3_000_000));
        let server = TestServer::with(FilteredHub, configure);
        let mut client = server.connect().await;
        for _ in 0..3 {
            let echoed: String = client.invoke_as("Echo", ("x",)).await.unwrap();
            assert_eq!(echoed.len(), 3_000_001);
        }
        let mut packed = PackedClient::handshaken(server.open()).await.unwrap();
        let record = json!({"type": 1, "invocationId": "1", "target": "Echo", "arguments": ["é"]});
        packed.send_record(&record).await.unwrap();
        let echoed = packed.completion().await.unwrap().unwrap();
        assert_eq!(echoed.as_str().map(str::len), Some(6_000_001));
        drop((client, packed));
        server.leaves_nothing_behind().await;
    }
}

struct Passing;

impl HubFilter for Passing {}

#[tokio::test(start_paused = true)]
async fn hundreds_of_filters() {
    let server = TestServer::with(FilteredHub, |hub| {
        (0..300).fold(hub, |hub, _| hub.filter(Passing))
    });
    let mut client = server.connect().await;
    assert_eq!(client.invoke_as::<i32>("Double", (4,)).await.unwrap(), 8);
    stream_of(&mut client, "s", "Count", json!([3])).await;
    assert_eq!(completed(&mut client, "s", 1).await.get("error"), None);
    call(&mut client, "wait", "Wait", json!([])).await;
    settle().await;
    drop(client);
    pass(seconds(60)).await;
    server.signalr.shutdown().await;
    server.leaves_nothing_behind().await;
}

/// Begins the rest of the call, and panics while that waits.
struct PanickingAround;

impl HubFilter for PanickingAround {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        if invocation.method_name() == "Double" {
            return next.run(invocation).await;
        }
        let mut rest = pin!(next.run(invocation));
        let begun = poll_fn(|cx| Poll::Ready(rest.as_mut().poll(cx).is_ready())).await;
        assert!(begun, "it waits");
        rest.await
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_panics_around_a_method_that_holds_a_bomb() {
    let server = TestServer::with(FilteredHub, |hub| {
        hub.filter(PanickingAround)
            .filter(PanickingAround)
            .filter(Passing)
    });
    let mut client = server.connect().await;
    for _ in 0..3 {
        let ended = client.invoke_as::<Value>("WaitWithABomb", ()).await;
        let text = "An unexpected error occurred invoking 'WaitWithABomb' on the server.";
        assert_eq!(ended.unwrap_err().text(), text);
        assert_eq!(client.invoke_as::<i32>("Double", (4,)).await.unwrap(), 8);
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

/// Returns streams of its own, and holds a bomb while it waits for ever.
struct Streaming;

impl HubFilter for Streaming {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        if invocation.method_name() != "Count" {
            return next.run(invocation).await;
        }
        match invocation.argument::<u32>(0)? {
            0 => {
                let _bomb = Bomb;
                pending().await
            }
            1 => {
                let bomb = Bomb;
                Ok(
                    invocation.stream_result(stream::pending::<u32>().inspect(move |_| {
                        let _bomb = &bomb;
                    })),
                )
            }
            2 => Ok(
                invocation.stream_result(stream::poll_fn(|_| -> Poll<Option<u32>> {
                    panic!("a stream of a filter's panics")
                })),
            ),
            _ => {
                let stream = next.run(invocation).await?;
                let _bomb = Bomb;
                Ok(stream)
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn streams_of_filters_with_bombs() {
    let server = TestServer::with(FilteredHub, |hub| hub.filter(Passing).filter(Streaming));
    let mut client = server.connect().await;
    for kind in 0..4 {
        stream_of(&mut client, "s", "Count", json!([kind])).await;
        settle().await;
        client
            .send_record(&json!({"type": 5, "invocationId": "s"}))
            .await
            .unwrap();
        completed(&mut client, "s", 1).await;
        assert_eq!(client.invoke_as::<i32>("Double", (4,)).await.unwrap(), 8);
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

/// Keeps a result, and returns it for the next call.
struct Remembering(Mutex<Option<InvocationResult>>);

impl HubFilter for Remembering {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let result = next.run(invocation).await?;
        let mut kept = self.0.lock().unwrap();
        Ok(match kept.replace(result) {
            Some(kept) => kept,
            None => invocation.result(&0)?,
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_of_another_connection_is_written_in_the_protocol_of_this_one() {
    let server = TestServer::with(FilteredHub, |hub| {
        hub.naming(Naming::DotNet)
            .filter(Remembering(Mutex::default()))
    });
    let mut client = server.connect().await;
    let mut packed = PackedClient::handshaken(server.open()).await.unwrap();
    let mut last = 0;
    for number in [3, 4, 5] {
        assert_eq!(
            client.invoke_as::<i32>("Double", (number,)).await.unwrap(),
            last
        );
        let record = json!({"type": 1, "invocationId": "1", "target": "Double", "arguments": [number * 100]});
        packed.send_record(&record).await.unwrap();
        assert_eq!(packed.completion().await.unwrap(), Ok(json!(number * 2)));
        last = number * 200;
    }
    drop((client, packed));
    server.leaves_nothing_behind().await;
}

#[derive(Clone, Copy, Debug, PartialEq, hubwire::dotnet::Enum)]
enum Currency {
    Euro = 978,
    Dollar = 840,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Price {
    unit_price: hubwire::dotnet::Decimal,
    currency: Currency,
    by_price: std::collections::BTreeMap<hubwire::dotnet::Decimal, f64>,
    at: hubwire::dotnet::DateTimeOffset,
}

struct PriceHub;

#[hub]
impl PriceHub {
    pub fn price(&self, price: Price, factor: f64, other: Price) -> Vec<Option<Price>> {
        let nothing = (!factor.is_sign_negative()).then(|| price.clone());
        vec![Some(price), nothing, Some(other)]
    }
}

/// Takes everything apart, and puts it together again.
struct TakingApart;

impl HubFilter for TakingApart {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let price: Price = invocation.argument(0)?;
        invocation.replace_argument(0, &price)?;
        let result = next.run(invocation).await?;
        let prices: Vec<Option<Price>> = result.decode()?;
        invocation.result(&prices)
    }
}

#[tokio::test(start_paused = true)]
async fn what_filters_take_apart_is_what_it_was() {
    for naming in [
        Naming::AsDeclared,
        Naming::DotNet,
        Naming::DotNetStringEnums,
    ] {
        let mut said = Vec::new();
        for filters in 0..3 {
            let server = TestServer::with(PriceHub, |hub| {
                (0..filters).fold(hub.naming(naming), |hub, _| hub.filter(TakingApart))
            });
            let mut of = Vec::new();
            for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
                let member = |json: &str, pascal: &str, declared: &str| match (naming, protocol) {
                    (Naming::AsDeclared, _) => declared.to_owned(),
                    (_, HubProtocol::Json) => json.to_owned(),
                    (_, HubProtocol::MessagePack) => pascal.to_owned(),
                };
                let by_price = match (naming, protocol) {
                    (Naming::AsDeclared, HubProtocol::Json) => json!({}),
                    _ => json!({"1.10": 2.5}),
                };
                let price = json!({
                    member("unitPrice", "UnitPrice", "unit_price"): "1.10",
                    member("currency", "Currency", "currency"): "Euro",
                    member("byPrice", "ByPrice", "by_price"): by_price,
                    member("at", "At", "at"): "2020-01-02T03:04:05+02:00",
                });
                let call = json!({"type": 1, "invocationId": "1", "target": "Price", "arguments": [price, -0.0, price]});
                let result = match protocol {
                    HubProtocol::Json => {
                        let mut client = server.connect().await;
                        client.send_record(&call).await.unwrap();
                        message(&mut client).await.to_string()
                    }
                    HubProtocol::MessagePack => {
                        let mut client = PackedClient::handshaken(server.open()).await.unwrap();
                        client.send_record(&call).await.unwrap();
                        format!("{:?}", client.completion().await.unwrap())
                    }
                };
                of.push(result);
            }
            server.leaves_nothing_behind().await;
            said.push(of);
        }
        assert_eq!(said[0], said[1]);
        assert_eq!(said[1], said[2]);
    }
}

/// A hub that is there twice, and shut down while its filter thinks.
#[tokio::test(start_paused = true)]
async fn a_hub_that_is_mapped_twice_is_shut_down_during_a_filter() {
    let gate = Gate::closed();
    let server = TestServer::with(FilteredHub, |hub| {
        hub.filter(Answering("Double", gate.clone()))
    });
    let again = server.hub.endpoint();
    let mut one = server.connect().await;
    let mut other = TestClient::connect(&again).await.unwrap();
    for client in [&mut one, &mut other] {
        call(client, "1", "Double", json!([4])).await;
        stream_of(client, "2", "CountUntil", json!([])).await;
    }
    settle().await;
    let opened = async {
        pass(seconds(1)).await;
        gate.open(2);
    };
    tokio::join!(server.signalr.shutdown(), opened);
    for client in [&mut one, &mut other] {
        let heard = heard_within(client, seconds(1)).await;
        assert_eq!(heard.last(), Some(&Received::Lost), "{heard:?}");
    }
    drop((one, other));
    server.leaves_nothing_behind().await;
}
