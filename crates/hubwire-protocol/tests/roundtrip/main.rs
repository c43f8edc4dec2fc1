//! Properties of the wire format: what is written is read back, splits change nothing, nothing
//! panics.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod frames;
mod messages;
mod noise;
mod sent;
