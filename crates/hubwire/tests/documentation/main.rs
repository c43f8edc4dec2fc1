//! What users read, compiled and run: the README, the tutorials' hubs, and which crates examples name.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod inner_crates;
mod readme;
mod tutorials;
