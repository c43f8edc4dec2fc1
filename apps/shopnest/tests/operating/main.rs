//! Tests of what operators see of a shop: its metrics, health and readiness, its dashboard,
//! its spans, and what they decide about signing in.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod addresses;
mod brute_force;
mod churn;
mod collector;
mod dashboard;
mod exported;
mod readiness;
mod scrape;
mod shop;
mod sign_in;
mod spans;
