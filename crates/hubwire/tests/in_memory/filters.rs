//! Hub filters: their order, what they see and change, and what happens when they fail.

use std::future::pending;
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{Stream, StreamExt, stream};
use hubwire::filters::{
    HubFilter, HubInvocation, InvocationLogging, InvocationMetrics, InvocationResult, Next,
    NextHook, RefusedCall,
};
use hubwire::protocol::HubProtocol;
use hubwire::testing::HubTester;
use hubwire::{
    Caller, DisconnectReason, HubCallerContext, HubError, HubResult, Naming, SignalR, StreamReader,
    hub, hub_client,
};
use metrics_util::debugging::DebuggingRecorder;
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use test_support::packed::PackedClient;
use tracing::Level;

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

#[tokio::test(start_paused = true)]
async fn errors_and_panics_of_methods_and_filters_are_errors_to_the_filters_around_them() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(log.clone()), |hub| {
        hub.filter(Noting("outer", log.clone()))
            .filter(Acting(|invocation: &mut HubInvocation| {
                match invocation.method_name() {
                    "Wait" => panic!("filter panics"),
                    _ => Ok(None),
                }
            }))
            .filter(Noting("inner", log.clone()))
    });
    let mut client = server.connect().await;
    settle().await;
    log.take();
    for method in ["Fail", "Panic", "Wait"] {
        let error = client.invoke_as::<Value>(method, ()).await.unwrap_err();
        let masked = format!("An unexpected error occurred invoking '{method}' on the server.");
        assert_eq!(error.text(), masked);
    }
    let told = [
        "outer before Fail",
        "inner before Fail",
        "inner after Error: method boom",
        "outer after Error: method boom",
        "outer before Panic",
        "inner before Panic",
        "inner after Panic: method panics",
        "outer after Panic: method panics",
        "outer before Wait",
        "outer after Panic: filter panics",
    ];
    assert_eq!(log.take(), told);
    assert_eq!(client.invoke_as::<i32>("Double", (1,)).await.unwrap(), 2);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn an_argument_is_replaced_in_both_protocols_and_under_other_names() {
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        for naming in [Naming::AsDeclared, Naming::DotNet] {
            let server = TestServer::with(FilteredHub(Log::default()), |hub| {
                hub.naming(naming)
                    .filter(Acting(|invocation: &mut HubInvocation| {
                        let number: i32 = invocation.argument(0)?;
                        assert_eq!(invocation.argument_count(), 1);
                        invocation.replace_argument(0, &(number + 1))?;
                        assert_eq!(invocation.argument::<i32>(0)?, number + 1);
                        Ok(None)
                    }))
            });
            let doubled = doubled_over(&server, protocol, 4).await;
            assert_eq!(doubled, Ok(json!(10)));
            server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_another_type_is_an_error_of_the_call() {
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        let log = Log::default();
        let server = TestServer::with(FilteredHub(log.clone()), |hub| {
            hub.filter(Acting(|invocation: &mut HubInvocation| {
                invocation.replace_argument(0, "four")?;
                Ok(None)
            }))
        });
        assert_eq!(doubled_over(&server, protocol, 4).await, Err(MASKED.into()));
        server.leaves_nothing_behind().await;
        assert_eq!(log.take(), ["on_connected", "on_disconnected"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_position_without_an_argument_does_not_panic() {
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Acting(|invocation: &mut HubInvocation| {
            assert!(invocation.argument::<Value>(1).is_err());
            invocation.replace_argument(usize::MAX, &1)?;
            Ok(None)
        }))
    });
    assert_eq!(
        doubled_over(&server, HubProtocol::Json, 4).await,
        Err(MASKED.into())
    );
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_returns_a_result_in_place_of_the_method_or_refuses() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(log.clone()), |hub| {
        hub.filter(Acting(|invocation: &mut HubInvocation| {
            match invocation.argument::<i32>(0)? {
                0 => Ok(Some(invocation.result(&"nothing")?)),
                1 => Err(HubError::new("No ones")),
                _ => Ok(None),
            }
        }))
    });
    let mut client = server.connect().await;
    settle().await;
    log.take();
    assert_eq!(
        client.invoke_as::<String>("Double", (0,)).await.unwrap(),
        "nothing"
    );
    let refused = client.invoke_as::<i32>("Double", (1,)).await.unwrap_err();
    assert_eq!(refused.text(), format!("{MASKED} HubException: No ones"));
    assert_eq!(log.take(), [""; 0]);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_returns_no_stream_is_an_error_in_the_log() {
    let lines = LogLines::written(Level::WARN);
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Acting(|invocation: &mut HubInvocation| {
            Ok(Some(invocation.result(&"no stream")?))
        }))
    });
    let mut client = server.connect().await;
    let call = json!({"type": 4, "invocationId": "s", "target": "Count", "arguments": [1]});
    client.send_record(&call).await.unwrap();
    client.completion("s").await.unwrap_err();
    let line = lines.one_of_a_connection("FilteredHub");
    assert_eq!(line.level, Level::ERROR);
    assert_eq!(line.field("method"), "Count");
    assert!(line.field("error").contains("a filter returned a value"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_begins_when_its_filters_have_returned_it() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(log.clone()), |hub| {
        hub.filter(Noting("outer", log.clone()))
            .filter(Acting(|invocation: &mut HubInvocation| {
                match invocation.argument::<u32>(0)? {
                    0 => Ok(Some(invocation.result(&"no stream")?)),
                    1 => Err(HubError::new("Only more than one")),
                    7 => Ok(Some(invocation.stream_result(stream::iter(["seven"])))),
                    to => {
                        invocation.replace_argument(0, &(to - 1))?;
                        Ok(None)
                    }
                }
            }))
    });
    let mut client = server.connect().await;
    settle().await;
    log.take();
    let mut streamed = async |to: u32| {
        let call = json!({"type": 4, "invocationId": "s", "target": "Count", "arguments": [to]});
        client.send_record(&call).await.unwrap();
        let mut messages = Vec::new();
        loop {
            messages.push(message(&mut client).await);
            if messages.last().unwrap()["type"] == 3 {
                return messages;
            }
        }
    };
    let completed = json!({"type": 3, "invocationId": "s"});
    let item = |item: Value| json!({"type": 2, "invocationId": "s", "item": item});
    assert_eq!(
        streamed(3).await,
        [item(json!(0)), item(json!(1)), completed.clone()]
    );
    assert_eq!(log.take(), ["outer before Count", "outer after a stream"]);
    assert_eq!(streamed(7).await, [item(json!("seven")), completed]);
    let text = "The value returned by the streaming method 'Count' is not a ChannelReader<> or IAsyncEnumerable<>.";
    assert_eq!(streamed(0).await[0]["error"], text);
    let text = "An unexpected error occurred invoking 'Count' on the server. HubException: Only more than one";
    assert_eq!(streamed(1).await[0]["error"], text);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_replaced_argument_loses_none_of_the_clients_streams() {
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Acting(|invocation: &mut HubInvocation| {
            invocation.replace_argument(0, &100)?;
            Ok(None)
        }))
    });
    let mut client = server.connect().await;
    let sum: i32 = client.upload("Sum", (1,), [5, 6]).await.unwrap();
    assert_eq!(sum, 111);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn filters_see_only_calls_of_existing_methods_with_arguments_that_fit() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(log.clone()), |hub| {
        hub.filter(Noting("outer", log.clone()))
    });
    let mut client = server.connect().await;
    settle().await;
    log.take();
    for (method, argument) in [
        ("Nothing", json!(1)),
        ("Double", json!("x")),
        ("Count", json!(1)),
    ] {
        assert!(
            client
                .invoke_as::<Value>(method, (argument,))
                .await
                .is_err()
        );
    }
    assert!(client.invoke_as::<Value>("Double", ()).await.is_err());
    assert_eq!(log.take(), [""; 0]);
    drop(client);
    server.leaves_nothing_behind().await;
}

/// A filter that reads neither arguments nor results.
struct Blind(Log);

impl HubFilter for Blind {
    fn reads_arguments(&self) -> bool {
        false
    }

    fn reads_results(&self) -> bool {
        false
    }

    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let argument = invocation.argument::<i32>(0);
        let replaced = invocation.replace_argument(0, &1);
        let result = next.run(invocation).await?;
        let decoded = result.decode::<i32>();
        self.0.note(format!(
            "{} {} {}",
            argument.is_ok(),
            replaced.is_ok(),
            decoded.is_ok()
        ));
        Ok(result)
    }
}

#[tokio::test(start_paused = true)]
async fn arguments_and_results_that_no_filter_reads_are_not_kept() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Blind(log.clone()))
    });
    let mut client = server.connect().await;
    // A result that is sent to the client is encoded anyway.
    assert_eq!(client.invoke_as::<i32>("Double", (4,)).await.unwrap(), 8);
    client.send("Double", (4,)).await.unwrap();
    settle().await;
    assert_eq!(log.take(), ["false false true", "false false false"]);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_not_sent_is_encoded_for_a_filter_that_reads_it() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Noting("outer", log.clone()))
    });
    let mut client = server.connect().await;
    settle().await;
    log.take();
    client.send("Double", (4,)).await.unwrap();
    settle().await;
    assert_eq!(log.take(), ["outer before Double", "outer after 8"]);
    drop(client);
    server.leaves_nothing_behind().await;
}

/// A filter that invokes the caller before each call, which gives the call's slot back.
struct Asking;

impl HubFilter for Asking {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let caller = invocation.caller().clients().caller();
        match caller.invoke("Confirm", ("filter?",)).await? {
            true => next.run(invocation).await,
            false => Err(HubError::new("The caller does not want it")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_may_invoke_the_caller_like_a_method() {
    let server = TestServer::with(FilteredHub(Log::default()), |hub| hub.filter(Asking));
    let mut client = server.connect().await;
    client.on("Confirm", |(_,): (String,)| Ok(true));
    assert!(client.invoke_as::<bool>("Ask", ()).await.unwrap());
    client.on(
        "Confirm",
        |(question,): (String,)| Ok(question == "method?"),
    );
    let refused = client.invoke_as::<bool>("Ask", ()).await.unwrap_err();
    assert!(
        refused
            .text()
            .ends_with("HubException: The caller does not want it")
    );
    drop(client);
    server.leaves_nothing_behind().await;
}

/// A value that panics when it is dropped.
struct Bomb(Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic_any("a filter's value panics while it is dropped");
    }
}

struct Bombing(Arc<AtomicUsize>);

impl HubFilter for Bombing {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let _bomb = Bomb(Arc::clone(&self.0));
        next.run(invocation).await
    }

    async fn on_disconnected(
        &self,
        _: &Caller,
        _: &DisconnectReason,
        _: NextHook<'_>,
    ) -> HubResult {
        panic!("a filter panics when a connection has ended")
    }
}

#[tokio::test(start_paused = true)]
async fn drops_that_panic_end_one_call() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Bombing(Arc::clone(&dropped)))
            .filter(Bombing(Arc::clone(&dropped)))
    });
    let mut client = server.connect().await;
    let error = client.invoke_as::<i32>("Double", (1,)).await.unwrap_err();
    assert_eq!(error.text(), MASKED);
    assert_eq!(dropped.load(Ordering::Relaxed), 2);

    // A waiting call is dropped with its filters when its time is over.
    client.send("Wait", ()).await.unwrap();
    settle().await;
    drop(client);
    server.signalr.shutdown().await;
    server.leaves_nothing_behind().await;
    assert_eq!(dropped.load(Ordering::Relaxed), 4);
}

/// A filter that runs `on_connected` or does not, and refuses connections.
struct Doorkeeper(Arc<Mutex<HubResult<bool>>>);

impl HubFilter for Doorkeeper {
    async fn on_connected(&self, _: &Caller, next: NextHook<'_>) -> HubResult {
        let answer = std::mem::replace(&mut *self.0.lock().unwrap(), Ok(true));
        match answer? {
            true => next.run().await,
            false => Ok(()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_skips_on_connected_or_refuses_the_connection() {
    let (log, answer) = (Log::default(), Arc::new(Mutex::new(Ok(false))));
    let server = TestServer::with(FilteredHub(log.clone()), |hub| {
        hub.filter(Doorkeeper(Arc::clone(&answer)))
    });
    let mut client = server.connect().await;
    assert_eq!(client.invoke_as::<i32>("Double", (1,)).await.unwrap(), 2);
    assert_eq!(log.take(), ["double 1"]);
    drop(client);
    settle().await;
    assert_eq!(log.take(), ["on_disconnected"]);

    *answer.lock().unwrap() = Err(HubError::new("The shop is closed"));
    let mut client = server.open();
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await.unwrap();
    assert_eq!(message(&mut client).await, json!({}));
    let error = "Connection closed with an error. HubException: The shop is closed";
    assert_closed_with(&mut client, json!({"type": 7, "error": error})).await;
    server.leaves_nothing_behind().await;
    assert_eq!(log.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_filter_sees_the_caller_the_method_and_the_duration() {
    let log = Log::default();
    let noted = log.clone();
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Acting(move |invocation: &mut HubInvocation| {
            noted.note(format!(
                "{} {} {} {:?}",
                invocation.hub_name(),
                invocation.method_name(),
                invocation.caller().user_id().unwrap(),
                invocation.elapsed()
            ));
            let shown = format!("{invocation:?}");
            assert!(!shown.contains("4321"), "{shown}");
            Ok(None)
        }))
    });
    let mut client = server.connect_as("ann").await;
    client.invoke_as::<i32>("dOUBLE", (4321,)).await.unwrap();
    assert_eq!(log.take(), ["FilteredHub Double ann 0ns"]);
    drop(client);
    server.leaves_nothing_behind().await;
}

struct Refusals(Log);

impl HubFilter for Refusals {
    fn refused(&self, call: &RefusedCall<'_>) {
        let (target, method) = (call.target(), call.method_name());
        self.0
            .note(format!("{target} {method:?} {:?}", call.reason()));
        assert!(call.target() != "Boom", "a filter panics");
    }
}

#[tokio::test(start_paused = true)]
async fn filters_are_told_of_calls_that_reach_no_method() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Refusals(log.clone()))
            .filter(Refusals(log.clone()))
    });
    let mut client = server.connect().await;
    let double = r#"Some("Double")"#;
    for (target, arguments, told) in [
        (
            "Nothing",
            json!([1]),
            "Nothing None UnknownMethod".to_owned(),
        ),
        ("Boom", json!([1]), "Boom None UnknownMethod".to_owned()),
        ("dOUBLE", json!(["x"]), format!("dOUBLE {double} Argument")),
        (
            "Double",
            json!([]),
            format!("Double {double} ArgumentCount"),
        ),
        (
            "Count",
            json!([1]),
            r#"Count Some("Count") WrongKind"#.to_owned(),
        ),
        ("Sum", json!([1]), r#"Sum Some("Sum") Streams"#.to_owned()),
    ] {
        let call =
            json!({"type": 1, "invocationId": "1", "target": target, "arguments": arguments});
        client.send_record(&call).await.unwrap();
        assert!(message(&mut client).await["error"].is_string());
        assert_eq!(log.take(), [told.clone(), told]);
    }
    assert_eq!(client.invoke_as::<i32>("Double", (1,)).await.unwrap(), 2);
    assert_eq!(log.take(), [""; 0]);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn supplied_filters_log_and_measure_each_call_without_its_values() {
    let lines = LogLines::written(Level::DEBUG);
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(InvocationLogging).filter(InvocationMetrics)
    });
    let mut client = server.connect().await;
    client.invoke_as::<i32>("dOUBLE", (4321,)).await.unwrap();
    client.invoke_as::<Value>("Fail", ()).await.unwrap_err();
    let farewell = "hunter2\n".repeat(1_000);
    let close = json!({"type": 7, "error": farewell});
    client.send_record(&close).await.unwrap();
    drop(client);
    server.leaves_nothing_behind().await;

    let lines = lines.take();
    let lines = lines.iter().filter(|line| line.target == "hubwire::calls");
    let said: Vec<_> = lines
        .map(|line| {
            assert_eq!(line.field("hub"), "FilteredHub");
            assert!(!line.field("connection_id").is_empty());
            let shown = format!("{line:?}");
            assert!(!shown.contains("8642") && !shown.contains("4321") && shown.len() < 1_000);
            (
                line.message.clone(),
                line.field("method").to_owned(),
                line.field("failed").to_owned(),
            )
        })
        .collect();
    let line = |message: &str, method: &str, failed: &str| {
        (message.to_owned(), method.to_owned(), failed.to_owned())
    };
    let expected = [
        line("connected", "", "false"),
        line("hub method called", "Double", "false"),
        line("hub method called", "Fail", "true"),
        line("disconnected", "", "false"),
    ];
    assert_eq!(said, expected);

    let measured = recorder.snapshotter().snapshot().into_vec().into_iter();
    let mut measured: Vec<_> = measured
        .filter(|(key, ..)| key.key().name() == "hubwire.invocation.inner.duration")
        .map(|(key, ..)| {
            let labels = key.key().labels();
            labels
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect::<Vec<_>>()
        })
        .collect();
    measured.sort();
    let labels = |method, outcome| {
        vec![
            "hub=FilteredHub".to_owned(),
            format!("method={method}"),
            format!("outcome={outcome}"),
        ]
    };
    assert_eq!(
        measured,
        [labels("Double", "completed"), labels("Fail", "failed")]
    );
}

#[tokio::test]
async fn a_hub_tester_names_methods_as_they_are_declared_and_runs_filters() {
    let log = Log::default();
    let tester = HubTester::new(FilteredHub(Log::default())).filter(Noting("outer", log.clone()));
    let ann = tester.caller("ann");
    let failed = ann.invoke("fAIL", ()).await.unwrap_err();
    assert_eq!(
        failed.text(),
        "An unexpected error occurred invoking 'Fail' on the server."
    );
    let refused = ann.invoke("cOUNT", (1,)).await.unwrap_err();
    assert!(refused.text().contains("'Count'"), "{}", refused.text());
    let panicked = ann.invoke("Panic", ()).await.unwrap_err();
    assert!(
        panicked
            .cause()
            .unwrap()
            .to_string()
            .contains("method panics")
    );
    ann.connect().await.unwrap();
    let told = [
        "outer before Fail",
        "outer after Error: method boom",
        "outer before Panic",
        "outer after Panic: method panics",
        "outer connecting",
    ];
    assert_eq!(log.take(), told);
}
