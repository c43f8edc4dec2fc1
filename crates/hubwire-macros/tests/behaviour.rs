//! What the expansions do when they run: they call the right method with the right arguments.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fmt;
use std::marker::PhantomData;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use hubwire::manual::{Hub, Target};
use hubwire::testing::{HubTester, Received, Sent, TestClient};
use hubwire::{
    CancellationToken, ClientResultError, DisconnectReason, HubCallerContext, HubError, HubResult,
    Principal, SignalR, Stream, StreamReader, WhenBusy, hub, hub_client,
};
use serde::Serialize;
use serde_json::{Value, json};

#[hub_client]
trait Client {
    fn told(&self, who: &str, what: &[u32]);
    #[hub(name = "raw-name")]
    fn renamed(&self);
    fn send(&self, text: String);
    fn confirm(&self, question: &str) -> bool;
}

struct Everything {
    step: u32,
}

#[hub(client = Client)]
impl Everything {
    fn on_connected(&self, cx: &HubCallerContext<Self>) -> Result<(), std::io::Error> {
        match cx.user_id() {
            Some(_) => Ok(()),
            None => Err(std::io::Error::other("nobody")),
        }
    }

    async fn on_disconnected(&self, reason: &DisconnectReason, cx: &HubCallerContext<Self>) {
        let _ = cx.clients().others().send(reason.to_string()).await;
    }

    #[cfg(windows)]
    pub fn never(&self, missing: Missing) {}

    pub fn add(&self, left: u32, right: u32) -> u32 {
        left + right + self.step
    }

    #[cfg(not(windows))]
    pub async fn tell(
        &self,
        what: Vec<u32>,
        cx: &HubCallerContext<Self>,
        (first, second): (String, String),
    ) -> HubResult<usize> {
        let all = cx.clients().all();
        all.told(&(first + &second), &what).await?;
        all.renamed().await?;
        all.as_ref().send("Untyped", ("x",)).await?;
        Ok(what.len())
    }

    #[cfg(windows)]
    pub fn never_either(&self) {}

    pub fn nothing(&self) {}

    pub fn refuse(&self, hub: String, call: String) -> Result<u32, HubError> {
        Err(HubError::new(format!("{hub} {call}")))
    }

    #[hub(name = "onMessage")]
    pub async fn on_message(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }
}

fn tester() -> HubTester<Everything> {
    HubTester::new(Everything { step: 100 })
}

#[tokio::test]
async fn calls_reach_their_methods() {
    let tester = tester();
    let ann = tester.caller("ann");
    assert_eq!(ann.invoke("Add", (1, 2)).await, Ok(json!(103)));
    assert_eq!(ann.invoke("nothing", ()).await, Ok(Value::Null));
    assert_eq!(ann.invoke("ONMESSAGE", ()).await, Ok(json!("ann")));
    let refused = ann.invoke("Refuse", ("not", "today")).await;
    assert!(refused.is_err_and(|error| error.text().ends_with("HubException: not today")));
    assert!(ann.invoke("Never", ()).await.is_err());
    assert!(ann.invoke("Add", ("one", 2)).await.is_err());
    assert!(ann.invoke("OnConnected", ()).await.is_err());
}

#[tokio::test]
async fn proxies_call_clients_by_their_wire_names() {
    let tester = tester();
    let ann = tester.caller("ann");
    let told = ann.invoke("Tell", ([1, 2, 3], ("x", "y"))).await;
    assert_eq!(told, Ok(json!(3)));
    assert_eq!(
        tester.recorder().take_sent(),
        [
            Sent::new(Target::All, "Told", [json!("xy"), json!([1, 2, 3])]),
            Sent::new(Target::All, "raw-name", []),
            Sent::new(Target::All, "Untyped", [json!("x")]),
        ]
    );
}

#[tokio::test]
async fn hooks_run() {
    let tester = tester();
    let nobody = tester.caller("nobody").connect().await;
    assert!(nobody.is_err_and(|error| !error.is_shown()));

    let ann = tester.caller_as("ann", Principal::new([("sub", "Ann")]));
    assert!(ann.connect().await.is_ok());
    assert!(ann.disconnect(DisconnectReason::Aborted).await.is_ok());
    let others = Target::AllExcept(vec!["ann".into()]);
    let sent = Sent::new(others, "Send", [json!("aborted by the hub")]);
    assert_eq!(tester.recorder().take_sent(), [sent]);
}

/// Could be sent, but must not be.
#[derive(Debug, Serialize)]
struct Secret(&'static str);

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Secret {}

const SECRET: Secret = Secret("hunter2");

type AppResult<T> = Result<T, Secret>;

trait Kept {
    type Value;
    fn value() -> Self::Value;
}

struct Broken;

impl Kept for Broken {
    type Value = AppResult<u32>;

    fn value() -> AppResult<u32> {
        Err(SECRET)
    }
}

struct Failing<K>(PhantomData<fn() -> K>);

#[hub]
impl<K> Failing<K>
where
    K: Kept<Value: Serialize + Send> + 'static,
{
    async fn on_connected(&self) -> AppResult<()> {
        Err(SECRET)
    }

    pub async fn alias(&self, is_broken: bool) -> AppResult<u32> {
        match is_broken {
            true => Err(SECRET),
            false => Ok(1),
        }
    }

    pub fn projected(&self) -> K::Value {
        K::value()
    }

    pub fn nested(&self) -> HubResult<AppResult<u32>> {
        Ok(Err(SECRET))
    }

    pub fn items(&self) -> impl Stream<Item = AppResult<u32>> {
        stream::iter([Ok(1), Err(SECRET), Ok(3)])
    }

    pub fn projected_items(&self) -> impl Stream<Item = K::Value> {
        stream::iter([K::value()])
    }

    #[hub(stream)]
    pub async fn opening(&self) -> AppResult<BoxStream<'static, u32>> {
        Err(SECRET)
    }
}

#[tokio::test]
async fn an_error_is_never_a_success() {
    let tester = HubTester::new(Failing::<Broken>(PhantomData));
    let ann = tester.caller("ann");
    assert_eq!(ann.invoke("Alias", (false,)).await, Ok(json!(1)));
    assert!(ann.connect().await.is_err_and(|error| !error.is_shown()));
    let failed = [
        ann.invoke("Alias", (true,)).await,
        ann.invoke("Projected", ()).await,
        ann.invoke("Nested", ()).await,
    ];
    for result in failed {
        let error = result.expect_err("an error");
        assert!(!error.text().contains("hunter2"), "{error:?}");
    }
}

/// Accepts connections, unlike [`Failing`], which allows its methods to be called.
struct FailingItems<K>(Failing<K>);

#[hub]
impl<K> FailingItems<K>
where
    K: Kept<Value: Serialize + Send> + 'static,
{
    pub fn items(&self) -> impl Stream<Item = AppResult<u32>> {
        self.0.items()
    }

    pub fn projected_items(&self) -> impl Stream<Item = K::Value> {
        self.0.projected_items()
    }

    #[hub(stream)]
    pub async fn opening(&self) -> AppResult<BoxStream<'static, u32>> {
        self.0.opening().await
    }
}

#[tokio::test]
async fn an_error_is_never_an_item() {
    let hub = FailingItems::<Broken>(Failing(PhantomData));
    let hub = SignalR::new().hub().build(hub);
    let mut client = TestClient::connect(&hub.endpoint()).await.unwrap();
    for (method, expected) in [
        ("Items", vec![json!(1)]),
        ("ProjectedItems", vec![]),
        ("Opening", vec![]),
    ] {
        let (items, error) = collect(&mut client, stream_call(method, &json!([]), &[])).await;
        assert_eq!(items, expected, "{method}");
        let text = error.as_str().unwrap();
        assert!(!text.contains("hunter2"), "{text}");
    }
}

struct Streaming {
    names: Vec<String>,
}

#[hub(client = Client)]
impl Streaming {
    /// Borrows the hub and the context; its token is not an argument.
    pub fn greet(
        &self,
        cancel: CancellationToken,
        greeting: String,
        cx: &HubCallerContext<Self>,
    ) -> impl Stream<Item = String> {
        let names = stream::iter(&self.names).take_until(cancel.cancelled_owned());
        names.map(move |name| format!("{greeting} {name} {}", cx.user_id().is_some()))
    }

    pub async fn opened(
        &self,
        is_open: bool,
    ) -> HubResult<impl Stream<Item = Result<u32, HubError>>> {
        match is_open {
            true => Ok(stream::iter([Ok(1), Err(HubError::new("broken")), Ok(3)])),
            false => Err(HubError::new("closed")),
        }
    }

    #[hub(stream)]
    pub fn boxed(&self, to: u32) -> BoxStream<'static, HubResult<u32>> {
        stream::iter((0..to).map(Ok)).boxed()
    }

    pub fn echo(&self, items: StreamReader<String>) -> impl Stream<Item = HubResult<String>> {
        items
    }

    /// The readers have the order of the parameters.
    pub async fn join(
        &self,
        left: StreamReader<String>,
        between: String,
        mut right: StreamReader<u32>,
    ) -> HubResult<String> {
        let mut joined = String::new();
        let mut left = std::pin::pin!(left);
        while let Some(item) = left.next().await {
            joined.push_str(&item?);
        }
        joined.push_str(&between);
        while let Some(item) = right.next().await {
            joined.push_str(&item?.to_string());
        }
        Ok(joined)
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().caller().confirm("Really?").await?)
    }

    pub async fn ask_all(&self, cx: &HubCallerContext<Self>) -> Result<usize, ClientResultError> {
        let results = cx.clients().all().confirm("All?")?;
        Ok(results
            .filter(|(_, is)| std::future::ready(matches!(is, Ok(true))))
            .count()
            .await)
    }
}

async fn streaming_client() -> TestClient {
    let signalr = SignalR::new();
    let names = vec!["Ann".to_owned(), "Bob".to_owned()];
    let hub = signalr.hub::<Streaming>().build(Streaming { names });
    TestClient::connect(&hub.endpoint()).await.unwrap()
}

async fn message(client: &mut TestClient) -> Value {
    match client.receive().await {
        Ok(Received::Message(message)) => message,
        other => panic!("expected a message, received {other:?}"),
    }
}

/// Opens a stream and returns its items and its completion.
async fn collect(client: &mut TestClient, record: Value) -> (Vec<Value>, Value) {
    client.send_record(&record).await.unwrap();
    let mut items = Vec::new();
    loop {
        let mut message = message(client).await;
        match message["type"].as_u64() {
            Some(2) => items.push(message["item"].take()),
            Some(3) => return (items, message["error"].take()),
            _ => {}
        }
    }
}

fn stream_call(target: &str, arguments: &Value, streams: &[&str]) -> Value {
    json!({
        "type": 4,
        "invocationId": "s",
        "target": target,
        "arguments": arguments,
        "streamIds": streams,
    })
}

#[tokio::test]
async fn streams_borrow_the_hub_and_end_with_their_error() {
    let mut client = streaming_client().await;
    let greeted = collect(&mut client, stream_call("Greet", &json!(["Hi"]), &[])).await;
    let names = vec![json!("Hi Ann false"), json!("Hi Bob false")];
    assert_eq!(greeted, (names, Value::Null));

    let (items, error) = collect(&mut client, stream_call("Opened", &json!([true]), &[])).await;
    assert_eq!(items, [json!(1)]);
    assert!(error.as_str().unwrap().ends_with("HubException: broken"));

    let (items, error) = collect(&mut client, stream_call("Opened", &json!([false]), &[])).await;
    assert!(items.is_empty() && error.as_str().unwrap().ends_with("HubException: closed"));

    let boxed = collect(&mut client, stream_call("Boxed", &json!([2]), &[])).await;
    assert_eq!(boxed, (vec![json!(0), json!(1)], Value::Null));
}

#[tokio::test]
async fn arguments_that_do_not_fit_begin_no_stream() {
    let mut client = streaming_client().await;
    let (items, error) = collect(&mut client, stream_call("Greet", &json!([]), &[])).await;
    assert!(items.is_empty() && error.is_string(), "{error}");
}

#[tokio::test]
async fn a_method_streams_back_what_its_client_streams() {
    let mut client = streaming_client().await;
    let call = stream_call("Echo", &json!([]), &["up"]);
    client.send_record(&call).await.unwrap();
    for item in ["a", "b"] {
        let item = json!({"type": 2, "invocationId": "up", "item": item});
        client.send_record(&item).await.unwrap();
        assert_eq!(message(&mut client).await["item"], item["item"]);
    }
    let end = json!({"type": 3, "invocationId": "up"});
    client.send_record(&end).await.unwrap();
    assert_eq!(
        message(&mut client).await,
        json!({"type": 3, "invocationId": "s"})
    );
}

#[tokio::test]
async fn readers_are_made_in_the_order_of_the_parameters() {
    let mut client = streaming_client().await;
    let call = json!({
        "type": 1, "invocationId": "1", "target": "Join", "arguments": ["-"], "streamIds": ["l", "r"],
    });
    let item = |id: &str, item: Value| json!({"type": 2, "invocationId": id, "item": item});
    let end = |id: &str| json!({"type": 3, "invocationId": id});
    let records = [
        call,
        item("r", json!(7)),
        item("l", json!("x")),
        end("r"),
        end("l"),
    ];
    for record in records {
        client.send_record(&record).await.unwrap();
    }
    assert_eq!(client.completion("1").await, Ok(json!("x-7")));
}

#[tokio::test]
async fn clients_are_invoked_by_their_wire_names() {
    let mut client = streaming_client().await;
    for (method, expected) in [("Ask", json!(true)), ("AskAll", json!(1))] {
        let call = client.start(method, ()).await.unwrap();
        let invocation = message(&mut client).await;
        assert_eq!(invocation["target"], "Confirm");
        let id = &invocation["invocationId"];
        let completion = json!({"type": 3, "invocationId": id, "result": true});
        client.send_record(&completion).await.unwrap();
        assert_eq!(client.completion(&call).await, Ok(expected));
    }
}

#[test]
fn methods_that_clients_cannot_call_are_described() {
    struct Helpers(u32);

    #[hub]
    impl Helpers {
        fn on_connected(&self) {}

        pub fn called(&self) -> u32 {
            self.price() + self.r#match() + self.skipped() + Self::associated()
        }

        fn price(&self) -> u32 {
            self.0
        }

        pub(crate) fn r#match(&self) -> u32 {
            self.0
        }

        #[cfg(windows)]
        fn only_on_windows(&self) {}

        #[hub(skip)]
        pub(crate) fn skipped(&self) -> u32 {
            self.0
        }

        fn associated() -> u32 {
            1
        }
    }

    assert_eq!(Helpers(2).called(), 7);
    let helpers = Helpers::HELPERS.iter();
    let helpers: Vec<_> = helpers
        .map(|helper| (helper.name, helper.rust_name, helper.is_skipped))
        .collect();
    #[cfg(not(windows))]
    assert_eq!(
        helpers,
        [
            ("Price", "price", false),
            ("Match", "match", false),
            ("Skipped", "skipped", true)
        ]
    );
    assert!(Everything::HELPERS.is_empty());
}

#[hub_client]
trait NewsClient {
    fn latest(&self, headline: &str);
    fn told(&self, text: &str);
}

struct NewsHub;

#[hub(client = NewsClient)]
impl NewsHub {
    pub async fn publish(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let all = cx.clients().all();
        all.latest("it rains").await?;
        all.volatile().latest("it snows").await?;
        let weather = NewsClientProxy::from(all.as_ref().latest("weather"));
        Ok(weather.told("it rains").await?)
    }
}

#[tokio::test]
async fn a_client_method_named_like_one_of_the_proxys_wins_and_as_ref_reaches_the_other() {
    let tester = HubTester::new(NewsHub);
    let published = tester.caller("ann").invoke("Publish", ()).await;
    assert_eq!(published, Ok(Value::Null));
    let sent = |method, text: &str| Sent::new(Target::All, method, [json!(text)]);
    assert_eq!(
        tester.recorder().take_sent(),
        [
            sent("Latest", "it rains"),
            sent("Latest", "it snows").when_busy(WhenBusy::Volatile),
            sent("Told", "it rains").when_busy(WhenBusy::latest("weather")),
        ]
    );
}
