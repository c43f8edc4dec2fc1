//! The options of an endpoint.

use std::time::Duration;

use hubwire_protocol::Transport;
use serde::Deserialize;

use super::value::duration;

options! {
    /// How one mapped path of a hub treats its transports.
    ///
    /// The defaults are those of ASP.NET Core's `HttpConnectionDispatcherOptions`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct EndpointOptions, changes EndpointOptionsChanges, setters endpoint_option_setters;

    /// The transports that clients may use. Default: all.
    ///
    /// Negotiation offers them in the order in which clients try them: WebSockets, Server-Sent
    /// Events, long polling. A request of any other transport is refused (404). A client that
    /// cannot use any of them cannot connect; see `docs/transports.md`.
    transports: Vec<Transport> = Transport::ALL.to_vec(),
        set(transports: impl IntoIterator<Item = Transport> => transports.into_iter().collect());

    /// How long a poll waits for something to send. Default 90 s.
    ///
    /// Then it ends without a message, and its client polls again. Clients and proxies give
    /// requests up after a time of their own, 100 s in the JavaScript client, so stay below that.
    poll_timeout: Duration = Duration::from_secs(90),
        set(timeout: Duration);

    /// How long a client may take from negotiation to its connection, and from the end of a poll
    /// to its next poll. Default 15 s.
    ///
    /// Between two polls, messages to it are kept, up to
    /// [`HubOptions::maximum_outbound_buffer_size`](super::HubOptions::maximum_outbound_buffer_size).
    /// After that time, the negotiated id is forgotten, or the connection ends; this is noticed up
    /// to a second later. The last messages of a connection, too, wait for that long to be polled,
    /// and then once more the response (204) that it has ended.
    disconnect_timeout: Duration = Duration::from_secs(15),
        set(timeout: Duration);

    /// How many received bytes may wait for the hub before no more are read from the socket, or
    /// taken from requests. Default 64 KiB.
    application_maximum_buffer_size: usize = 64 * 1024,
        set(bytes: usize);

    /// How long a send to one client waits at most while the client's queue is full. Default 10 s.
    ///
    /// The message stays queued; ASP.NET Core ends the connection after that time.
    transport_send_timeout: Duration = Duration::from_secs(10),
        set(timeout: Duration);

    /// How long a client may take to accept [`EndpointOptions::transport_progress_size`] bytes
    /// while more are queued for it; then it is disconnected. Default 60 s.
    ///
    /// A receiver's window opens in jumps: a client that reads steadily but slowly may show no
    /// progress for most of a minute.
    ///
    /// In HTTP/2, and under servers other than [`serve`](crate::serve()), a client is judged by what
    /// its stream takes, which is up to its window in advance: for more than
    /// [`EndpointOptions::transport_progress_size`] it may take longer in proportion, up to ten
    /// times this. A poll or an event stream of HTTP/2 is given up, too, where
    /// [`ServeOptions::write_timeout`](super::ServeOptions::write_timeout) says so.
    transport_progress_timeout: Duration = Duration::from_secs(60),
        set(timeout: Duration);

    /// The number of bytes for [`EndpointOptions::transport_progress_timeout`]. Default 64 KiB.
    transport_progress_size: usize = 64 * 1024,
        set(bytes: usize);

    /// How long the system of a TCP peer may be silent, and how often it is probed. Default 60 s
    /// and 15 s, so a peer with a dead network is detected within 90 s.
    ///
    /// This works only for WebSockets and event streams on sockets that
    /// [`serve`](crate::serve()) accepts from a TCP listener, with or without TLS; a poll ends by
    /// its own timeouts. The connections of HTTP/2, which many requests share, have the default.
    /// `None`, and other byte streams, leave detection to the system, which may take a
    /// quarter of an hour if something was sent, and to
    /// [`HubOptions::client_timeout_interval`](super::HubOptions::client_timeout_interval) if the
    /// client sends pings.
    dead_peer_timeouts: Option<DeadPeerTimeouts> = Some(DeadPeerTimeouts::default()),
        set(timeouts: impl Into<Option<DeadPeerTimeouts>> => timeouts.into());

    /// How long it may take to determine the user of a request and whether that user may use the
    /// endpoint. Default 10 s.
    ///
    /// After that time, the request is refused (503). It should be shorter than the
    /// `disconnect_timeout` of 15 s, by which the next request of a negotiated or polling client
    /// must have been decided about.
    authentication_timeout: Duration = Duration::from_secs(10),
        set(timeout: Duration);

    /// Whether connections end when the authentication of their users does
    /// ([`Principal::expires`](crate::Principal::expires)). Default `false`: WebSockets and event
    /// streams outlive it, while polls and POSTs need a user who is still authenticated.
    ///
    /// This is ASP.NET Core's `CloseOnAuthenticationExpiration`. Clients may reconnect, with a new
    /// token. What counts is the request that opened the connection, and for long polling the last
    /// poll. It is noticed up to a second later.
    close_on_authentication_expiration: bool = false,
        set(close: bool);

    /// The lowest negotiate version that is accepted. Default 0.
    minimum_protocol_version: i32 = 0,
        set(version: i32);

    /// How long a client may take to return a WebSocket Close frame. Default 5 s.
    web_socket_close_timeout: Duration = Duration::from_secs(5),
        set(timeout: Duration);

    /// The origins of pages that may connect, besides the endpoint's own, such as
    /// `https://shop.example`, `http://localhost:4200` or `tauri://localhost`. Default: none.
    ///
    /// They get the CORS headers that browsers ask for, with permission to send cookies. Pages of
    /// any other origin are refused (403), and so is `null`. Requests without an origin, which do
    /// not come from browsers, pass. Origins are compared as URLs: case, a default port and a
    /// trailing slash are ignored. The endpoint's own origin is the one with the host and port of
    /// the request's `Host` header, or of `X-Forwarded-Host` if it comes from one of the
    /// [`ServerOptions::trusted_proxies`](super::ServerOptions::trusted_proxies). An origin that
    /// could never match, such as `*` or `https://chat.example/path`, is refused when it is set.
    allowed_origins: Vec<String> = Vec::new(),
        set(origins: impl IntoIterator<Item: Into<String>> => origins.into_iter().map(Into::into).collect());

    /// The part of the request that hub methods can read.
    keep_request: KeepRequest = KeepRequest::WithoutTokens,
        set(keep: KeepRequest);

    /// The maximum size of that part, in bytes. Default 8 KiB, which many servers allow for a
    /// whole request head.
    ///
    /// The bytes live as long as the connection. Everything beyond is left out, and
    /// [`ConnectionRequest::bytes_left_out`](crate::ConnectionRequest::bytes_left_out) reports it;
    /// ASP.NET Core keeps everything.
    maximum_kept_request_size: usize = 8 * 1024,
        set(bytes: usize);
}

/// When a TCP peer with a dead network is given up, whether or not anything is sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeadPeerTimeouts {
    /// How long the peer's system may acknowledge neither bytes nor probes. Default 60 s.
    ///
    /// On Linux it must also have left two probes or retransmissions unanswered.
    #[serde(deserialize_with = "duration")]
    pub unacknowledged: Duration,
    /// How long the peer may be silent before it is probed, and the interval between two probes.
    /// Default 15 s.
    #[serde(deserialize_with = "duration")]
    pub keep_alive: Duration,
}

impl DeadPeerTimeouts {
    pub(super) fn check(&self) -> Result<(), String> {
        // Systems count in seconds.
        match self.keep_alive < Duration::from_secs(1) || self.unacknowledged < self.keep_alive {
            true => Err(
                "`keep_alive` must be at least 1 s, and `unacknowledged` at least as long".into(),
            ),
            false => Ok(()),
        }
    }
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
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
