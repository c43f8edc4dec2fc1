//! The tests of `raw_socket`, over TLS.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use test_support::line::Wire;

/// What the servers speak.
const WIRE: Wire = Wire::Tls;

#[path = "raw_socket/binding.rs"]
mod binding;
#[path = "raw_socket/calls.rs"]
mod calls;
#[path = "raw_socket/churn.rs"]
mod churn;
#[path = "raw_socket/closing.rs"]
mod closing;
#[path = "raw_socket/disconnecting.rs"]
mod disconnecting;
#[path = "raw_socket/event_streams.rs"]
mod event_streams;
#[path = "raw_socket/fan_out.rs"]
mod fan_out;
#[path = "raw_socket/frames.rs"]
mod frames;
#[path = "raw_socket/handshake.rs"]
mod handshake;
#[path = "raw_socket/heads.rs"]
mod heads;
#[path = "raw_socket/hooks.rs"]
mod hooks;
#[path = "raw_socket/http_surface.rs"]
mod http_surface;
#[path = "raw_socket/kept_requests.rs"]
mod kept_requests;
#[path = "raw_socket/leaving.rs"]
mod leaving;
#[path = "raw_socket/long_polling.rs"]
mod long_polling;
#[path = "raw_socket/malformed.rs"]
mod malformed;
#[path = "raw_socket/messagepack.rs"]
mod messagepack;
#[path = "raw_socket/negotiate.rs"]
mod negotiate;
#[path = "raw_socket/raw_connections.rs"]
mod raw_connections;
#[path = "raw_socket/refused_origins.rs"]
mod refused_origins;
#[path = "raw_socket/server.rs"]
mod server;
#[path = "raw_socket/shutdown.rs"]
mod shutdown;
#[path = "raw_socket/size_limits.rs"]
mod size_limits;
#[path = "raw_socket/stalled_reader.rs"]
mod stalled_reader;
#[path = "raw_socket/upgrade.rs"]
mod upgrade;
