//! Attacks on who may connect and who may call, each on a real socket.
//!
//! SECURITY.md lists them by the names of these tests. All that this process logs meanwhile, at TRACE and from
//! every crate, is kept, and each test ends with a look for its secrets in it.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod bad_tokens;
mod cross_origin;
mod cross_site;
mod guesses;
mod http;
mod identity;
mod key_floods;
mod log;
mod methods;
mod own_hosts;
mod peer;
mod places;
mod rebinding;
mod stage;
mod tokens;
mod traced;
