//! The server as a peer on the network sees it: real TCP, and a client that may send anything.
//!
//! Each test starts its own server, does something to it that a well-behaved or a hostile peer
//! could do, and compares the responses byte for byte. [`server::Server::finish`] then proves that
//! a bystander on the same server was not disturbed and that nothing was left behind.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use test_support::line::Wire;

/// What the servers speak.
const WIRE: Wire = Wire::Plain;

mod binding;
mod calls;
mod churn;
mod closing;
mod cors;
mod disconnecting;
mod event_streams;
mod fan_out;
mod frames;
mod handshake;
mod heads;
mod hooks;
mod http_surface;
mod kept_requests;
mod leaving;
mod long_polling;
mod malformed;
mod messagepack;
mod negotiate;
mod raw_connections;
mod refused_origins;
mod server;
mod shutdown;
mod size_limits;
mod stalled_reader;
mod upgrade;
