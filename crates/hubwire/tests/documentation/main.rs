//! Tests of the documentation: the README's code, the hubs of the tutorials, the crates that examples name,
//! the configuration of proxies, and the table of attacks.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod inner_crates;
mod proxies;
mod readme;
mod security;
mod tutorials;
