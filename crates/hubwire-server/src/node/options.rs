//! The options of a hub and of an endpoint, with ASP.NET Core's defaults.

use std::num::NonZeroUsize;
use std::time::Duration;

use hubwire_protocol::{HubProtocol, Naming};

/// How a hub treats its connections.
///
/// The defaults are ASP.NET Core's `HubOptions` where that has the option.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HubOptions {
    /// How long a client may wait with its handshake. Default 15 s.
    pub handshake_timeout: Duration,
    /// How often the server pings each connection, whatever else it sends. Default 15 s.
    pub keep_alive_interval: Duration,
    /// How long a client that has pinged once may be silent. Default 30 s.
    ///
    /// Of one that has left: how long what it sent before waits for a call to end; then its connection ends.
    pub client_timeout_interval: Duration,
    /// The largest hub message a client may send, in bytes, framing included. Default 32,768; `None` is unlimited.
    pub maximum_receive_message_size: Option<usize>,
    /// How many plain methods of one connection run at a time. Default 1.
    pub maximum_parallel_invocations_per_client: NonZeroUsize,
    /// How many calls of one connection may run at a time, those among them that hold no slot: streams both ways,
    /// and methods that have invoked a client for a result. Default 400; a call beyond it fails.
    ///
    /// A hundred streams each way and a hundred pending client results, as the other bounds allow, and a hundred
    /// more that go on after their results. ASP.NET Core has no limit. As many as
    /// [`HubOptions::maximum_parallel_invocations_per_client`] may always run.
    pub maximum_running_calls_per_client: usize,
    /// The hub protocols that clients may choose. Default: all.
    pub supported_protocols: Vec<HubProtocol>,
    /// How members of structs and variants of enums are called on the wire. Default: as serde declares them.
    ///
    /// [`Naming::DotNet`] for peers of .NET; [`Naming::DotNetStringEnums`] if enums go by name in JSON too.
    pub naming: Naming,
    /// How many items of a stream that a client sends may wait for its method. Default 10.
    ///
    /// While a stream is full nothing more is read from its connection.
    pub stream_buffer_capacity: NonZeroUsize,
    /// How many streams of one connection may be open, each way. Default 100.
    ///
    /// One that the client sends counts until the call that reads it has ended.
    /// ASP.NET Core has no limit, HTTP/2 servers have this one; a call beyond it fails.
    pub maximum_parallel_streams_per_client: usize,
    /// How long a streaming method that takes a token may go on after its cancel, or after its connection's end.
    /// Default 30 s, as a client may be silent.
    ///
    /// Its items are dropped meanwhile, and then its stream. ASP.NET Core waits until it ends; a method that
    /// takes no token ends at once.
    pub cancelled_stream_timeout: Duration,
    /// How long a client result may take. Default 30 s.
    ///
    /// ASP.NET Core waits until its caller's token fires.
    pub client_result_timeout: Duration,
    /// How many results of one client may be pending. Default 100; ASP.NET Core has no limit.
    pub maximum_pending_client_results: usize,
    /// Whether clients see the type and text of errors that are not meant for them. Default no.
    pub detailed_errors: bool,
    /// How many groups one connection may be in. Default 4,096.
    ///
    /// ASP.NET Core has no limit; but clients often choose which groups they join, and how many.
    pub maximum_groups_per_connection: usize,
    /// The longest name of a group, in bytes. Default 1,024.
    pub maximum_group_name_size: usize,
    /// How many bytes may wait for one client before those who can wait do: sends to it alone, its streams,
    /// its next calls. Default 1 MiB.
    ///
    /// In place of ASP.NET Core's `TransportMaxBufferSize`, which blocks every sender.
    pub outbound_buffer_size: usize,
    /// How many bytes may wait for one client before it is let go, each message counted with 64 bytes more.
    /// Default 32 MiB; one message of any size fits an empty queue.
    ///
    /// Only what nobody waits for gets that far: messages to many, and messages from other nodes. What all
    /// clients may hold together is [`ServerOptions::maximum_outbound_memory`](super::ServerOptions::maximum_outbound_memory).
    pub maximum_outbound_buffer_size: usize,
    /// How many bytes of its own completions, stream items and pongs may wait for one client before its next
    /// calls and items do. Default 64 KiB.
    ///
    /// ASP.NET Core's default for `TransportMaxBufferSize`, which has the same effect there.
    pub answer_buffer_size: usize,
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
        }
    }
}

/// How one mapped path of a hub treats its transports.
///
/// The defaults are ASP.NET Core's `HttpConnectionDispatcherOptions`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointOptions {
    /// How many received bytes may wait for the hub before the socket is no longer read. Default 64 KiB.
    pub application_maximum_buffer_size: usize,
    /// How long a send to one client waits at most while its queue is full. Default 10 s.
    ///
    /// The message stays queued; ASP.NET Core ends the connection after that time.
    pub transport_send_timeout: Duration,
    /// How long a client may take to take [`EndpointOptions::transport_progress_size`] bytes while more wait
    /// for it; then it is let go. Default 60 s.
    ///
    /// A receiver's window opens in jumps: one that reads steadily, but slowly, may show no progress for
    /// most of a minute.
    pub transport_progress_timeout: Duration,
    /// See [`EndpointOptions::transport_progress_timeout`]. Default 64 KiB.
    pub transport_progress_size: usize,
    /// How long nothing may be heard from the system of a TCP peer, and how often it is probed. Default 60 s and
    /// 15 s, and so at most 90 s until one whose network is dead is gone.
    ///
    /// Only for sockets that [`serve`](crate::serve()) takes from a TCP listener; `None`, and other byte streams
    /// (TLS), leave it to the system, which may take a quarter of an hour where something was sent, and to
    /// [`HubOptions::client_timeout_interval`] where the client sends pings.
    pub dead_peer_timeouts: Option<DeadPeerTimeouts>,
    /// The lowest negotiate version that is accepted. Default 0.
    pub minimum_protocol_version: i32,
    /// How long a client may take to return a WebSocket Close. Default 5 s.
    pub web_socket_close_timeout: Duration,
    /// The origins besides the endpoint's own whose pages may connect, such as `https://shop.example`,
    /// `http://localhost:4200` or `tauri://localhost`. Default: none.
    ///
    /// They get the CORS headers that browsers ask for, with leave to send cookies; a page of any other origin is
    /// refused (403), and so is `null`. Requests without an origin, which are no browser's, pass. Origins are
    /// compared as URLs: case, a default port and a slash at the end do not count. The endpoint's own is the one
    /// whose host and port are those of the request's `Host`.
    pub allowed_origins: Vec<String>,
    /// What of the request stays readable in hub methods.
    pub keep_request: KeepRequest,
    /// How many bytes of that are kept at most. Default 8 KiB, which is what many servers allow a whole head.
    ///
    /// They live as long as the connection. What is beyond is left out, and
    /// [`ConnectionRequest::bytes_left_out`](crate::ConnectionRequest::bytes_left_out) says so; ASP.NET Core keeps all.
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

/// When a TCP peer whose network is dead is given up, whether or not anything is sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadPeerTimeouts {
    /// How long the peer's system may acknowledge nothing, neither bytes nor probes. Default 60 s.
    pub unacknowledged: Duration,
    /// How long the peer may be silent before it is probed, and how long between two probes. Default 15 s.
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

/// What of the request that opened a connection is kept for hub code.
///
/// Kept bytes live as long as the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeepRequest {
    /// Path, query and headers, tokens included.
    Everything,
    /// The path alone.
    PathOnly,
    /// Path, query and headers, without the `Authorization` header and the `access_token` and `id` of the query.
    #[default]
    WithoutTokens,
}
