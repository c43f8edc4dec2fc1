//! What hub code is written against.

mod argument;
mod call;
mod call_slot;
mod caller;
mod context;
mod error;
mod error_response;
mod failures;
#[cfg(feature = "testing")]
mod kept_causes;
#[cfg(feature = "testing")]
mod kept_items;
mod lent;
mod method;
mod method_table;
mod reply;
mod resources;
mod returned;
mod runtime;
mod service;
mod stream_reader;
mod stream_sink;
mod success;
mod type_name;

use std::future::{Future, ready};
use std::sync::Arc;

pub use argument::{
    HubArgument, HubReturn, HubStream, HubStreamArgument, HubStreamItem, assert_argument,
    assert_stream_argument, hub_stream,
};
pub use call::Call;
pub(crate) use call_slot::{CallSlot, Connecting};
pub use caller::{Caller, HubCallerContext};
pub use context::HubContext;
pub use error::{HubError, HubResult};
pub(crate) use failures::Place;
use hubwire_core::HubClient;
use hubwire_protocol::BindError;
#[cfg(feature = "testing")]
pub(crate) use kept_items::KeptItems;
pub use lent::{Lent, lent};
pub use method::{Method, Parameter};
pub use reply::Reply;
pub(crate) use reply::{CallFuture, ReplyKind, ResultWriter, StartStream};
pub use resources::{Resources, ResourcesBuilder};
pub use returned::{
    AnyResult, HookReturn, IntoHubError, Returned, ReturnedValue, ReturnsResult, ReturnsValue,
    SendItem, returned, returned_by, streamed_by,
};
pub(crate) use runtime::HubRuntime;
pub(crate) use service::TypedHub;
pub use service::{HubCall, HubService};
pub(crate) use stream_reader::Upload;
pub use stream_reader::{LentStreamReader, StreamReader};
pub(crate) use stream_sink::{StreamControl, StreamFailure};
pub use stream_sink::{StreamEnd, StreamSink};
pub(crate) use type_name::short_type_name;

use crate::connection::DisconnectReason;

/// A hub: methods that clients call, and hooks around a connection's life.
///
/// `#[hub]` implements it from an ordinary `impl` block; one value serves all connections, so what
/// belongs to a connection goes into its [`Items`](crate::Items), and what is shared goes behind the hub's own locks.
///
/// A panic in a method, a stream, an argument's decoding, a result's encoding or any of their drops ends that call
/// or stream as a hidden error does, and is in the log; in a hook it is the hook's error. The connection and all
/// others live. A panic out of a drop while another panic unwinds aborts the process, as everywhere in Rust; and
/// programs must keep `panic = "unwind"`.
///
/// By hand it looks like this; of a [`Method`] only its name decides what can be called:
///
/// ```
/// use std::sync::Arc;
///
/// use hubwire::manual::{
///     BindError, Call, Hub, Method, Parameter, Reply, Resources, ResourcesBuilder, UntypedClient,
/// };
///
/// struct SumHub;
///
/// impl Hub for SumHub {
///     type Client = UntypedClient;
///     const METHODS: &'static [Method] = &[
///         Method::new("Ping", &[], "Says that it is there."),
///         Method::new("Sum", &[Parameter::new("numbers", "i32").stream()], "Adds up."),
///     ];
///
///     // Only for methods that take a token or streams; their places are counted in this order.
///     fn resources(method: usize, builder: ResourcesBuilder<'_>) -> Resources {
///         match method {
///             1 => builder.cancellation_token().stream_reader::<i32>().build(),
///             _ => builder.build(),
///         }
///     }
///
///     fn bind(self: Arc<Self>, method: usize, call: Call<'_, Self>) -> Result<Reply, BindError> {
///         // A method without arguments says so too, or any would do.
///         let () = call.arguments()?;
///         Ok(match method {
///             0 => Reply::value(async { "here" }),
///             1 => {
///                 let (cancel, numbers) = (call.cancellation_token(), call.stream_reader::<i32>(0));
///                 Reply::value(async move {
///                     let mut sum = 0;
///                     let mut numbers = numbers.open(); // not before the method runs
///                     while let Some(Some(Ok(number))) = cancel.run_until_cancelled(numbers.next()).await {
///                         sum += number;
///                     }
///                     sum
///                 })
///             }
///             _ => Reply::unknown_method(),
///         })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hub",
    note = "put `#[hub]` on the `impl {Self}` block that holds its methods"
)]
pub trait Hub: Sized + Send + Sync + 'static {
    /// What the hub may call on its clients.
    type Client: HubClient;

    /// The methods that clients may call; their indices are what [`Hub::bind`] takes.
    const METHODS: &'static [Method];

    /// Runs when a connection is established, before any of its calls.
    ///
    /// The connection can already be sent to. An error closes it without leave to reconnect, and
    /// [`Hub::on_disconnected`] does not run.
    fn on_connected(&self, cx: &HubCallerContext<Self>) -> impl Future<Output = HubResult> + Send {
        let _ = cx;
        ready(Ok(()))
    }

    /// Runs once when a connection ends whose [`Hub::on_connected`] succeeded.
    ///
    /// The connection is still registered and in its groups, but what is sent to it vanishes. Methods
    /// that are still running are not waited for. An error ends a WebSocket with code 1011.
    fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        reason: &DisconnectReason,
    ) -> impl Future<Output = HubResult> + Send {
        let _ = (cx, reason);
        ready(Ok(()))
    }

    /// Makes what the method at this index takes besides its arguments: a token, streams of the client's.
    ///
    /// Once for each call, before its arguments are bound. Without such methods the provided one will do.
    fn resources(method: usize, builder: ResourcesBuilder<'_>) -> Resources {
        let _ = method;
        builder.build()
    }

    /// Decodes the arguments of the method at this index and prepares its run.
    ///
    /// Nothing of the method runs before the reply is polled. May be called again for the same call, whose
    /// first reply is then dropped unpolled.
    ///
    /// # Errors
    ///
    /// [`BindError`] when the arguments do not fit the method.
    fn bind(self: Arc<Self>, method: usize, call: Call<'_, Self>) -> Result<Reply, BindError>;
}

/// A type of which one value can serve all connections.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a hub",
    label = "cannot be shared by all connections",
    note = "one value serves all connections, on all threads: a hub is `Send`, `Sync` and `'static`"
)]
pub trait HubValue: Send + Sync + 'static {}

impl<T: Send + Sync + 'static> HubValue for T {}
