//! A SignalR server: hubs, dispatch, connections, transports and the HTTP endpoint.
//!
//! Rooms in the order in which bytes pass them: `endpoint` (routes, negotiation, upgrade), `transport`
//! (sockets and frames), `connection` (identity, handshake, timeouts, outbound queue), `dispatch`
//! (binding, invocations), `hub` (what user code sees), `lifetime` (who is connected, groups, users,
//! other nodes). A transport knows nothing of hubs; a hub knows nothing of transports.

mod connection;
mod dispatch;
mod endpoint;
mod hub;
mod lifetime;
mod options;
mod serve;
mod server;
mod shutdown_signal;
pub mod testing;
mod transport;

pub use connection::ConnectionRequest;
pub use dispatch::{Call, Reply, StreamEnd, StreamSink};
pub use endpoint::{HubEndpoint, MapHub, NegotiateEndpoint};
pub use hub::{
    Caller, DisconnectReason, Hub, HubArgument, HubCall, HubCallerContext, HubContext, HubError,
    HubResult, HubReturn, HubService, HubStream, HubStreamArgument, HubStreamItem, Items, Method,
    NAME_IDENTIFIER, NameIdentifierUserIdProvider, Parameter, Principal, StreamReader,
    UserIdProvider, assert_argument, assert_result, assert_stream_argument, assert_stream_item,
    hub_stream, stream_or_error,
};
pub use options::{EndpointOptions, HubOptions, KeepRequest};
pub use serve::{Serve, serve};
pub use server::{HubBuilder, HubHandle, RandomSource, SignalR, SignalRBuilder, Statistics};
pub use shutdown_signal::shutdown_signal;
