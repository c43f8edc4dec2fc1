//! Properties that hold for any input, for the fuzzers in `fuzz/` and for tests with their corpus.

#![allow(missing_docs, reason = "only fuzzers and tests use it")]

pub mod arguments;
pub mod differential;
pub mod frames;
pub mod handshake;
pub mod messagepack;
pub mod messages;
mod reference;
pub mod session;
