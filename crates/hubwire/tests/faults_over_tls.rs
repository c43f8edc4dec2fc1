//! The tests of `faults`, over TLS.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use test_support::line::Wire;

/// What the servers speak.
const WIRE: Wire = Wire::Tls;

#[path = "faults/broken_text.rs"]
mod broken_text;
#[path = "faults/bystander.rs"]
mod bystander;
#[path = "faults/deep_json.rs"]
mod deep_json;
#[path = "faults/half_open.rs"]
mod half_open;
#[path = "faults/head_timeout.rs"]
mod head_timeout;
#[path = "faults/megabytes.rs"]
mod megabytes;
#[path = "faults/negotiations.rs"]
mod negotiations;
#[path = "faults/posts.rs"]
mod posts;
#[path = "faults/promises.rs"]
mod promises;
#[path = "faults/pulled_peers.rs"]
mod pulled_peers;
#[path = "faults/resets.rs"]
mod resets;
#[path = "faults/server.rs"]
mod server;
#[path = "faults/shutdown.rs"]
mod shutdown;
#[path = "faults/slow_heads.rs"]
mod slow_heads;
#[path = "faults/storm.rs"]
mod storm;
#[path = "faults/torn.rs"]
mod torn;
