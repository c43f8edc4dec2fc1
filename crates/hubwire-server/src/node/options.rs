//! The options of a hub and of an endpoint, with ASP.NET Core's defaults.

use std::num::NonZeroUsize;
use std::time::Duration;

use hubwire_core::WhenBusy;
use hubwire_protocol::{HubProtocol, Naming};

/// How a hub treats its connections.
///
/// The defaults are those of ASP.NET Core's `HubOptions` if it has the option.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HubOptions {
    /// How long a client may take for its handshake. Default 15 s.
    pub handshake_timeout: Duration,
    /// How often the server pings each connection, regardless of what else it sends. Default 15 s.
    pub keep_alive_interval: Duration,
    /// How long a client may be silent once it has pinged. Default 30 s.
    ///
    /// When a client has left, its earlier messages wait at most this long for a running call to
    /// end; then the connection ends.
    pub client_timeout_interval: Duration,
    /// The largest hub message that a client may send, in bytes, including framing. Default
    /// 32,768; `None` is unlimited.
    pub maximum_receive_message_size: Option<usize>,
    /// How many plain methods of one connection run concurrently. Default 1.
    pub maximum_parallel_invocations_per_client: NonZeroUsize,
    /// How many calls of one connection may run concurrently, including those that hold no slot:
    /// streams in either direction, and methods that have invoked a client for a result. Default
    /// 400; a call beyond that fails.
    ///
    /// The default allows for a hundred streams in each direction and a hundred pending client
    /// results, as the other limits do, and for a hundred more calls that continue after their
    /// results. ASP.NET Core has no limit. [`HubOptions::maximum_parallel_invocations_per_client`]
    /// calls may always run.
    pub maximum_running_calls_per_client: usize,
    /// The hub protocols that clients may choose. Default: all.
    pub supported_protocols: Vec<HubProtocol>,
    /// The names of struct members and enum variants on the wire. Default: as serde declares them.
    ///
    /// Use [`Naming::DotNet`] for .NET peers, and [`Naming::DotNetStringEnums`] if enums go by
    /// name in JSON too.
    pub naming: Naming,
    /// How many items of a stream from a client may wait for the method. Default 10.
    ///
    /// While a stream is full, nothing more is read from its connection.
    pub stream_buffer_capacity: NonZeroUsize,
    /// How many streams of one connection may be open in each direction. Default 100.
    ///
    /// A stream from the client counts until the call that reads it has ended. ASP.NET Core has no
    /// limit; HTTP/2 servers have this one. A call beyond the limit fails.
    pub maximum_parallel_streams_per_client: usize,
    /// How long a streaming method that takes a token may continue after it is cancelled or its
    /// connection has ended. Default 30 s, the time that a client may be silent.
    ///
    /// In that time its items are dropped; after it, the stream is dropped. ASP.NET Core waits
    /// until the method ends. A method that takes no token ends at once.
    pub cancelled_stream_timeout: Duration,
    /// How long to wait for a client result. Default 30 s.
    ///
    /// ASP.NET Core waits until the caller's token fires.
    pub client_result_timeout: Duration,
    /// How many results of one client may be pending. Default 100; ASP.NET Core has no limit.
    pub maximum_pending_client_results: usize,
    /// Whether clients see the type and text of errors that are not meant for them. Default: no.
    pub detailed_errors: bool,
    /// How many groups one connection may be in. Default 4,096.
    ///
    /// ASP.NET Core has no limit. But clients often choose which groups they join, and how many.
    pub maximum_groups_per_connection: usize,
    /// The longest name of a group, in bytes. Default 1,024.
    pub maximum_group_name_size: usize,
    /// How many bytes may be queued for one client before senders that can wait do so: sends to
    /// this client alone, its streams, and its next calls. Default 1 MiB.
    ///
    /// This takes the place of ASP.NET Core's `TransportMaxBufferSize`, which blocks every sender.
    pub outbound_buffer_size: usize,
    /// How many bytes may be queued for one client before it is disconnected; each message counts
    /// 64 bytes more, and its key. Default 32 MiB; an empty queue takes one message of any size.
    ///
    /// Only messages that nobody waits for get that far: messages to many clients, and messages
    /// from other nodes.
    /// [`ServerOptions::maximum_outbound_memory`](super::ServerOptions::maximum_outbound_memory)
    /// limits all clients together.
    pub maximum_outbound_buffer_size: usize,
    /// How many bytes of its own completions, stream items and pongs may be queued for one client
    /// before its next calls and items wait. Default 64 KiB.
    ///
    /// This is the default of ASP.NET Core's `TransportMaxBufferSize`, which has the same effect
    /// there.
    pub answer_buffer_size: usize,
    /// What becomes of messages to a client that is busy, unless their sender says something else.
    /// Default [`WhenBusy::Close`]: they are queued, up to
    /// [`HubOptions::maximum_outbound_buffer_size`].
    ///
    /// [`WhenBusy::DropNewest`] and [`WhenBusy::DropOldest`] drop messages from
    /// [`HubOptions::outbound_buffer_size`] on. ASP.NET Core has no such option.
    pub when_busy: WhenBusy,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(15),
            keep_alive_interval: Duration::from_secs(15),
            client_timeout_interval: Duration::from_secs(30),
            maximum_receive_message_size: Some(32 * 1024),
            maximum_parallel_invocations_per_client: NonZeroUsize::MIN,
            maximum_running_calls_per_client: 400,
            supported_protocols: vec![HubProtocol::Json, HubProtocol::MessagePack],
            naming: Naming::AsDeclared,
            stream_buffer_capacity: NonZeroUsize::MIN.saturating_add(9),
            maximum_parallel_streams_per_client: 100,
            cancelled_stream_timeout: Duration::from_secs(30),
            client_result_timeout: Duration::from_secs(30),
            maximum_pending_client_results: 100,
            detailed_errors: false,
            maximum_groups_per_connection: 4_096,
            maximum_group_name_size: 1_024,
            outbound_buffer_size: 1024 * 1024,
            maximum_outbound_buffer_size: 32 * 1024 * 1024,
            answer_buffer_size: 64 * 1024,
            when_busy: WhenBusy::Close,
        }
    }
}

/// How one mapped path of a hub treats its transports.
///
/// The defaults are those of ASP.NET Core's `HttpConnectionDispatcherOptions`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointOptions {
    /// How many received bytes may wait for the hub before the socket is no longer read. Default
    /// 64 KiB.
    pub application_maximum_buffer_size: usize,
    /// How long a send to one client waits at most while the client's queue is full. Default 10 s.
    ///
    /// The message stays queued; ASP.NET Core ends the connection after that time.
    pub transport_send_timeout: Duration,
    /// How long a client may take to accept [`EndpointOptions::transport_progress_size`] bytes
    /// while more are queued for it; then it is disconnected. Default 60 s.
    ///
    /// A receiver's window opens in jumps: a client that reads steadily but slowly may show no
    /// progress for most of a minute.
    pub transport_progress_timeout: Duration,
    /// The number of bytes for [`EndpointOptions::transport_progress_timeout`]. Default 64 KiB.
    pub transport_progress_size: usize,
    /// How long the system of a TCP peer may be silent, and how often it is probed. Default 60 s
    /// and 15 s, so a peer with a dead network is detected within 90 s.
    ///
    /// This works only for sockets that [`serve`](crate::serve()) accepts from a TCP listener.
    /// `None`, and other byte streams (TLS), leave detection to the system, which may take a
    /// quarter of an hour if something was sent, and to [`HubOptions::client_timeout_interval`] if
    /// the client sends pings.
    pub dead_peer_timeouts: Option<DeadPeerTimeouts>,
    /// The lowest negotiate version that is accepted. Default 0.
    pub minimum_protocol_version: i32,
    /// How long a client may take to return a WebSocket Close frame. Default 5 s.
    pub web_socket_close_timeout: Duration,
    /// The origins of pages that may connect, besides the endpoint's own, such as
    /// `https://shop.example`, `http://localhost:4200` or `tauri://localhost`. Default: none.
    ///
    /// They get the CORS headers that browsers ask for, with permission to send cookies. Pages of
    /// any other origin are refused (403), and so is `null`. Requests without an origin, which do
    /// not come from browsers, pass. Origins are compared as URLs: case, a default port and a
    /// trailing slash are ignored. The endpoint's own origin is the one with the host and port of
    /// the request's `Host` header.
    pub allowed_origins: Vec<String>,
    /// The part of the request that hub methods can read.
    pub keep_request: KeepRequest,
    /// The maximum size of that part, in bytes. Default 8 KiB, which many servers allow for a
    /// whole request head.
    ///
    /// The bytes live as long as the connection. Everything beyond is left out, and
    /// [`ConnectionRequest::bytes_left_out`](crate::ConnectionRequest::bytes_left_out) reports it;
    /// ASP.NET Core keeps everything.
    pub maximum_kept_request_size: usize,
}

impl Default for EndpointOptions {
    fn default() -> Self {
        Self {
            application_maximum_buffer_size: 64 * 1024,
            transport_send_timeout: Duration::from_secs(10),
            transport_progress_timeout: Duration::from_secs(60),
            transport_progress_size: 64 * 1024,
            dead_peer_timeouts: Some(DeadPeerTimeouts::default()),
            minimum_protocol_version: 0,
            web_socket_close_timeout: Duration::from_secs(5),
            allowed_origins: Vec::new(),
            keep_request: KeepRequest::WithoutTokens,
            maximum_kept_request_size: 8 * 1024,
        }
    }
}

/// When a TCP peer with a dead network is given up, whether or not anything is sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadPeerTimeouts {
    /// How long the peer's system may acknowledge neither bytes nor probes. Default 60 s.
    pub unacknowledged: Duration,
    /// How long the peer may be silent before it is probed, and the interval between two probes.
    /// Default 15 s.
    pub keep_alive: Duration,
}

impl Default for DeadPeerTimeouts {
    fn default() -> Self {
        Self {
            unacknowledged: Duration::from_secs(60),
            keep_alive: Duration::from_secs(15),
        }
    }
}

/// The part of the request that opened a connection that is kept for hub code.
///
/// Kept bytes live as long as the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeepRequest {
    /// Path, query and headers, including tokens.
    Everything,
    /// Only the path.
    PathOnly,
    /// Path, query and headers, without the `Authorization` header and the query's `access_token`
    /// and `id`.
    #[default]
    WithoutTokens,
}
