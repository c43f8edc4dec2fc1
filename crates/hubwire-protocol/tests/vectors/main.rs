//! Transcripts of a real ASP.NET Core 10, replayed: we read what it was sent in the same way.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod dotnet_values;
mod frames;
mod handshakes;
mod messagepack;
mod messages;
mod negotiation;
mod transcript;
mod types;
