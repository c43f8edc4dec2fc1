//! The negotiate exchange: what a client says in its query, and what it learns.

mod query;
mod response;

pub use query::{NegotiateRefusal, asks_for_stateful_reconnect, choose_negotiate_version};
pub use response::{AvailableTransport, NegotiateResponse, NegotiatedConnection, Transport};
