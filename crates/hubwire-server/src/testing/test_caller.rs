//! Calls a hub's methods in the name of a connection.

use std::fmt;

use hubwire_protocol::{Arguments, HubProtocol, RawArguments};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::uploaded::{Uploaded, run_with};
use super::{CallError, HubTester, ItemStream};
use crate::connection::DisconnectReason;
use crate::dispatch::refusals;
use crate::hub::{
    Caller, Hub, HubCall, HubError, HubResult, HubService, Reply, ReplyKind, Resources,
    ResourcesBuilder,
};

/// As many as wait in a stream of a hub whose options say nothing else.
const STREAM_CAPACITY: usize = 10;

/// A connection in whose name a [`HubTester`] calls.
pub struct TestCaller<'a, H: Hub> {
    tester: &'a HubTester<H>,
    caller: Caller,
}

impl<'a, H: Hub> TestCaller<'a, H> {
    pub(super) fn new(tester: &'a HubTester<H>, caller: Caller) -> Self {
        Self { tester, caller }
    }

    /// What hub code sees of the connection.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Runs the hook for new connections.
    ///
    /// # Errors
    ///
    /// What the hook failed with.
    pub async fn connect(&self) -> HubResult {
        let service = self.tester.service();
        service.on_connected(self.caller.clone()).await
    }

    /// Runs the hook for ended connections.
    ///
    /// # Errors
    ///
    /// What the hook failed with.
    pub async fn disconnect(&self, reason: DisconnectReason) -> HubResult {
        let caller = self.caller.clone();
        let service = self.tester.service();
        service.on_disconnected(caller, reason).await
    }

    /// Calls a method with a tuple of arguments and waits for its result, null for none.
    ///
    /// What clients return to those that invoke them says [`HubTester::on`].
    ///
    /// # Panics
    ///
    /// Where the method does; a server would hide that from the caller.
    ///
    /// # Errors
    ///
    /// The text that a client would read, without detailed errors, and what was hidden.
    pub async fn invoke(
        &self,
        method: &str,
        arguments: impl Arguments,
    ) -> Result<Value, CallError> {
        self.invoke_as(method, arguments).await
    }

    /// As [`TestCaller::invoke`], with a result of this type.
    ///
    /// # Panics
    ///
    /// As [`TestCaller::invoke`].
    ///
    /// # Errors
    ///
    /// As [`TestCaller::invoke`], also if the result has another type.
    pub async fn invoke_as<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments,
    ) -> Result<T, CallError> {
        let nothing: Option<std::iter::Empty<()>> = None;
        self.run(method, arguments, nothing).await
    }

    /// Calls a method with one stream of these items, and waits for its result.
    ///
    /// Items are taken while the method reads them.
    ///
    /// ```
    /// use hubwire::testing::HubTester;
    /// use hubwire::{HubResult, StreamReader, hub};
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
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), hubwire::testing::CallError> {
    /// let tester = HubTester::new(SumHub);
    /// let sum: i32 = tester.caller("ann").upload("Sum", (10,), [1, 2, 3]).await?;
    /// assert_eq!(sum, 16);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`TestCaller::invoke`].
    ///
    /// # Errors
    ///
    /// As [`TestCaller::invoke_as`].
    pub async fn upload<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments,
        items: impl IntoIterator<Item: Serialize>,
    ) -> Result<T, CallError> {
        self.run(method, arguments, Some(items)).await
    }

    /// Calls a method that streams, which runs only as far as items are asked for.
    ///
    /// ```
    /// use futures_util::stream;
    /// use hubwire::testing::HubTester;
    /// use hubwire::{Stream, hub};
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
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), hubwire::testing::CallError> {
    /// let tester = HubTester::new(CounterHub);
    /// let mut numbers = tester.caller("ann").stream_as::<u32>("Count", (2,)).await?;
    /// assert_eq!(numbers.next_item().await?, Some(1));
    /// assert_eq!(numbers.next_item().await?, Some(2));
    /// assert_eq!(numbers.next_item().await?, None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`TestCaller::invoke`], as does the stream.
    ///
    /// # Errors
    ///
    /// What a client reads of a call that is refused; what the method fails with comes with the items.
    pub async fn stream_as<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments,
    ) -> Result<ItemStream<T>, CallError> {
        let (reply, resources) = self.bind(method, &arguments)?;
        let start = match reply.0 {
            ReplyKind::Stream(start) => start.into_inner(),
            ReplyKind::Call(_) => return Err(CallError::new(refusals::not_streaming(method))),
            ReplyKind::UnknownMethod => None,
        };
        let start = start.ok_or_else(|| CallError::new(refusals::unknown_method(method)))?;
        check_streams(method, &resources, 0)?;
        let recorder = self.tester.recorder.clone();
        Ok(ItemStream::begin(method, start, &resources, recorder))
    }

    async fn run<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments,
        items: Option<impl IntoIterator<Item: Serialize>>,
    ) -> Result<T, CallError> {
        let recorder = &self.tester.recorder;
        recorder.forget_unscripted();
        let (reply, resources) = self.bind(method, &arguments)?;
        drop(arguments);
        let call = match reply.0 {
            ReplyKind::Call(call) => call.into_inner(),
            ReplyKind::Stream(_) => return Err(CallError::new(refusals::streaming(method))),
            ReplyKind::UnknownMethod => None,
        };
        let call = call.ok_or_else(|| CallError::new(refusals::unknown_method(method)))?;
        check_streams(method, &resources, usize::from(items.is_some()))?;
        let naming = recorder.naming();
        let upload = resources.uploads().first();
        let outbound = self.caller.connection().outbound();
        let items = items.into_iter().flatten();
        let uploaded = upload.map(|upload| Uploaded::new(&**upload, items, naming, outbound));
        let outcome = run_with(call, naming, uploaded).await?;
        let result =
            outcome.map_err(|error| failed(method, error).for_want_of(recorder.unscripted()))?;
        CallError::decoded(&result)
    }

    fn bind(
        &self,
        method: &str,
        arguments: &dyn Arguments,
    ) -> Result<(Reply, Resources), CallError> {
        let service = self.tester.service();
        let index = service
            .method(method)
            .ok_or_else(|| unknown(&*service, method))?;
        let naming = self.tester.recorder.naming();
        let arguments = RawArguments::encode(HubProtocol::Json, naming, arguments)
            .map_err(|error| CallError::unsendable("arguments", error))?;
        let builder = ResourcesBuilder::new(self.caller.connection(), STREAM_CAPACITY);
        let resources = service.resources(index, builder);
        let call = HubCall {
            caller: &self.caller,
            arguments: &arguments,
            resources: &resources,
            is_answered: true,
        };
        match service.bind(index, call) {
            Ok(reply) => Ok((reply, resources)),
            Err(error) => {
                let text = refusals::failed_to_invoke(service.method_name(index));
                Err(CallError::failed(text, Some(error.into())))
            }
        }
    }
}

/// What a client reads that sends more or fewer streams along than the method reads.
fn check_streams(method: &str, resources: &Resources, sent: usize) -> Result<(), CallError> {
    let expected = resources.uploads().len();
    match sent == expected {
        true => Ok(()),
        false => {
            let text = refusals::wrong_stream_count(method, sent, expected);
            Err(CallError::new(text))
        }
    }
}

/// What a client reads of a method that does not exist, and the hint that the log has.
fn unknown(service: &dyn HubService, method: &str) -> CallError {
    let hint = refusals::hint(service, method);
    CallError::failed(refusals::unknown_method(method), Some(hint.into()))
}

/// What a client reads of a method that failed.
pub(super) fn failed(method: &str, error: HubError) -> CallError {
    let text = error.client_text(&refusals::unexpected_error(method), false);
    CallError::failed(text, error.into_cause())
}

impl<H: Hub> fmt::Debug for TestCaller<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.caller.fmt(f)
    }
}
