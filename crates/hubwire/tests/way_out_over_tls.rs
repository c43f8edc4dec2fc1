//! The tests of `serving/way_out.rs`, over TLS.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use test_support::line::Wire;

const WIRE: Wire = Wire::Tls;

#[path = "serving/way_out.rs"]
mod way_out;
