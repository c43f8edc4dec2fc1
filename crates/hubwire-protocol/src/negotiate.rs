//! The negotiate exchange: the client's query and the server's response.

mod query;
mod response;

pub use query::{NegotiateRefusal, asks_for_stateful_reconnect, choose_negotiate_version};
pub use response::{AvailableTransport, NegotiateResponse, NegotiatedConnection, Transport};
