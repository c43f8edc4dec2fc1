//! Tests of what operators see of a shop: its metrics, health and readiness, its dashboard and its spans.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod addresses;
mod churn;
mod collector;
mod dashboard;
mod exported;
mod readiness;
mod scrape;
mod shop;
mod spans;
