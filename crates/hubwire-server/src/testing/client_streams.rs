//! A test client's streams, in both directions.

use std::io;

use hubwire_protocol::{Arguments, HubMessage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::received::Arrived;
use super::{CallError, ClientTransport, TestClient};

/// A stream that a [`TestClient`] receives from the hub.
#[derive(Clone, Debug)]
pub struct CalledStream {
    id: String,
}

impl CalledStream {
    /// Returns the call's invocation id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl<T: ClientTransport> TestClient<T> {
    /// Calls a method with one stream of these items, and waits for its result.
    ///
    /// All items are sent before anything is received. A hub that responds to each item must
    /// therefore fit its responses into the socket's buffer of 64 KiB.
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
    /// Returns the errors of [`TestClient::invoke_as`].
    pub async fn upload<R: DeserializeOwned>(
        &mut self,
        target: &str,
        arguments: impl Arguments,
        items: impl IntoIterator<Item: Serialize>,
    ) -> Result<R, CallError> {
        let id = self.next_id();
        let stream = format!("stream-{id}");
        let call =
            self.written(|writer| writer.invocation(Some(&id), target, &arguments, &[&stream]));
        drop(arguments);
        self.call(call).await?;
        for item in items {
            let item = self.written(|writer| writer.stream_item(&stream, &item));
            let item = item.map_err(|error| CallError::unsendable("items", error))?;
            self.send_bytes(&item).await.map_err(CallError::lost)?;
        }
        let end = self.written(|writer| {
            writer.completion_void(&stream);
            Ok(())
        });
        self.call(end).await?;
        self.completion_as(&id).await
    }

    /// Calls a streaming method. [`TestClient::next_item`] returns its items.
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
    /// Returns an error if an argument cannot be encoded, or if the transport has ended. Errors of
    /// the hub are returned by `next_item`.
    pub async fn stream(
        &mut self,
        target: &str,
        arguments: impl Arguments,
    ) -> Result<CalledStream, CallError> {
        let id = self.next_id();
        let call = self.written(|writer| writer.stream_invocation(&id, target, &arguments, &[]));
        drop(arguments);
        self.call(call).await?;
        Ok(CalledStream { id })
    }

    /// Returns the next item of a stream, or `None` at its end. Other messages that arrive
    /// meanwhile are kept.
    ///
    /// # Errors
    ///
    /// Returns the error that the hub ended the stream with, or an error if the item has another
    /// type or the transport ends.
    pub async fn next_item<I: DeserializeOwned>(
        &mut self,
        stream: &CalledStream,
    ) -> Result<Option<I>, CallError> {
        let id = &*stream.id;
        let is_it = |arrived: &Arrived| arrived.is_of_call(2, id) || arrived.is_of_call(3, id);
        let arrived = self.find(is_it).await.map_err(CallError::lost)?;
        match arrived.hub_message(self.naming).map_err(CallError::lost)? {
            HubMessage::StreamItem(message) => CallError::decoded(&message.item).map(Some),
            message => self.outcome(message).map(|_| None),
        }
    }

    /// Cancels a stream. Its completion still arrives.
    ///
    /// # Errors
    ///
    /// Returns an error if the transport has ended.
    pub async fn cancel(&mut self, stream: &CalledStream) -> io::Result<()> {
        self.send_record(&json!({"type": 5, "invocationId": stream.id}))
            .await
    }
}
