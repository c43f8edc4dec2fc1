//! SignalR in Rust: real-time hubs for the official SignalR clients.
//!
//! A *hub* is a type with methods that browsers and servers call over a connection. It can also
//! call methods on them: on all, on one, on a group, or on a user. The official SignalR clients
//! connect unchanged.
//!
//! ```
//! use hubwire::{HubCallerContext, HubError, HubResult, SignalR, hub, hub_client};
//!
//! /// What the server calls on its clients.
//! #[hub_client]
//! pub trait ChatClient {
//!     fn receive_message(&self, user: String, text: String); // "ReceiveMessage" on the wire
//! }
//!
//! /// One value for all connections.
//! pub struct ChatHub;
//!
//! #[hub(client = ChatClient)]
//! impl ChatHub {
//!     pub async fn join_room(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
//!         cx.groups().add(cx.connection_id(), room).await?;
//!         Ok(())
//!     }
//!
//!     pub async fn send_message(
//!         &self,
//!         cx: &HubCallerContext<Self>,
//!         room: String,
//!         user: String,
//!         text: String,
//!     ) -> HubResult {
//!         if text.trim().is_empty() {
//!             return Err(HubError::new("Message cannot be empty")); // the caller reads this
//!         }
//!         cx.clients().group(room).receive_message(user, text).await?; // any other error stays hidden
//!         Ok(())
//!     }
//! }
//!
//! # fn example() -> axum::Router {
//! use hubwire::MapHub;
//!
//! let signalr = SignalR::new();
//! let chat = signalr.hub().build(ChatHub);
//! let app = axum::Router::new().map_hub("/hubs/chat", chat.endpoint());
//! # app
//! # }
//! ```
//!
//! Serve it with [`serve()`] on the listener that [`listen()`] returns. Handlers, timers and jobs
//! [send messages](guides::pushing) through [`SignalR::context`]. [Test](guides::testing) hubs
//! with [`testing`].
//!
//! # Errors
//!
//! A [`HubError`] made with [`HubError::new`] is meant for the caller. Every other error that `?`
//! converts is hidden from clients and logged, whatever its type:
//!
//! ```
//! use hubwire::{HubError, HubResult};
//!
//! fn load() -> anyhow::Result<String> {
//!     anyhow::bail!("the password is hunter2")
//! }
//!
//! fn method() -> HubResult<String> {
//!     Ok(load()?)
//! }
//!
//! assert!(!method().unwrap_err().is_shown());
//! ```
//!
//! # Streams
//!
//! A method that returns `impl Stream` streams its items to the client that called it. A
//! [`StreamReader`] parameter is a stream from the client to the method. Both are paced: a method
//! is polled only for as much as the client's socket accepts, and a client is read only as fast as
//! the method reads.
//!
//! ```
//! use std::time::Duration;
//!
//! use futures_util::stream;
//! use hubwire::{CancellationToken, HubResult, Stream, StreamReader, hub};
//!
//! struct CounterHub;
//!
//! #[hub]
//! impl CounterHub {
//!     /// Server to client: `connection.stream("Counter", 10)`.
//!     pub fn counter(&self, to: u32) -> impl Stream<Item = u32> {
//!         stream::unfold(0, move |count| async move {
//!             tokio::time::sleep(Duration::from_millis(500)).await;
//!             (count < to).then_some((count, count + 1))
//!         })
//!     }
//!
//!     /// Client to server: `connection.invoke("Upload", subject)`.
//!     pub async fn upload(&self, mut lines: StreamReader<String>) -> HubResult<usize> {
//!         let mut count = 0;
//!         while let Some(line) = lines.next().await {
//!             count += line?.len();
//!         }
//!         Ok(count)
//!     }
//!
//!     /// Both at once; an item that is an error ends the stream.
//!     pub fn echo(&self, lines: StreamReader<String>) -> impl Stream<Item = HubResult<String>> {
//!         lines
//!     }
//!
//!     /// The token fires when the client cancels the call or is gone; the client knows nothing of it.
//!     pub async fn wait(&self, cancel: CancellationToken) -> bool {
//!         let pause = tokio::time::sleep(Duration::from_secs(10));
//!         cancel.run_until_cancelled(pause).await.is_some()
//!     }
//! }
//! ```
//!
//! A stream that its client cancels is dropped, unless its method takes the token. Such a stream
//! is polled until it ends by itself, and its items are not sent. See [`macro@hub`] for other
//! types that can be streamed.
//!
//! # Client results
//!
//! A [`hub_client`] method with a return type invokes clients and waits for their results: a
//! single client for its result, or many clients for a stream of results.
//!
//! ```
//! use std::time::Duration;
//!
//! use hubwire::{ClientResultError, HubCallerContext, HubResult, hub, hub_client};
//!
//! #[hub_client]
//! pub trait GameClient {
//!     fn confirm(&self, question: &str) -> bool; // `connection.on("Confirm", question => true)`
//! }
//!
//! struct GameHub;
//!
//! #[hub(client = GameClient)]
//! impl GameHub {
//!     pub async fn leave(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
//!         let player = cx.clients().caller().with_timeout(Duration::from_secs(20));
//!         Ok(match player.confirm("Leave the game?").await {
//!             Ok(is_sure) => is_sure,
//!             Err(ClientResultError::TimedOut { .. }) => false,
//!             Err(error) => return Err(error.into()),
//!         })
//!     }
//!
//!     pub async fn another_round(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
//!         let mut votes = cx.clients().others().confirm("Another round?")?;
//!         while let Some((_connection_id, vote)) = votes.next().await {
//!             if !vote.unwrap_or(false) {
//!                 return Ok(false);
//!             }
//!         }
//!         Ok(true)
//!     }
//! }
//! ```
//!
//! # Users
//!
//! An [`Authenticator`](auth::Authenticator) determines the user of each request: a [`Principal`],
//! which hub methods get from [`Caller::principal`]. [`macro@authorize`] asks for a user:
//! on the block of a hub for one who connects, on a method for one who calls it, and if it says so,
//! for a role or what a [`Policy`](auth::Policy) decides. Without it, everybody may connect and call.
//!
//! The feature `jwt` adds `auth::jwt`, with an authenticator for JSON Web Tokens. The feature `jwks`
//! adds keys that an issuer publishes, such as Microsoft Entra ID, Auth0 or Keycloak.
//!
//! ```
//! # #[cfg(feature = "jwt")]
//! # fn example(secret: &str) -> Result<axum::Router, hubwire::auth::jwt::JwtConfigurationError> {
//! use hubwire::auth::jwt::JwtBearer;
//! use hubwire::{MapHub, SignalR, hub};
//!
//! struct OrderHub;
//!
//! #[hub]
//! #[authorize] // whoever connects is signed in
//! impl OrderHub {
//!     #[authorize(role = "Admin")]
//!     pub fn ship(&self, order: u32) {}
//! }
//!
//! let tokens = JwtBearer::builder()
//!     .hs256(secret) // 32 random bytes or more, which only the issuer knows, too
//!     .issuer("https://login.example.com")
//!     .audience("orders")
//!     .build()?;
//! let signalr = SignalR::builder().authenticator(tokens).build();
//! let orders = signalr.hub().build(OrderHub);
//! let app = axum::Router::new().map_hub("/hubs/orders", orders.endpoint());
//! # Ok(app)
//! # }
//! ```
//!
//! A connection has the same user for its whole life; another user's requests for it are refused.
//! [`HubContext::disconnect_user`] ends the connections of a user.
#![cfg_attr(
    feature = "jwks",
    doc = "[The guide](guides::authentication) has cookies, API keys, policies, and ASP.NET Core's names for all this."
)]

#[cfg(doctest)]
#[doc = include_str!("../../../docs/browsers.md")]
mod browsers {}

pub use futures_core::Stream;
pub use hubwire_core::{
    CallerClients, ClientResultError, Clients, ConnectionId, Disconnect, GroupError, GroupName,
    Groups, MessageKey, Proxy, Reach, SendError, UserId, WhenBusy,
};
pub use hubwire_macros::{authorize, hub, hub_client};
pub use hubwire_protocol::{self as protocol, Binary, Naming, Timestamp};
#[cfg(feature = "testing")]
pub use hubwire_server::testing;
pub use hubwire_server::{
    Caller, ConnectionRequest, DisconnectReason, HubBuilder, HubCallerContext, HubContext,
    HubEndpoint, HubError, HubHandle, HubResult, Items, MapHub, NAME_IDENTIFIER, Principal, Serve,
    SignalR, SignalRBuilder, Statistics, StreamReader, UserIdProvider, listen, serve,
    shutdown_signal,
};
pub use tokio_util::sync::CancellationToken;

/// Types for the values of .NET's classes; each reads and writes what .NET does in both hub
/// protocols.
pub mod dotnet {
    pub use hubwire_macros::Enum;
    pub use hubwire_protocol::dotnet::*;
}

pub mod auth {
    //! Who a request comes from, and what its user may do.
    //!
    //! [`Principal`](crate::Principal) is the user, an [`Authenticator`] determines it, and a
    //! [`Policy`] says who may use an endpoint or call a method.
    //!
    //! With the feature `jwt`, the module `jwt` has an authenticator for JSON Web Tokens; with `jwks`,
    //! it fetches the keys that an issuer publishes.

    pub use hubwire_server::{
        AuthenticationError, AuthenticationLayer, AuthenticationRequest, AuthenticationService,
        Authenticator, Policy, PolicyContext,
    };

    #[cfg(feature = "jwt")]
    #[doc(inline)]
    pub use hubwire_auth as jwt;
}

pub mod backplane {
    //! The link between the nodes of a farm: the interface for brokers, and a farm within one
    //! process.

    pub use hubwire_core::{
        Backplane, BackplaneError, BackplaneEvent, Channel, Envelope, EnvelopeBody, GroupAction,
        HubName, InProcessBackplane, InProcessFarm, NodeId, Receivers, Subject,
    };
}

pub mod connections {
    //! Connections that carry bytes without a hub protocol, over any transport.
    //!
    //! See [`guides::transports`](crate::guides::transports#raw-connections).

    pub use hubwire_server::{
        Chunk, ConnectionClosed, ConnectionEndpoint, ConnectionHandler, ConnectionSender,
        HandlerResult, MapConnections, RawConnection,
    };
}

pub mod filters {
    //! Code around the calls and hooks of hubs, as middleware is around HTTP handlers.

    pub use hubwire_server::{
        HubFilter, HubInvocation, InvocationLogging, InvocationMetrics, InvocationResult, Next,
        NextHook, RefusalReason, RefusedCall,
    };
}

pub mod manual {
    //! The types that macros expand to, for hand-written hubs, clients and tests.

    pub use hubwire_core::{
        Arguments, ClientResults, HubClient, HubLifetimeManager, InvocationScope, Many, One,
        RawClientResult, RawClientResults, SendFuture, Sending, Target, UntypedClient,
    };
    pub use hubwire_protocol::{BindError, WithDefaults};
    pub use hubwire_server::{
        Authorize, Call, Helper, Hub, HubArgument, HubCall, HubDefaultArgument, HubReturn,
        HubService, HubStream, HubStreamArgument, HubStreamItem, LentStreamReader, Method,
        NegotiateEndpoint, Parameter, Reply, Resources, ResourcesBuilder, StreamEnd, StreamSink,
    };
}

pub mod metrics {
    //! The list of metrics that a server records through the [`metrics`](https://docs.rs/metrics)
    //! facade.
    //!
    //! An application chooses the exporter and installs it before the first connection.

    pub use hubwire_server::{
        METRICS as ALL, Metric, MetricKind, MetricUnit, describe_metrics as describe,
    };
}

pub mod options {
    //! All options of servers, hubs and endpoints at once; each has a method on its builder, too.
    //!
    //! The guide is [`guides::options`](crate::guides::options).

    pub use hubwire_server::{
        Configuration, DeadPeerTimeouts, EndpointOptions, HubOptions, InvalidOption,
        KeepConnection, KeepRequest, NameIdentifierUserIdProvider, RandomSource, ServeOptions,
        ServerOptions,
    };
}

#[cfg(feature = "tls")]
pub mod tls {
    //! TLS for [`serve()`](crate::serve()), with rustls.

    pub use hubwire_server::{Tls, TlsError, rustls};
}

/// Used by the expansions of the macros only; it may change at any time.
#[doc(hidden)]
pub mod __private {
    pub use std::convert::identity;
    pub use std::sync::Arc;

    pub use serde;

    pub use hubwire_core::{
        ClientArgument, ClientResultError, ClientResults, ExpectedValue, HubClient, Many,
        MessageKey, One, Proxy, Reach, SendError, UntypedClient, WhenBusy, assert_client_argument,
        expected,
    };
    pub use hubwire_protocol::{BindError, WithDefaults, dotnet};
    pub use hubwire_server::{
        Authorize, Call, DisconnectReason, Helper, Hub, HubArgument, HubCallerContext,
        HubDefaultArgument, HubError, HubResult, HubStreamArgument, HubValue, Method,
        OneHubBlockHoldsAllMethods, Parameter, Reply, Resources, ResourcesBuilder, ReturnedValue,
        StreamSink, assert_argument, assert_default_argument, assert_hub_value,
        assert_stream_argument, hub_stream, lent, returned, returned_by, streamed_by,
    };
}

pub mod guides {
    //! Topics that are too long for the documentation of a single type.

    #[cfg(feature = "jwks")]
    pub mod authentication {
        #![doc = include_str!("../../../docs/authentication.md")]
    }

    pub mod contracts {
        #![doc = include_str!("../../../docs/contracts.md")]
    }

    pub mod filters {
        #![doc = include_str!("../../../docs/filters.md")]
    }

    pub mod logging {
        #![doc = include_str!("../../../docs/logging.md")]
    }

    pub mod metrics {
        #![doc = include_str!("../../../docs/metrics.md")]
    }

    pub mod operating {
        #![doc = include_str!("../../../docs/operating.md")]
    }

    pub mod options {
        #![doc = include_str!("../../../docs/options.md")]
    }

    pub mod proxies {
        #![doc = include_str!("../../../docs/proxies.md")]
    }

    pub mod pushing {
        #![doc = include_str!("../../../docs/pushing.md")]
    }

    #[cfg(feature = "testing")]
    pub mod testing {
        #![doc = include_str!("../../../docs/testing.md")]
    }

    pub mod transports {
        #![doc = include_str!("../../../docs/transports.md")]
    }

    /// The example in it is compiled; its table is for readers of the repository.
    #[cfg(doctest)]
    pub mod values {
        #![doc = include_str!("../../../docs/values.md")]
    }
}
