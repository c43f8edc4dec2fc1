//! A SignalR server: hubs, dispatch, connections, transports and the HTTP endpoint.
//!
//! Rooms from the top down, each using only rooms below it: `testing` and `serve` (with `listen`); `server` (what joins the
//! rest), `endpoint` (routes, negotiation, upgrade), `session` (the one task of a connection), `transport`
//! (a peer's bytes to hub bytes), `dispatch` (a parsed message to a method and back), `hub` (what hub code is
//! written against), `lifetime` (who is connected, groups, users, other nodes), `connection` (who a
//! connection is), `outbound` (what waits for a client, and its way out), `node` (clock, ids, limits, tasks).
//! A transport knows nothing of hubs; a hub knows nothing of transports.

#![cfg_attr(
    not(feature = "testing"),
    allow(
        dead_code,
        reason = "the pulled way out and its pipe have no other user than tests yet"
    )
)]

mod connection;
mod dispatch;
mod endpoint;
mod hub;
mod lifetime;
mod listen;
mod node;
mod outbound;
mod serve;
mod server;
mod session;
mod shutdown_signal;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;

pub use connection::{
    ConnectionRequest, DisconnectReason, Items, NAME_IDENTIFIER, NameIdentifierUserIdProvider,
    Principal, UserIdProvider,
};
pub use endpoint::{HubEndpoint, MapHub, NegotiateEndpoint};
pub use hub::{
    AnyResult, Call, Caller, HookReturn, Hub, HubArgument, HubCall, HubCallerContext, HubContext,
    HubError, HubResult, HubReturn, HubService, HubStream, HubStreamArgument, HubStreamItem,
    HubValue, IntoHubError, Lent, LentStreamReader, Method, Parameter, Reply, Resources,
    ResourcesBuilder, Returned, ReturnedValue, ReturnsResult, ReturnsValue, SendItem, StreamEnd,
    StreamReader, StreamSink, assert_argument, assert_stream_argument, hub_stream, lent, returned,
    returned_by, streamed_by,
};
pub use listen::listen;
pub use node::{
    DeadPeerTimeouts, EndpointOptions, HubOptions, KeepRequest, RandomSource, ServerOptions,
};
pub use serve::{Serve, serve};
pub use server::{HubBuilder, HubHandle, SignalR, SignalRBuilder, Statistics};
pub use shutdown_signal::shutdown_signal;
