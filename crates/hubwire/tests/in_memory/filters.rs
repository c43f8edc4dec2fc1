//! Hub filters: the hub of these tests, and the order in which filters run.

mod asking;
mod connections;
mod failing;
mod seeing;
mod streams;
mod supplied;
mod values;

use std::future::pending;

use futures_util::{Stream, StreamExt, stream};
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next, NextHook};
use hubwire::protocol::HubProtocol;
use hubwire::{
    Caller, DisconnectReason, HubCallerContext, HubError, HubResult, SignalR, StreamReader, hub,
    hub_client,
};
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::packed::PackedClient;

#[hub_client]
trait FilteredClient {
    fn confirm(&self, question: &str) -> bool;
}

struct FilteredHub(Log);

#[hub(client = FilteredClient)]
impl FilteredHub {
    fn on_connected(&self) {
        self.0.note("on_connected");
    }

    fn on_disconnected(&self) {
        self.0.note("on_disconnected");
    }

    pub fn double(&self, number: i32) -> i32 {
        self.0.note(format!("double {number}"));
        number * 2
    }

    pub fn fail(&self) -> HubResult {
        Err(HubError::hidden("method boom"))
    }

    pub fn panic(&self) -> i32 {
        panic!("method panics")
    }

    pub fn count(&self, to: u32) -> impl Stream<Item = u32> + use<> {
        stream::iter(0..to)
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
}

/// A filter that notes what passes through it.
struct Noting(&'static str, Log);

impl HubFilter for Noting {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let method = invocation.method_name().to_owned();
        self.1.note(format!("{} before {method}", self.0));
        let result = next.run(invocation).await;
        self.1.note(match &result {
            Ok(result) if result.is_stream() => format!("{} after a stream", self.0),
            Ok(result) => match result.decode::<Value>() {
                Ok(value) => format!("{} after {value}", self.0),
                Err(error) => format!("{} after {error:?}", self.0),
            },
            Err(error) => format!("{} after {}: {error}", self.0, error.type_name()),
        });
        result
    }

    async fn on_connected(&self, _: &Caller, next: NextHook<'_>) -> HubResult {
        self.1.note(format!("{} connecting", self.0));
        next.run().await
    }

    async fn on_disconnected(
        &self,
        _: &Caller,
        _: &DisconnectReason,
        next: NextHook<'_>,
    ) -> HubResult {
        self.1.note(format!("{} disconnecting", self.0));
        next.run().await
    }
}

/// A filter that runs a function for each call.
struct Acting<F>(F);

impl<F> HubFilter for Acting<F>
where
    F: Fn(&mut HubInvocation) -> HubResult<Option<InvocationResult>> + Send + Sync + 'static,
{
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        match (self.0)(invocation)? {
            Some(result) => Ok(result),
            None => next.run(invocation).await,
        }
    }
}

/// Returns what a client that calls `Double` receives.
async fn doubled_over(
    server: &TestServer<FilteredHub>,
    protocol: HubProtocol,
    number: i32,
) -> Result<Value, String> {
    if protocol == HubProtocol::Json {
        let mut client = server.connect().await;
        let doubled = client.invoke_as::<Value>("Double", (number,)).await;
        return doubled.map_err(|error| error.text().to_owned());
    }
    let mut client = PackedClient::handshaken(server.open()).await.unwrap();
    let call = json!({"type": 1, "invocationId": "1", "target": "Double", "arguments": [number]});
    client.send_record(&call).await.unwrap();
    client.completion().await.unwrap()
}

const MASKED: &str = "An unexpected error occurred invoking 'Double' on the server.";

#[tokio::test(start_paused = true)]
async fn the_servers_filters_run_around_the_hubs_in_the_order_in_which_they_were_added() {
    let log = Log::default();
    let noting = |name| Noting(name, log.clone());
    let signalr = SignalR::builder()
        .filter(noting("first"))
        .filter(noting("second"))
        .build();
    let server = TestServer::on(signalr, FilteredHub(log.clone()), |hub| {
        hub.filter(noting("third")).filter(noting("fourth"))
    });
    let mut client = server.connect().await;
    let connected = ["first", "second", "third", "fourth"].map(|name| format!("{name} connecting"));
    settle().await;
    assert_eq!(
        log.take(),
        [&connected[..], &["on_connected".into()]].concat()
    );

    let doubled = client.invoke_as::<i32>("Double", (4,)).await;
    assert_eq!(doubled.unwrap(), 8);
    let called = [
        "first before Double",
        "second before Double",
        "third before Double",
        "fourth before Double",
        "double 4",
        "fourth after 8",
        "third after 8",
        "second after 8",
        "first after 8",
    ];
    assert_eq!(log.take(), called);

    client.close().await.unwrap();
    drop(client);
    server.leaves_nothing_behind().await;
    let disconnected =
        ["first", "second", "third", "fourth"].map(|name| format!("{name} disconnecting"));
    assert_eq!(
        log.take(),
        [&disconnected[..], &["on_disconnected".into()]].concat()
    );
}
