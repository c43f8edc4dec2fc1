//! What hostile clients must not be able to do to the process and its log.

use std::cell::Cell;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use hubwire::{HubCallerContext, HubError, HubResult, Stream, StreamReader, dotnet, hub};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use test_support::each_event::EachEvent;
use test_support::in_memory::*;
use tokio::time::timeout;
use tracing::field::Field;
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level};

#[derive(Debug, dotnet::Enum)]
enum Color {
    Red = 1,
}

/// Panics the second time that it is decoded.
struct Second;

thread_local! {
    static DECODED: Cell<usize> = const { Cell::new(0) };
}

impl<'de> Deserialize<'de> for Second {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(from);
        DECODED.set(DECODED.get() + 1);
        assert!(DECODED.get() < 2, "secret");
        number.map(|_| Self)
    }
}

/// Sends a message while it is encoded.
struct Sends(HubCallerContext<LogHub>);

impl Serialize for Sends {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = self.0.clients().all();
        let sent = futures_util::FutureExt::now_or_never(async {
            all.send("Inner", ("x".repeat(100),)).await
        });
        assert!(sent.is_some_and(|sent| sent.is_ok()));
        serializer.serialize_str("outer")
    }
}

/// Panics with its own text when it is dropped.
#[derive(Deserialize)]
struct Shouting(String);

impl Drop for Shouting {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "{}", self.0);
    }
}

struct LogHub;

#[hub]
impl LogHub {
    pub fn paint(&self, color: Color) -> String {
        format!("{color:?}")
    }

    pub fn refuse(&self, text: String) -> HubResult {
        Err(HubError::new(format!("no {text}")))
    }

    pub fn value(&self, value: Value) -> bool {
        value.is_null()
    }

    pub fn take(&self, _shouting: Shouting) {}

    pub fn hold(&self, shouting: Shouting) -> impl Stream<Item = i32> + use<> {
        futures_util::stream::poll_fn(move |_| {
            let _kept = &shouting;
            std::task::Poll::Pending
        })
    }

    pub fn second(&self, _second: Second) {}

    pub fn sends(&self, cx: &HubCallerContext<Self>) -> Sends {
        Sends(cx.clone())
    }

    pub async fn read(&self, mut colors: StreamReader<Color>) -> HubResult<usize> {
        let mut count = 0;
        while let Some(color) = colors.next().await {
            let _color = color?;
            count += 1;
        }
        Ok(count)
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<i32> {
        Ok(cx.clients().caller().invoke("Ask", ()).await?)
    }
}

/// The log lines of this thread.
struct Lines {
    shown: Arc<Mutex<Vec<(String, String)>>>,
    _guard: DefaultGuard,
}

impl Lines {
    fn watched() -> Self {
        let shown: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let into = Arc::clone(&shown);
        let subscriber = EachEvent {
            level: Level::TRACE,
            hand_on: move |event: &Event<'_>| {
                if !event.metadata().target().starts_with("hubwire") {
                    return;
                }
                let place = format!(
                    "{}:{}",
                    event.metadata().file().unwrap_or_default(),
                    event.metadata().line().unwrap_or_default()
                );
                event.record(&mut |field: &Field, value: &dyn Debug| {
                    into.lock()
                        .unwrap()
                        .push((format!("{place} {field}"), format!("{value:?}")));
                });
            },
        };
        Self {
            shown,
            _guard: subscriber.listen(),
        }
    }

    fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.shown.lock().unwrap())
    }
}

/// Sends a peer's text in every possible place.
async fn put_everywhere(server: &TestServer<LogHub>, text: &str) {
    let mut client = server.connect().await;
    for (target, arguments) in [
        (text, json!([])),
        ("Paint", json!([text])),
        ("Paint", json!([{ text: 1 }])),
        ("Refuse", json!([text])),
    ] {
        let call =
            json!({"type": 1, "invocationId": "1", "target": target, "arguments": arguments});
        client.send_record(&call).await.unwrap();
        settle().await;
    }
    let call = json!({"type": 1, "invocationId": "2", "target": "Read", "arguments": [], "streamIds": ["s"]});
    client.send_record(&call).await.unwrap();
    client
        .send_record(&json!({"type": 2, "invocationId": "s", "item": text}))
        .await
        .unwrap();
    client
        .send_record(
            &json!({"type": 2, "invocationId": text.get(..200).unwrap_or(text), "item": text}),
        )
        .await
        .unwrap();
    settle().await;
    client
        .send_record(&json!({"type": 7, "error": text}))
        .await
        .unwrap();
    settle().await;
    drop(client);
    let mut client = server.connect().await;
    client
        .send_record(
            &json!({"type": 1, "target": "Paint", "arguments": [], "headers": { text: 1 }}),
        )
        .await
        .unwrap();
    settle().await;
    drop(client);
    let mut client = server.open();
    client
        .send_record(&json!({"protocol": text, "version": 1}))
        .await
        .unwrap();
    settle().await;
    drop(client);
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn no_line_of_the_log_has_control_characters_of_a_peers() {
    let lines = Lines::watched();
    let server = TestServer::with(LogHub, |options| options.detailed_errors(true));
    put_everywhere(&server, "x\n2026-01-01 ERROR forged\u{1b}[2J").await;
    let forged: Vec<_> = lines
        .take()
        .into_iter()
        .filter(|(_, shown)| shown.contains(char::is_control))
        .collect();
    assert!(forged.is_empty(), "{forged:#?}");
}

#[tokio::test(start_paused = true)]
async fn no_line_of_the_log_is_long_by_a_peer() {
    let lines = Lines::watched();
    let server = TestServer::with(LogHub, |options| options.detailed_errors(true));
    put_everywhere(&server, &"y".repeat(30_000)).await;
    let long: Vec<_> = lines
        .take()
        .into_iter()
        .filter(|(_, shown)| shown.len() > 700)
        .map(|(place, shown)| (place, shown.len(), shown[..300].to_owned()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[tokio::test(start_paused = true)]
async fn an_argument_that_panics_when_it_is_decoded_again_ends_one_call() {
    let server = TestServer::new(LogHub);
    let mut client = server.connect().await;
    let completion = timeout(seconds(1), client.invoke("Second", ("text",))).await;
    let text = completion.expect("a completion arrives").unwrap_err();
    assert_eq!(
        text,
        "Failed to invoke 'Second' due to an error on the server."
    );
    let echo = timeout(seconds(1), client.invoke("Paint", (1,))).await;
    assert_eq!(echo.expect("calls are run"), Ok(json!("Red")));
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_result_that_sends_while_it_is_encoded_stays_whole() {
    let server = TestServer::new(LogHub);
    let mut client = server.connect().await;
    let completion = timeout(seconds(1), client.invoke("Sends", ())).await;
    assert_eq!(
        completion.expect("a completion arrives"),
        Ok(Value::from("outer"))
    );
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_hidden_cause_says_reaches_no_client() {
    let server = TestServer::new(LogHub);
    let mut client = server.connect().await;
    for (target, arguments) in [
        ("Paint", json!(["secret"])),
        ("Paint", json!([{"secret": 1}])),
    ] {
        let call =
            json!({"type": 1, "invocationId": "1", "target": target, "arguments": arguments});
        client.send_record(&call).await.unwrap();
        let completion = timeout(seconds(1), client.completion("1")).await;
        let text = completion.expect("a completion arrives").unwrap_err();
        assert!(!text.text().contains("secret"), "{text}");
    }
}

/// Returns JSON text inside JSON text, each level with as many brackets as a record may have.
fn within_itself(size: usize) -> String {
    let mut text = "0".to_owned();
    loop {
        let inside = text.replace('\\', "\\u005c").replace('"', "\\u0022");
        let (open, close) = ("[".repeat(60), "]".repeat(60));
        let next = format!("{open}{{\"$serde_json::private::RawValue\":\"{inside}\"}}{close}");
        if next.len() > size {
            return text;
        }
        text = next;
    }
}

async fn send_within_itself() {
    let server = TestServer::new(LogHub);
    let mut client = server.connect().await;
    let call = format!(
        "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"Value\",\"arguments\":[{}]}}\u{1e}",
        within_itself(32_000)
    );
    client.send_bytes(call.as_bytes()).await.unwrap();
    let _ = timeout(seconds(5), client.completion("1")).await;
}

#[test]
fn no_message_of_32_kib_ends_the_process() {
    const NAME: &str = "no_message_of_32_kib_ends_the_process";
    if std::env::var_os("HOSTILE_CHILD").is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        // On a worker, as in a server.
        let session = runtime.spawn(send_within_itself());
        runtime.block_on(session).unwrap();
        return;
    }
    let out = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env("HOSTILE_CHILD", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{:?}: {said}", out.status);
}

#[tokio::test(start_paused = true)]
async fn the_reason_of_a_clients_close_has_no_control_characters_in_the_log() {
    let lines = Lines::watched();
    let server = TestServer::new(LogHub);
    let mut client = server.connect().await;
    client
        .send_record(&json!({"type": 7, "error": "x\nERROR forged"}))
        .await
        .unwrap();
    settle().await;
    drop(client);
    settle().await;
    let all = lines.take();
    assert!(
        all.iter().any(|(_, shown)| shown.contains("forged")),
        "{all:#?}"
    );
    let forged: Vec<_> = all
        .into_iter()
        .filter(|(_, shown)| shown.contains(char::is_control))
        .collect();
    assert!(forged.is_empty(), "{forged:#?}");
}

/// Makes the server drop arguments that panic with a peer's text: in a call, in a refusal, and
/// with a cancelled stream.
async fn shout(server: &TestServer<LogHub>, text: &str) {
    let mut client = server.connect().await;
    for record in [
        json!({"type": 1, "invocationId": "1", "target": "Take", "arguments": [text]}),
        json!({"type": 4, "invocationId": "2", "target": "Take", "arguments": [text]}),
        json!({"type": 4, "invocationId": "3", "target": "Hold", "arguments": [text]}),
        json!({"type": 5, "invocationId": "3"}),
    ] {
        client.send_record(&record).await.unwrap();
        settle().await;
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_text_of_a_panic_has_no_control_characters_in_the_log() {
    let lines = Lines::watched();
    shout(&TestServer::new(LogHub), "x\nERROR forged").await;
    let forged: Vec<_> = lines
        .take()
        .into_iter()
        .filter(|(_, shown)| shown.contains(char::is_control))
        .collect();
    assert!(forged.is_empty(), "{forged:#?}");
}

#[tokio::test(start_paused = true)]
async fn the_text_of_a_panic_is_cut_in_the_log() {
    let lines = Lines::watched();
    shout(&TestServer::new(LogHub), &"y".repeat(30_000)).await;
    let long: Vec<_> = lines
        .take()
        .into_iter()
        .filter(|(_, shown)| shown.len() > 1100)
        .map(|(place, shown)| (place, shown.len()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}
