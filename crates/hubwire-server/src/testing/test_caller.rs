//! Calls of a hub's methods from a connection.

use std::fmt;

use hubwire_protocol::{Arguments, BindError, Headers, HubProtocol, RawArguments};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::uploaded::{Uploaded, run_with};
use super::{CallError, HubTester, ItemStream};
use crate::connection::DisconnectReason;
use crate::dispatch::refusals;
use crate::hub::{
    Caller, Hub, HubCall, HubError, HubResult, HubService, RefusalReason, RefusedCall, Reply,
    ReplyKind, Resources, ResourcesBuilder,
};
use crate::node::ErrorDetail;

/// The default `stream_buffer_capacity` of hubs.
const STREAM_CAPACITY: usize = 10;

/// A connection from which a [`HubTester`] calls methods.
pub struct TestCaller<'a, H: Hub> {
    tester: &'a HubTester<H>,
    caller: Caller,
}

impl<'a, H: Hub> TestCaller<'a, H> {
    pub(super) fn new(tester: &'a HubTester<H>, caller: Caller) -> Self {
        Self { tester, caller }
    }

    /// Returns the connection as hub code sees it.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Runs the hub's `on_connected`.
    ///
    /// # Errors
    ///
    /// Returns the hook's error.
    pub async fn connect(&self) -> HubResult {
        let service = self.tester.service();
        service.on_connected(self.caller.clone()).await
    }

    /// Runs the hub's `on_disconnected`.
    ///
    /// # Errors
    ///
    /// Returns the hook's error.
    pub async fn disconnect(&self, reason: DisconnectReason) -> HubResult {
        let caller = self.caller.clone();
        let service = self.tester.service();
        service.on_disconnected(caller, reason).await
    }

    /// Calls a method with a tuple of arguments and returns its result, or null if it has none.
    ///
    /// [`HubTester::on`] sets the results of client methods that the method invokes.
    ///
    /// # Panics
    ///
    /// Panics if the method does. A server would hide the panic from the caller.
    ///
    /// # Errors
    ///
    /// Returns the error that a client would receive without detailed errors, with its hidden
    /// cause.
    pub async fn invoke(
        &self,
        method: &str,
        arguments: impl Arguments,
    ) -> Result<Value, CallError> {
        self.invoke_as(method, arguments).await
    }

    /// Calls a method as [`TestCaller::invoke`] does and decodes the result as this type.
    ///
    /// # Panics
    ///
    /// Panics if the method does.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`TestCaller::invoke`], or an error if the result has another type.
    pub async fn invoke_as<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments,
    ) -> Result<T, CallError> {
        let nothing: Option<std::iter::Empty<()>> = None;
        self.run(method, arguments, nothing).await
    }

    /// Calls a method with one stream of these items and returns its result.
    ///
    /// Items are taken from the iterator as the method reads them.
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
    /// Panics if the method does.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`TestCaller::invoke_as`].
    pub async fn upload<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments,
        items: impl IntoIterator<Item: Serialize>,
    ) -> Result<T, CallError> {
        self.run(method, arguments, Some(items)).await
    }

    /// Calls a streaming method. It runs only while an item is awaited.
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
    /// Panics if the method does, now or while an item is awaited.
    ///
    /// # Errors
    ///
    /// Returns an error if the call is refused. Errors of the method are returned by
    /// [`ItemStream::next_item`].
    pub async fn stream_as<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments,
    ) -> Result<ItemStream<T>, CallError> {
        let called = method;
        let BoundCall {
            method,
            reply,
            resources,
        } = self.bind(method, &arguments)?;
        let start = match reply.0 {
            ReplyKind::Stream(start) => start.into_inner(),
            ReplyKind::Call(_) => {
                self.tell_filters(called, Some(&method), RefusalReason::WrongKind);
                return Err(CallError::new(refusals::not_streaming(&method)));
            }
            ReplyKind::UnknownMethod => None,
        };
        let start = start.ok_or_else(|| CallError::new(refusals::unknown_method(&method)))?;
        self.check_streams(called, &method, &resources, 0)?;
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
        let called = method;
        let BoundCall {
            method,
            reply,
            resources,
        } = self.bind(method, &arguments)?;
        drop(arguments);
        let call = match reply.0 {
            ReplyKind::Call(call) => call.into_inner(),
            ReplyKind::Stream(_) => {
                self.tell_filters(called, Some(&method), RefusalReason::WrongKind);
                return Err(CallError::new(refusals::streaming(&method)));
            }
            ReplyKind::UnknownMethod => None,
        };
        let call = call.ok_or_else(|| CallError::new(refusals::unknown_method(&method)))?;
        self.check_streams(called, &method, &resources, usize::from(items.is_some()))?;
        let naming = recorder.naming();
        let upload = resources.uploads().first();
        let outbound = self.caller.connection().outbound();
        let items = items.into_iter().flatten();
        let uploaded = upload.map(|upload| Uploaded::new(&**upload, items, naming, outbound));
        let outcome = run_with(call, naming, uploaded).await?;
        let result =
            outcome.map_err(|error| failed(&method, error).for_want_of(recorder.unscripted()))?;
        CallError::decoded(&result)
    }

    fn bind(&self, method: &str, arguments: &dyn Arguments) -> Result<BoundCall, CallError> {
        let service = self.tester.service();
        let Some(index) = service.method(method) else {
            self.tell_filters(method, None, RefusalReason::UnknownMethod);
            return Err(unknown(&*service, method));
        };
        let naming = self.tester.recorder.naming();
        let arguments = RawArguments::encode(HubProtocol::Json, naming, arguments)
            .map_err(|error| CallError::unsendable("arguments", error))?;
        let builder = ResourcesBuilder::new(self.caller.connection(), STREAM_CAPACITY);
        let resources = service.resources(index, builder);
        let call = HubCall {
            caller: &self.caller,
            headers: &Headers::new(),
            arguments: &arguments,
            resources: &resources,
            is_answered: true,
        };
        let name = service.method_name(index).to_owned();
        match service.bind(index, call) {
            Ok(reply) => Ok(BoundCall {
                method: name,
                reply,
                resources,
            }),
            Err(error) => {
                self.tell_filters(method, Some(&name), refusal_reason(&error));
                let text = refusals::failed_to_invoke(&name);
                Err(CallError::failed(text, Some(error.into())))
            }
        }
    }

    /// Checks that a call sends as many streams as the method reads.
    fn check_streams(
        &self,
        called: &str,
        method: &str,
        resources: &Resources,
        sent: usize,
    ) -> Result<(), CallError> {
        let expected = resources.uploads().len();
        if sent == expected {
            return Ok(());
        }
        self.tell_filters(called, Some(method), RefusalReason::Streams);
        let text = refusals::wrong_stream_count(method, sent, expected);
        Err(CallError::new(text))
    }

    /// Tells the hub's filters of a call that reaches no method.
    fn tell_filters(&self, target: &str, method: Option<&str>, reason: RefusalReason) {
        self.tester.service().call_refused(&RefusedCall {
            caller: &self.caller,
            target,
            method,
            reason,
        });
    }
}

/// A call whose arguments fit.
struct BoundCall {
    /// As it is declared, which is how errors name it.
    method: String,
    reply: Reply,
    resources: Resources,
}

fn refusal_reason(error: &BindError) -> RefusalReason {
    match error {
        BindError::Count { .. } => RefusalReason::ArgumentCount,
        _ => RefusalReason::Argument,
    }
}

/// Returns the error for a method that does not exist, with the hint that the log has.
fn unknown(service: &dyn HubService, method: &str) -> CallError {
    let hint = refusals::hint(service, method);
    CallError::failed(refusals::unknown_method(method), Some(hint.into()))
}

/// Returns the error that a client receives from a failed method, with its hidden cause.
pub(super) fn failed(method: &str, error: HubError) -> CallError {
    let text = error.client_text(&refusals::unexpected_error(method), ErrorDetail::Hidden);
    CallError::failed(text, error.into_cause())
}

impl<H: Hub> fmt::Debug for TestCaller<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.caller.fmt(f)
    }
}
