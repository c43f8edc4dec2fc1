//! The types that hub code is written against.

mod argument;
mod authorization;
mod call;
mod call_slot;
mod caller;
mod context;
mod deprecated_methods;
mod error;
mod error_response;
mod failures;
mod filter;
mod hint;
mod kept_arguments;
#[cfg(feature = "testing")]
mod kept_causes;
#[cfg(feature = "testing")]
mod kept_items;
mod lent;
mod method;
mod method_table;
mod metrics;
mod reply;
mod resources;
mod returned;
mod runtime;
mod sent_stream;
mod service;
pub(crate) mod span;
mod stream_reader;
mod stream_sink;
mod success;
mod trace_context;
mod type_name;
mod warnings;

use std::future::{Future, ready};
use std::sync::Arc;

pub use argument::{
    HubArgument, HubDefaultArgument, HubReturn, HubStream, HubStreamArgument, HubStreamItem,
    assert_argument, assert_default_argument, assert_stream_argument,
};
pub use authorization::{Authorize, Policy, PolicyContext};
pub(crate) use authorization::{MissingPolicy, Policies, Restrictions, UnreadArgument};
pub use call::Call;
pub(crate) use call_slot::{CallSlot, Connecting};
pub use caller::{Caller, HubCallerContext};
pub use context::HubContext;
pub use error::{HubError, HubResult};
pub(crate) use error_response::say_the_rest_of_responses;
pub(crate) use failures::Place;
pub(crate) use filter::{FilteredHub, Filters};
pub use filter::{
    HubFilter, HubInvocation, InvocationLogging, InvocationMetrics, InvocationResult, Next,
    NextHook, RefusalReason, RefusedCall,
};
use hubwire_core::HubClient;
use hubwire_protocol::BindError;
#[cfg(feature = "testing")]
pub(crate) use kept_items::KeptItems;
pub use lent::{Lent, lent};
pub use method::{Helper, Method, Parameter};
pub(crate) use metrics::CallOutcome;
pub use reply::Reply;
pub(crate) use reply::{CallFuture, ReplyKind, ResultWriter, StartStream};
pub use resources::{Resources, ResourcesBuilder};
pub use returned::{
    AnyResult, HookReturn, IntoHubError, Returned, ReturnedValue, ReturnsResult, ReturnsValue,
    SendItem, returned, returned_by,
};
pub(crate) use runtime::HubRuntime;
pub use sent_stream::{SentStream, hub_stream, streamed_by};
pub(crate) use service::TypedHub;
pub use service::{HubCall, HubService};
pub(crate) use stream_reader::{ItemFault, Upload};
pub use stream_reader::{LentStreamReader, StreamReader};
pub(crate) use stream_sink::{StreamControl, StreamFailure};
pub use stream_sink::{StreamEnd, StreamSink};
pub(crate) use trace_context::TraceContext;
pub(crate) use type_name::short_type_name;
pub(crate) use warnings::{CallFault, Details, HandshakeReason, Heard, LetGo, Warning};

use crate::connection::DisconnectReason;

/// A hub: methods that clients call, and hooks for the beginning and the end of a connection.
///
/// `#[hub]` implements this trait from an ordinary `impl` block. One value serves all connections.
/// Put what belongs to a single connection into its [`Items`](crate::Items), and what is shared
/// behind locks in the hub.
///
/// A panic in a method, a stream, an argument's decoding, a result's encoding or any of their
/// drops ends that call or stream like a hidden error and is logged; in a hook, it counts as the
/// hook's error. The connection and all others live on. As everywhere in Rust, a panic in a drop
/// during another panic aborts the process. Programs must keep `panic = "unwind"`.
///
/// An implementation by hand looks like this; only the name of a [`Method`] decides what can be
/// called:
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
///         // A method without parameters binds too; otherwise any arguments would be accepted.
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
    /// The interface of the hub's clients.
    type Client: HubClient;

    /// The methods that clients may call; [`Hub::bind`] takes their indices.
    const METHODS: &'static [Method];

    /// The methods of the hub that clients cannot call. The log mentions them if a client tries to.
    const HELPERS: &'static [Helper] = &[];

    /// Who may use the hub's endpoints, unless they say otherwise: all of this must be met.
    const AUTHORIZE: &'static [Authorize] = &[];

    /// Runs when a connection is established, before any of its calls.
    ///
    /// Messages can already be sent to the connection. An error closes it without permission to
    /// reconnect, and [`Hub::on_disconnected`] does not run.
    fn on_connected(&self, cx: &HubCallerContext<Self>) -> impl Future<Output = HubResult> + Send {
        let _ = cx;
        ready(Ok(()))
    }

    /// Runs once when a connection ends, if its [`Hub::on_connected`] succeeded.
    ///
    /// The connection is still registered and in its groups, but messages sent to it are
    /// discarded. Methods that are still running are not waited for. An error ends a WebSocket with
    /// code 1011.
    fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        reason: &DisconnectReason,
    ) -> impl Future<Output = HubResult> + Send {
        let _ = (cx, reason);
        ready(Ok(()))
    }

    /// Creates what the method at this index takes besides its arguments: a cancellation token and
    /// the client's streams.
    ///
    /// Runs once for each call, before its arguments are bound. The default is sufficient if no
    /// method takes these.
    fn resources(method: usize, builder: ResourcesBuilder<'_>) -> Resources {
        let _ = method;
        builder.build()
    }

    /// Decodes the arguments of the method at this index and prepares its run.
    ///
    /// Nothing of the method runs before the reply is polled. This may be called again for the
    /// same call; the first reply is then dropped without having been polled.
    ///
    /// # Errors
    ///
    /// Returns [`BindError`] if the arguments do not fit the method.
    fn bind(self: Arc<Self>, method: usize, call: Call<'_, Self>) -> Result<Reply, BindError>;
}

/// A marker that each `#[hub]` block implements first.
///
/// If a hub has a second block, the compiler reports that this trait and [`Hub`] are implemented
/// twice, this one first. Its name tells the author what to do.
pub trait OneHubBlockHoldsAllMethods {}

/// A type with a value that can serve all connections.
///
/// The lifetime means nothing. A bound of every lifetime is no trivial bound, so that the compiler takes one that does
/// not hold for granted, and reports what `#[hub]` asserts alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a hub",
    label = "cannot be shared by all connections",
    note = "one value serves all connections, on all threads: a hub is `Send`, `Sync` and `'static`",
    note = "share what is in it by `Arc` in the place of `Rc`, and change it by a `Mutex` or atomics in the place of `RefCell` and `Cell`"
)]
pub trait HubValue<'a>: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> HubValue<'_> for T {}

/// Fails to compile, at the type's own span, if no value of it can serve all connections.
pub const fn assert_hub_value<T: for<'a> HubValue<'a>>() {}
