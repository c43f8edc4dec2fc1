//! What hub code is written against.

mod argument;
mod caller;
mod context;
mod disconnect_reason;
mod error;
mod items;
mod method;
mod service;
pub(crate) mod stream_reader;
mod user;

use std::future::{Future, ready};
use std::sync::Arc;

pub use argument::{
    HubArgument, HubReturn, HubStream, HubStreamArgument, HubStreamItem, assert_argument,
    assert_result, assert_stream_argument, assert_stream_item, hub_stream, stream_or_error,
};
pub use caller::{Caller, HubCallerContext};
pub use context::HubContext;
pub use disconnect_reason::DisconnectReason;
pub use error::{HubError, HubResult};
use hubwire_core::HubClient;
pub use items::Items;
pub use method::{Method, Parameter};
pub(crate) use service::TypedHub;
pub use service::{HubCall, HubService};
pub use stream_reader::StreamReader;
pub(crate) use stream_reader::Upload;
pub use user::{NAME_IDENTIFIER, NameIdentifierUserIdProvider, Principal, UserIdProvider};

use crate::dispatch::{Call, Reply};

/// A hub: methods that clients call, and hooks around a connection's life.
///
/// `#[hub]` implements it from an ordinary `impl` block; one value serves all connections, so what
/// belongs to a connection goes into [`Items`], and what is shared goes behind the hub's own locks.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hub",
    note = "put `#[hub]` on the `impl {Self}` block that holds its methods"
)]
pub trait Hub: Sized + Send + Sync + 'static {
    /// What the hub may call on its clients.
    type Client: HubClient;

    /// The methods that clients may call; their indices are what [`Hub::call`] takes.
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

    /// Decodes the arguments of the method at this index and prepares its run.
    ///
    /// Nothing of the method runs before the reply is polled.
    fn call(self: Arc<Self>, method: usize, call: Call<'_, Self>) -> Reply;
}
