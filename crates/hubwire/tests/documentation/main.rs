//! Tests of the documentation: the README's code, the hubs of the tutorials, and the crates that examples
//! name.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod inner_crates;
mod readme;
mod tutorials;
