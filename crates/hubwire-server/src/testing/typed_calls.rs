//! A test client's calls whose results, items and errors have types.

use std::io;

use hubwire_protocol::{Arguments, BindArguments};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::test_client::arguments_value;
use super::{CallError, ClientTransport, Received, TestClient};

/// A stream of a hub's that a [`TestClient`] has called for.
#[derive(Clone, Debug)]
pub struct CalledStream {
    id: String,
    method: String,
}

impl CalledStream {
    /// The call's invocation id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl<T: ClientTransport> TestClient<T> {
    /// Answers the hub, as a JavaScript client does with `connection.on`, when it invokes this method for a result.
    ///
    /// The handler takes the arguments as a tuple, and its error is what the hub reads of it. It answers while the
    /// client receives, or waits for a completion; what it has answered is not received. Invocations without a
    /// handler, and those that want no result, are received as ever.
    ///
    /// ```
    /// use hubwire::testing::TestClient;
    /// use hubwire::{HubCallerContext, HubResult, SignalR, hub, hub_client};
    ///
    /// #[hub_client]
    /// trait GameClient {
    ///     fn confirm(&self, question: &str) -> bool;
    /// }
    ///
    /// struct GameHub;
    ///
    /// #[hub(client = GameClient)]
    /// impl GameHub {
    ///     pub async fn leave(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
    ///         Ok(cx.clients().caller().confirm("Leave the game?").await?)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hub = SignalR::new().hub().build(GameHub);
    /// let mut client = TestClient::connect(&hub.endpoint()).await?;
    /// client.on("Confirm", |(question,): (String,)| Ok(question.contains("Leave")));
    /// assert!(client.invoke_as::<bool>("Leave", ()).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on<A, R, F>(&mut self, method: &str, handler: F)
    where
        A: BindArguments,
        R: Serialize,
        F: FnMut(A) -> Result<R, String> + Send + 'static,
    {
        self.methods.insert(method, handler);
    }

    /// As [`TestClient::invoke`], with a result of this type and with the cause of a hidden error.
    ///
    /// The cause is the text that the log has. It is kept by the hub: where calls of one method by several clients fail
    /// at the same time, one may have another's.
    ///
    /// # Errors
    ///
    /// What a client reads, also if the result has another type or the transport ends before it came.
    pub async fn invoke_as<R: DeserializeOwned>(
        &mut self,
        target: &str,
        arguments: impl Arguments,
    ) -> Result<R, CallError> {
        self.keep_causes();
        let id = self.start(target, arguments).await.map_err(lost)?;
        self.result(target, &id).await
    }

    /// Calls a method with one stream of these items, and waits for its result.
    ///
    /// All items are sent before anything is received: a hub that answers each has at most what its socket holds, 64
    /// KiB.
    ///
    /// ```
    /// use hubwire::testing::TestClient;
    /// use hubwire::{HubResult, SignalR, StreamReader, hub};
    ///
    /// struct SumHub;
    ///
    /// #[hub]
    /// impl SumHub {
    ///     pub async fn sum(&self, from: i32, mut numbers: StreamReader<i32>) -> HubResult<i32> {
    ///         let mut sum = from;
    ///         while let Some(number) = numbers.next().await {
    ///             sum += number?;
    ///         }
    ///         Ok(sum)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hub = SignalR::new().hub().build(SumHub);
    /// let mut client = TestClient::connect(&hub.endpoint()).await?;
    /// let sum: i32 = client.upload("Sum", (10,), [1, 2, 3]).await?;
    /// assert_eq!(sum, 16);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`TestClient::invoke_as`].
    pub async fn upload<R: DeserializeOwned>(
        &mut self,
        target: &str,
        arguments: impl Arguments,
        items: impl IntoIterator<Item: Serialize>,
    ) -> Result<R, CallError> {
        self.keep_causes();
        let id = self.next_id();
        let arguments = arguments_value(&arguments).map_err(lost)?;
        let stream = format!("stream-{id}");
        let call = json!({"type": 1, "invocationId": id, "target": target, "arguments": arguments,
            "streamIds": [stream]});
        self.send_record(&call).await.map_err(lost)?;
        for item in items {
            let item = serde_json::to_value(item).map_err(|error| lost(error.into()))?;
            let item = json!({"type": 2, "invocationId": stream, "item": item});
            self.send_record(&item).await.map_err(lost)?;
        }
        let end = json!({"type": 3, "invocationId": stream});
        self.send_record(&end).await.map_err(lost)?;
        self.result(target, &id).await
    }

    /// Calls a method that streams; [`TestClient::next_item`] has its items.
    ///
    /// ```
    /// use futures_util::stream;
    /// use hubwire::testing::TestClient;
    /// use hubwire::{SignalR, Stream, hub};
    ///
    /// struct CounterHub;
    ///
    /// #[hub]
    /// impl CounterHub {
    ///     pub fn count(&self, to: u32) -> impl Stream<Item = u32> {
    ///         stream::iter(1..=to)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hub = SignalR::new().hub().build(CounterHub);
    /// let mut client = TestClient::connect(&hub.endpoint()).await?;
    /// let numbers = client.stream("Count", (2,)).await?;
    /// assert_eq!(client.next_item(&numbers).await?, Some(1));
    /// assert_eq!(client.next_item(&numbers).await?, Some(2));
    /// assert_eq!(client.next_item::<u32>(&numbers).await?, None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the transport has ended.
    pub async fn stream(
        &mut self,
        target: &str,
        arguments: impl Arguments,
    ) -> io::Result<CalledStream> {
        self.keep_causes();
        let id = self.next_id();
        let arguments = arguments_value(&arguments)?;
        let call = json!({"type": 4, "invocationId": id, "target": target, "arguments": arguments});
        self.send_record(&call).await?;
        let method = target.to_owned();
        Ok(CalledStream { id, method })
    }

    /// The next item of a stream, `None` at its end; what else arrives meanwhile is kept.
    ///
    /// # Errors
    ///
    /// What a client reads of a stream that failed, also if the item has another type or the transport ends.
    pub async fn next_item<I: DeserializeOwned>(
        &mut self,
        stream: &CalledStream,
    ) -> Result<Option<I>, CallError> {
        let mut message = self.of_call(&stream.id).await.map_err(lost)?;
        if message["type"] == 2 {
            return typed(message["item"].take()).map(Some);
        }
        match message["error"].as_str() {
            Some(text) => Err(self.failed(&stream.method, text)),
            None => Ok(None),
        }
    }

    /// Cancels a stream; its completion still comes.
    ///
    /// # Errors
    ///
    /// When the transport has ended.
    pub async fn cancel(&mut self, stream: &CalledStream) -> io::Result<()> {
        self.send_record(&json!({"type": 5, "invocationId": stream.id}))
            .await
    }

    async fn result<R: DeserializeOwned>(
        &mut self,
        target: &str,
        id: &str,
    ) -> Result<R, CallError> {
        match self.completion(id).await.map_err(lost)? {
            Ok(result) => typed(result),
            Err(text) => Err(self.failed(target, &text)),
        }
    }

    /// The next item or completion of a call.
    async fn of_call(&mut self, id: &str) -> io::Result<Value> {
        self.find(|message| {
            (message["type"] == 2 || message["type"] == 3) && message["invocationId"] == id
        })
        .await
    }

    fn failed(&self, target: &str, text: &str) -> CallError {
        let cause = self.hub.upgrade().and_then(|hub| hub.take_cause(target));
        match cause {
            Some(cause) => CallError::caused(text, cause),
            None => CallError::new(text),
        }
    }

    /// From now on the hub keeps why its methods fail.
    fn keep_causes(&self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.keep_causes();
        }
    }
}

fn typed<R: DeserializeOwned>(value: Value) -> Result<R, CallError> {
    let text = format!("the hub sent {value}, which has another type");
    serde_json::from_value(value).map_err(|error| CallError::caused(text, error))
}

fn lost(error: io::Error) -> CallError {
    CallError::caused(error.to_string(), error)
}

/// Whether nothing more can come.
pub(super) fn is_end(received: &Received) -> bool {
    matches!(received, Received::Closed(_) | Received::Lost)
}
