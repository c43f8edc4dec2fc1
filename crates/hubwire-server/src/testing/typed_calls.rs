//! A test client's calls, pushes and answers, whose values and errors have types.

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

    /// Calls a method and waits for its result, null for none; what else arrives meanwhile is kept.
    ///
    /// # Errors
    ///
    /// As of [`TestClient::invoke_as`].
    pub async fn invoke(
        &mut self,
        target: &str,
        arguments: impl Arguments,
    ) -> Result<Value, CallError> {
        self.invoke_as(target, arguments).await
    }

    /// As [`TestClient::invoke`], with a result of this type.
    ///
    /// # Errors
    ///
    /// What a client reads, with what was hidden from it; also if the result has another type, or the transport ends
    /// before it came ([`CallError::is_connection_lost`]).
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

    /// Waits for the result of a call that was [started](TestClient::start), null for none; what else arrives meanwhile
    /// is kept.
    ///
    /// # Errors
    ///
    /// As of [`TestClient::invoke_as`].
    pub async fn completion(&mut self, id: &str) -> Result<Value, CallError> {
        self.completion_as(id).await
    }

    /// As [`TestClient::completion`], with a result of this type.
    ///
    /// # Errors
    ///
    /// As of [`TestClient::invoke_as`].
    pub async fn completion_as<R: DeserializeOwned>(&mut self, id: &str) -> Result<R, CallError> {
        let completion = self.find(|arrived| arrived.is_of_call(3, id)).await;
        let completion = completion.map_err(CallError::lost)?;
        let message = completion.hub_message(self.naming);
        let result = self.outcome(message.map_err(CallError::lost)?)?;
        CallError::decoded(&result)
    }

    /// The next push, which must be of this method, with its arguments as a tuple of these types; pings are passed over.
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
    /// When anything else arrives, and when the arguments do not fit.
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

    /// Sends the record of a call.
    pub(super) async fn call(
        &mut self,
        record: Result<Vec<u8>, EncodeError>,
    ) -> Result<(), CallError> {
        let record = record.map_err(|error| CallError::unsendable("arguments", error))?;
        self.keep_causes();
        self.send_bytes(&record).await.map_err(CallError::lost)
    }

    /// From now on the hub keeps why its calls fail.
    pub(super) fn keep_causes(&self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.keep_causes();
        }
    }

    /// What a completion says; a call without a result has the result null.
    pub(super) fn outcome(&self, message: HubMessage<'_>) -> Result<RawItem<'static>, CallError> {
        let HubMessage::Completion(completion) = message else {
            return Err(CallError::new(format!("no completion, but {message:?}")));
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

    /// An invocation that has arrived and waits for a result.
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
