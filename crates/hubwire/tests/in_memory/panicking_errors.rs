//! Errors of hub code that panic while they are displayed or dropped end only the failed call, stream or
//! connection.

use futures_util::{Stream, stream};
use hubwire::testing::{CallError, Received, TestClient};
use hubwire::{
    CancellationToken, DisconnectReason, HubBuilder, HubCallerContext, HubResult, StreamReader, hub,
};
use serde_json::{Value, json};
use test_support::bombs::{ErrorLines, Explosive};
use test_support::in_memory::*;
use tokio::time::timeout;

/// A hub that fails with errors that panic as the argument says, or in the hooks as the user's name says.
struct FailingHub {
    log: Log,
}

fn fail_if(cx: &HubCallerContext<FailingHub>, hook: &str) -> HubResult {
    let user = cx.user_id().map(ToString::to_string).unwrap_or_default();
    match user.strip_prefix(hook) {
        Some(text) => Err(Explosive::at(text).into()),
        None => Ok(()),
    }
}

#[hub]
impl FailingHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        fail_if(cx, "first:")
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        _: &DisconnectReason,
    ) -> HubResult {
        self.log.note("disconnected");
        fail_if(cx, "last:")
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn fail(&self, text: String) -> Result<(), Explosive> {
        Err(Explosive::at(&text))
    }

    pub async fn fail_later(&self, text: String) -> Result<(), Explosive> {
        settle().await;
        Err(Explosive::at(&text))
    }

    /// Waits for the end of a stream that its client leaves open.
    pub async fn read(&self, mut numbers: StreamReader<i32>) {
        while let Some(number) = numbers.next().await {
            self.log.note(match number {
                Ok(number) => number.to_string(),
                Err(error) => error.to_string(),
            });
        }
        self.log.note("read");
    }

    pub fn break_off(&self, text: String) -> impl Stream<Item = HubResult<i32>> {
        stream::iter([Err(Explosive::at(&text).into())])
    }

    pub fn fail_once_cancelled(
        &self,
        text: String,
        cancel: CancellationToken,
    ) -> impl Stream<Item = HubResult<i32>> {
        stream::once(async move {
            cancel.cancelled().await;
            Err(Explosive::at(&text).into())
        })
    }
}

struct Stage {
    server: TestServer<FailingHub>,
    log: Log,
    lines: ErrorLines,
}

impl Stage {
    fn new() -> Self {
        Self::with(|options| options)
    }

    fn with(configure: impl FnOnce(HubBuilder<FailingHub>) -> HubBuilder<FailingHub>) -> Self {
        let log = Log::default();
        let lines = ErrorLines::counted();
        let server = TestServer::with(FailingHub { log: log.clone() }, configure);
        Self { server, log, lines }
    }

    /// Checks that the connection still works, and ends it completely.
    async fn lives(self, mut client: TestClient, error_lines: usize) {
        assert_eq!(self.lines.take(), error_lines, "error lines");
        let echo = timeout(seconds(1), client.invoke("Echo", ("x",))).await;
        assert_eq!(echo.expect("calls still run"), Ok(json!("x")));
        drop(client);
        settle().await;
        assert_eq!(self.log.take(), ["disconnected"]);
        assert_eq!(self.lines.take(), 0, "error lines at the end");
        self.server.leaves_nothing_behind().await;
    }
}

fn failed(target: &str) -> Result<Value, CallError> {
    Err(format!("An unexpected error occurred invoking '{target}' on the server.").into())
}

/// There is one line for the error and one for its panic.
#[tokio::test(start_paused = true)]
async fn the_error_of_a_method() {
    for target in ["Fail", "FailLater"] {
        for text in ["show", "drop"] {
            let stage = Stage::with(|options| options.detailed_errors(true));
            let mut client = stage.server.connect().await;
            // Sent as a record, because `TestClient::invoke` takes the error, and then no one else drops it.
            let call =
                json!({"type": 1, "invocationId": "1", "target": target, "arguments": [text]});
            client.send_record(&call).await.unwrap();
            let completion = timeout(seconds(1), client.completion("1")).await;
            let completion = completion.expect("a completion arrives");
            assert_eq!(completion, failed(target), "{text}");
            stage.lives(client, 2).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_stream() {
    for text in ["show", "drop"] {
        let stage = Stage::with(|options| options.detailed_errors(true));
        let mut client = stage.server.connect().await;
        let call =
            json!({"type": 4, "invocationId": "s", "target": "BreakOff", "arguments": [text]});
        client.send_record(&call).await.unwrap();
        let completion = timeout(seconds(1), client.completion("s")).await;
        let completion = completion.expect("a completion arrives");
        let error = "An error occurred on the server while streaming results.";
        assert_eq!(completion, Err(error.into()));
        stage.lives(client, 2).await;
    }
}

/// Nobody reads the error of a stream that was cancelled.
#[tokio::test(start_paused = true)]
async fn the_error_of_a_cancelled_stream() {
    for (text, lines) in [("show", 0), ("drop", 1)] {
        let stage = Stage::new();
        let mut client = stage.server.connect().await;
        let target = "FailOnceCancelled";
        let call = json!({"type": 4, "invocationId": "s", "target": target, "arguments": [text]});
        client.send_record(&call).await.unwrap();
        let cancel = json!({"type": 5, "invocationId": "s"});
        client.send_record(&cancel).await.unwrap();
        let completion = timeout(seconds(1), client.completion("s")).await;
        let completion = completion.expect("a completion arrives");
        assert_eq!(completion, Ok(Value::Null));
        stage.lives(client, lines).await;
    }
}

/// The client is only told that the hook failed.
#[tokio::test(start_paused = true)]
async fn the_error_of_the_first_hook() {
    // An error that panics while it is displayed does so twice: for the log and for the client.
    for (text, detail, lines) in [("show", "", 3), ("drop", " Explosive: shown", 2)] {
        let stage = Stage::with(|options| options.detailed_errors(true));
        let mut client = stage.server.connect_as(&format!("first:{text}")).await;
        let error = format!("Connection closed with an error.{detail}");
        let close = json!({"type": 7, "error": error});
        let closed = timeout(seconds(1), assert_closed_with(&mut client, close)).await;
        closed.expect("the client is told");
        drop(client);
        settle().await;
        assert_eq!(stage.log.take(), [""; 0]);
        assert_eq!(stage.lines.take(), lines);
        stage.server.leaves_nothing_behind().await;
    }
}

/// The end of the connection is complete: the streams that methods read, the registration, the transport.
#[tokio::test(start_paused = true)]
async fn the_error_of_the_last_hook() {
    for text in ["show", "drop"] {
        let stage = Stage::new();
        let mut client = stage.server.connect_as(&format!("last:{text}")).await;
        let call = json!({"type": 1, "target": "Read", "arguments": [], "streamIds": ["s"]});
        client.send_record(&call).await.unwrap();
        client.send_record(&json!({"type": 7})).await.unwrap();
        assert_eq!(message(&mut client).await, json!({"type": 7}));
        let closed = timeout(seconds(1), next(&mut client)).await;
        let closed = closed.expect("the transport is closed");
        assert_eq!(closed, Received::Closed(Some(1011)), "{text}");
        settle().await;
        let end = "The underlying connection was closed.";
        assert_eq!(stage.log.take(), ["disconnected", end, "read"]);
        drop(client);
        settle().await;
        assert_eq!(stage.lines.take(), 2, "{text}");
        stage.server.leaves_nothing_behind().await;
    }
}
