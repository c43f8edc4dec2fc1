//! Properties of the wire format: what is written is read back, splits change nothing, nothing
//! panics.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod frames;
mod messages;
mod noise;
mod sent;
