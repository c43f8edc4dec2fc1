//! Tests hubs without sockets: a hub called directly, and a server in memory under paused time.
//!
//! [`HubTester`] calls a hub's methods and records what it sends and which groups it changes.
//! [`TestClient`] is a client whose transport lies in memory, so that a whole server (handshake,
//! dispatch, timeouts, fan-out, shutdown) runs under tokio's paused clock. Its transport is a WebSocket
//! through a pipe, or one that is pulled, as polls and event streams are, and leaves and comes back.

mod client_transport;
mod hub_tester;
mod pulled_transport;
mod recorder;
mod test_client;
mod web_socket_pipe;

pub use client_transport::{ClientTransport, Incoming};
pub use hub_tester::{HubTester, TestCaller};
pub use pulled_transport::PulledTransport;
pub use recorder::{GroupChange, Recorder, Sent};
pub use test_client::{Received, TestClient};
pub use web_socket_pipe::WebSocketPipe;
