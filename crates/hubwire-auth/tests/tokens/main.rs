//! Tokens that are good, and those that are not.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod algorithms;
mod attacks;
mod claims;
mod key_server;
mod keys;
mod parties;
mod properties;
mod published_keys;
mod published_keys_failures;
mod published_keys_tls;
mod requests;
mod signing;
mod standards;
mod times;
