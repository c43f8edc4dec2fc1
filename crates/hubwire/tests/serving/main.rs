//! Servers on real sockets, and on byte streams that a test passes to them.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod connection_limits;
mod timed_byte_streams;
mod tls;
mod unread_responses;
mod way_out;
