//! Typed calls, pushes and answers of a test client.

use std::io;

use hubwire_protocol::{
    Arguments, BindArguments, CompletionOutcome, EncodeError, HubMessage, HubProtocol, RawItem,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client_methods::Unscripted;
use super::{CallError, ClientTransport, Received, TestClient};

impl<T: ClientTransport> TestClient<T> {
    /// Sets the handler for a client method that the hub invokes for a result, as a JavaScript
    /// client does with `connection.on`.
    ///
    /// The handler takes the arguments as a tuple. Its error is returned to the hub as the client's
    /// error. It runs while the client receives or waits for a completion; the invocations that it
    /// answers are not received. Invocations without a handler, and those that expect no result,
    /// are received as usual.
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

    /// Calls a method and returns its result, or null if it has none. Other messages that arrive
    /// meanwhile are kept.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`TestClient::invoke_as`].
    pub async fn invoke(
        &mut self,
        target: &str,
        arguments: impl Arguments,
    ) -> Result<Value, CallError> {
        self.invoke_as(target, arguments).await
    }

    /// Calls a method as [`TestClient::invoke`] does and decodes the result as this type.
    ///
    /// # Errors
    ///
    /// Returns the error that a client receives, with its hidden cause. Also returns an error if
    /// the result has another type, or if the transport ends first
    /// ([`CallError::is_connection_lost`]).
    pub async fn invoke_as<R: DeserializeOwned>(
        &mut self,
        target: &str,
        arguments: impl Arguments,
    ) -> Result<R, CallError> {
        let id = self.next_id();
        let call = self.written(|writer| writer.invocation(Some(&id), target, &arguments, &[]));
        drop(arguments);
        self.call(call).await?;
        self.completion_as(&id).await
    }

    /// Returns the result of a call that was [started](TestClient::start), or null if it has none.
    /// Other messages that arrive meanwhile are kept.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`TestClient::invoke_as`].
    pub async fn completion(&mut self, id: &str) -> Result<Value, CallError> {
        self.completion_as(id).await
    }

    /// Returns the result as [`TestClient::completion`] does, decoded as this type.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`TestClient::invoke_as`].
    pub async fn completion_as<R: DeserializeOwned>(&mut self, id: &str) -> Result<R, CallError> {
        let completion = self.find(|arrived| arrived.is_of_call(3, id)).await;
        let completion = completion.map_err(CallError::lost)?;
        let message = completion.hub_message(self.naming);
        let result = self.outcome(message.map_err(CallError::lost)?)?;
        CallError::decoded(&result)
    }

    /// Returns the arguments of the next push as a tuple of these types. The push must be of this
    /// method. Pings are skipped.
    ///
    /// ```
    /// use hubwire::dotnet::Decimal;
    /// use hubwire::testing::TestClient;
    /// use hubwire::{HubCallerContext, HubResult, SignalR, hub};
    ///
    /// struct PricesHub;
    ///
    /// #[hub]
    /// impl PricesHub {
    ///     pub async fn change(&self, cx: &HubCallerContext<Self>, price: Decimal) -> HubResult {
    ///         Ok(cx.clients().all().send("PriceChanged", ("tea", price)).await?)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hub = SignalR::new().hub().build(PricesHub);
    /// let mut client = TestClient::connect(&hub.endpoint()).await?;
    /// let price: Decimal = "1.10".parse()?;
    /// client.send("Change", (price,)).await?;
    /// let pushed: (String, Decimal) = client.push_as("PriceChanged").await?;
    /// assert_eq!(pushed.1.to_string(), "1.10");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if anything else arrives, or if the arguments do not fit.
    pub async fn push_as<A: BindArguments>(&mut self, method: &str) -> io::Result<A> {
        let arrived = self.arrived_push().await?;
        match arrived.hub_message(self.naming)? {
            HubMessage::Invocation(push) if push.target == method => {
                push.arguments.bind().map_err(io::Error::other)
            }
            other => Err(io::Error::other(format!(
                "no push of `{method}`, but {other:?}"
            ))),
        }
    }

    /// Sends an invocation.
    pub(super) async fn call(
        &mut self,
        record: Result<Vec<u8>, EncodeError>,
    ) -> Result<(), CallError> {
        let record = record.map_err(|error| CallError::unsendable("arguments", error))?;
        self.keep_causes();
        self.send_bytes(&record).await.map_err(CallError::lost)
    }

    /// Makes the hub keep the causes of errors from now on.
    pub(super) fn keep_causes(&self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.keep_causes();
        }
    }

    /// Returns the result or the error of a completion. The result of a call without one is null.
    pub(super) fn outcome(&self, message: HubMessage<'_>) -> Result<RawItem<'static>, CallError> {
        let HubMessage::Completion(completion) = message else {
            return Err(CallError::new(format!(
                "expected a completion, received {message:?}"
            )));
        };
        match completion.outcome {
            CompletionOutcome::Result(result) => Ok(result.into_owned()),
            CompletionOutcome::Void => RawItem::encode(HubProtocol::Json, self.naming, &())
                .map_err(|error| CallError::unsendable("null", error)),
            CompletionOutcome::Error(text) => {
                Err(self.failed(&completion.invocation_id, text.into_owned()))
            }
        }
    }

    fn failed(&self, id: &str, text: String) -> CallError {
        let hub = self.hub.upgrade();
        let cause = hub.and_then(|hub| hub.take_cause(self.transport.connection_id(), id));
        CallError::failed(text, cause).for_want_of(self.unscripted())
    }

    /// Returns an invocation that has arrived and expects a result.
    fn unscripted(&self) -> Option<Unscripted> {
        self.received
            .iter()
            .find_map(|arrived| match &arrived.received {
                Received::Message(message) if arrived.is_message(1) => {
                    message.get("invocationId")?;
                    let method = message["target"].as_str()?.to_owned();
                    let of = "client";
                    Some(Unscripted { method, of })
                }
                _ => None,
            })
    }
}
