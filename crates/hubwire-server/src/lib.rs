//! A SignalR server: hubs, dispatch, connections, transports and the HTTP endpoint.
//!
//! These are the modules from the top down; each uses only modules below it. `testing` and `serve`
//! (with `listen`); `server` (joins the rest together), `endpoint` (routes, negotiation, upgrade),
//! `session` (the only task of a connection), `transport` (from a peer's bytes to hub bytes),
//! `dispatch` (from a parsed message to a method and back), `handler` (the types that connection
//! handlers are written against), `hub` (the types that hub code is written against), `lifetime` (who is connected, groups, users, other nodes), `connection` (the
//! identity of a connection), `outbound` (messages that wait for a client, and their way out),
//! `node` (clock, ids, limits, tasks). A transport knows nothing of hubs; a hub knows nothing of
//! transports.

#![cfg_attr(
    not(feature = "testing"),
    allow(dead_code, reason = "only `testing` uses some of it")
)]

mod connection;
mod dispatch;
mod endpoint;
mod handler;
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
pub use endpoint::{
    AuthenticationError, AuthenticationLayer, AuthenticationRequest, AuthenticationService,
    Authenticator, ConnectionEndpoint, HubEndpoint, MapConnections, MapHub, NegotiateEndpoint,
};
pub use handler::{
    Chunk, ConnectionClosed, ConnectionHandler, ConnectionSender, HandlerResult, RawConnection,
};
pub use hub::{
    AnyResult, Authorize, Call, Caller, Helper, HookReturn, Hub, HubArgument, HubCall,
    HubCallerContext, HubContext, HubDefaultArgument, HubError, HubFilter, HubInvocation,
    HubResult, HubReturn, HubService, HubStream, HubStreamArgument, HubStreamItem, HubValue,
    IntoHubError, InvocationLogging, InvocationMetrics, InvocationResult, Lent, LentStreamReader,
    Method, Next, NextHook, OneHubBlockHoldsAllMethods, Parameter, Policy, PolicyContext,
    RefusalReason, RefusedCall, Reply, Resources, ResourcesBuilder, Returned, ReturnedValue,
    ReturnsResult, ReturnsValue, SendItem, SentStream, StreamEnd, StreamReader, StreamSink,
    assert_argument, assert_default_argument, assert_hub_value, assert_stream_argument, hub_stream,
    lent, returned, returned_by, streamed_by,
};
pub use listen::listen;
pub use node::{
    Configuration, DeadPeerTimeouts, EndpointOptions, HubOptions, InvalidOption, KeepConnection,
    KeepRequest, METRICS, Metric, MetricKind, MetricUnit, RandomSource, ServeOptions,
    ServerOptions, describe_metrics,
};
#[cfg(feature = "tls")]
pub use serve::tls::{Tls, TlsError};
pub use serve::{Serve, serve};
pub use server::{HubBuilder, HubHandle, SignalR, SignalRBuilder, Statistics};
pub use shutdown_signal::shutdown_signal;
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;
