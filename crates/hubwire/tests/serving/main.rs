//! Servers on real sockets, and on byte streams that a test passes to them.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use test_support::line::Wire;

/// What the servers of `way_out` speak.
const WIRE: Wire = Wire::Plain;

mod compression;
mod connection_limits;
#[cfg(feature = "tls")]
mod http2_resets;
mod late_kicks;
mod limit_hits;
mod options;
mod policies;
mod pulled_responses;
mod timed_byte_streams;
mod tls;
mod trusted_proxies;
mod unread_responses;
mod way_out;
