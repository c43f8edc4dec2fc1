//! What carries hub messages between a client and a connection.

mod socket;
mod web_socket;

pub(crate) use socket::{Socket, SocketReader, SocketWriter};
pub(crate) use web_socket::{InputEnd, WebSocketReader};
