//! Tests of hubs without sockets: a hub that is called directly, or a server in memory under paused
//! time.
//!
//! [`HubTester`] calls a hub's methods and records what the hub sends and which groups it changes.
//! [`TestClient`] is a client with an in-memory transport. It runs a whole server (handshake,
//! dispatch, timeouts, fan-out, shutdown) under tokio's paused clock. Its transport is a WebSocket
//! through a pipe, or a pulled transport that can leave and come back, as long polling and
//! server-sent events do.
//!
//! Most tests check what a method sent to whom, without mocks:
//!
//! ```
//! use hubwire::testing::{GroupChange, HubTester, Sent, Target};
//! use hubwire::{HubCallerContext, HubResult, hub};
//!
//! struct JobHub;
//!
//! #[hub]
//! impl JobHub {
//!     pub async fn subscribe_to_job(&self, cx: &HubCallerContext<Self>, job_id: i32) -> HubResult {
//!         cx.groups().add(cx.connection_id(), format!("job-{job_id}")).await?;
//!         cx.clients().caller().send("SubscriptionConfirmed", (job_id,)).await?;
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), hubwire::testing::CallError> {
//! let tester = HubTester::new(JobHub);
//! let caller = tester.caller("connection-123");
//! caller.invoke("SubscribeToJob", (1,)).await?;
//!
//! let added = GroupChange::Added("connection-123".into(), "job-1".into());
//! assert_eq!(tester.recorder().take_group_changes(), [added]);
//! let caller = Target::Connection("connection-123".into());
//! let confirmed = Sent::new(caller, "SubscriptionConfirmed", [1.into()]);
//! assert_eq!(tester.recorder().take_sent(), [confirmed]);
//! # Ok(())
//! # }
//! ```

mod arrivals;
mod call_error;
mod client_methods;
mod client_streams;
mod client_transport;
mod hub_tester;
mod item_stream;
mod members;
mod pulled_transport;
mod received;
mod recorder;
mod sent;
mod test_caller;
mod test_client;
mod typed_calls;
mod uploaded;
mod web_socket_pipe;

pub use call_error::CallError;
pub use client_streams::CalledStream;
pub use client_transport::{ClientTransport, Incoming};
pub use hub_tester::HubTester;
pub use hubwire_core::Target;
pub use item_stream::ItemStream;
pub use pulled_transport::PulledTransport;
pub use received::Received;
pub use recorder::{GroupChange, Recorder};
pub use sent::Sent;
pub use test_caller::TestCaller;
pub use test_client::TestClient;
pub use web_socket_pipe::WebSocketPipe;
