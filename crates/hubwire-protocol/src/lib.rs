//! The SignalR wire format without I/O: bytes in, messages and decisions out.
//!
//! Everything here is a pure function of its input. There is no socket, no task and no clock, so a
//! server, a client and a test use the same code.
//!
//! - [`HubProtocol`] turns buffered bytes into [`HubMessage`]s that borrow from them. Its
//!   [`MessageWriter`] writes messages with their framing; a [`StreamItemWriter`] writes the items
//!   of one stream.
//! - [`Arguments`] is what can be sent as the arguments of an invocation. [`RawArguments`] and
//!   [`RawItem`] are received values, decoded once their types are known.
//! - [`Naming`] decides the names of struct members. [`Timestamp`] and [`Binary`] are values that
//!   each protocol writes in its own way; [`dotnet`] has the values of .NET's own types.
//! - [`HandshakeRequest`] and [`HandshakeResponse`] open a connection; [`NegotiateResponse`] is
//!   the document that comes before it.
//! - [`FrameDecoder`] and [`write_frame`] are the server's WebSocket framer.
//!
//! ```
//! use hubwire::protocol::{HubMessage, HubProtocol};
//!
//! let mut out = Vec::new();
//! HubProtocol::Json.writer(&mut out).invocation(None, "Add", &(40, 2), &[])?;
//! assert_eq!(out, b"{\"type\":1,\"target\":\"Add\",\"arguments\":[40,2]}\x1e");
//!
//! let (message, consumed) = HubProtocol::Json.next_message(&out, None)?.expect("a whole message");
//! let HubMessage::Invocation(invocation) = message else { panic!() };
//! assert_eq!(consumed, out.len());
//! assert_eq!(invocation.target, "Add");
//! assert_eq!(invocation.arguments.bind::<(i32, i32)>()?, (40, 2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arguments;
mod binary;
pub mod dotnet;
mod error;
mod excerpt;
mod framing;
mod handshake;
mod hub_protocol;
pub mod json;
mod message;
mod message_writer;
pub mod messagepack;
mod naming;
mod negotiate;
mod stream_item_writer;
mod tagged;
mod timestamp;
mod transcode;
mod web_socket_frame;
mod without_values;

pub use arguments::{
    Arguments, BindArguments, DefaultArguments, MemberFinder, RawArguments, RawItem, WithDefaults,
    dotnet_type_name,
};
pub use binary::Binary;
pub use error::{BindError, DecodeError, EncodeError, ProtocolError};
pub use excerpt::{Excerpt, LimitedExcerpt};
pub use framing::{NextRecord, RECORD_SEPARATOR, next_record};
pub use handshake::{HandshakeFault, HandshakeRefusal, HandshakeRequest, HandshakeResponse};
pub use hub_protocol::{HubProtocol, TransferFormat};
pub use message::{
    CancelInvocation, Close, Completion, CompletionOutcome, Headers, HubMessage, Invocation,
    StreamItem,
};
pub use message_writer::MessageWriter;
pub use naming::Naming;
pub use negotiate::{
    AvailableTransport, NegotiateRefusal, NegotiateResponse, NegotiatedConnection, Transport,
    asks_for_stateful_reconnect, choose_negotiate_version,
};
pub use stream_item_writer::StreamItemWriter;
pub use timestamp::{Timestamp, TimestampError};
pub use web_socket_frame::{
    DataKind, FrameDecoder, FrameError, FrameEvent, FrameHeader, Masking, Opcode, close_frame,
    encode_header, write_frame, write_masked_fragment, write_masked_frame,
};
