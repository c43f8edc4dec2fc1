//! Tests hubs without sockets: a hub called directly, and a server in memory under paused time.
//!
//! [`HubTester`] calls a hub's methods and records what it sends and which groups it changes.
//! [`TestClient`] is a client whose transport is a pipe in memory, so that a whole server (handshake,
//! dispatch, timeouts, fan-out, shutdown) runs under tokio's paused clock.

mod hub_tester;
mod recorder;
mod test_client;

pub use hub_tester::{HubTester, TestCaller};
pub use recorder::{GroupChange, Recorder, Sent};
pub use test_client::{Received, TestClient};
