//! A message on its way out, encoded once for each protocol however many receive it.

use std::cell::OnceCell;
use std::fmt;

use bytes::Bytes;
use hubwire_protocol::{Arguments, HubProtocol, Naming, Opcode, TransferFormat, encode_header};

use crate::SendError;

/// A hub message encoded in one protocol, with its WebSocket frame built once.
///
/// Clones share the bytes.
#[derive(Clone, Debug)]
pub struct EncodedMessage {
    frame: Bytes,
    payload_start: usize,
}

impl EncodedMessage {
    /// Builds the frame around a hub message that is already framed as `protocol` demands.
    #[must_use]
    pub fn new(protocol: HubProtocol, payload: &[u8]) -> Self {
        let opcode = match protocol.transfer_format() {
            TransferFormat::Binary => Opcode::Binary,
            TransferFormat::Text => Opcode::Text,
        };
        let header = encode_header(opcode, payload.len());
        let header = header.as_bytes();
        let mut frame = Vec::with_capacity(header.len() + payload.len());
        frame.extend_from_slice(header);
        frame.extend_from_slice(payload);
        Self {
            frame: frame.into(),
            payload_start: header.len(),
        }
    }

    /// The whole unmasked WebSocket frame.
    #[must_use]
    pub fn web_socket_frame(&self) -> Bytes {
        self.frame.clone()
    }

    /// The hub message alone, for transports that frame otherwise.
    #[must_use]
    pub fn payload(&self) -> Bytes {
        self.frame.slice(self.payload_start..)
    }
}

/// An invocation, encoded when the first receiver of a protocol asks for it.
pub struct OutgoingInvocation<'a> {
    method: &'a str,
    arguments: &'a dyn Arguments,
    invocation_id: Option<&'a str>,
    naming: Naming,
    json: OnceCell<EncodedMessage>,
    messagepack: OnceCell<EncodedMessage>,
}

impl<'a> OutgoingInvocation<'a> {
    /// Calls `method` with `arguments` on whoever receives it.
    #[must_use]
    pub fn new(method: &'a str, arguments: &'a dyn Arguments) -> Self {
        Self {
            method,
            arguments,
            invocation_id: None,
            naming: Naming::AsDeclared,
            json: OnceCell::new(),
            messagepack: OnceCell::new(),
        }
    }

    /// Asks whoever receives it for an answer under this id.
    #[must_use]
    pub fn with_invocation_id(mut self, invocation_id: &'a str) -> Self {
        self.invocation_id = Some(invocation_id);
        self
    }

    /// Writes the arguments under these names.
    #[must_use]
    pub fn with_naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// The message in `protocol`; encodes only the first time.
    ///
    /// # Errors
    ///
    /// [`SendError::Encode`] when an argument cannot be serialized.
    pub fn encoded(&self, protocol: HubProtocol) -> Result<&EncodedMessage, SendError> {
        let slot = match protocol {
            HubProtocol::Json => &self.json,
            HubProtocol::MessagePack => &self.messagepack,
        };
        if let Some(message) = slot.get() {
            return Ok(message);
        }
        let message = self.encode(protocol)?;
        Ok(slot.get_or_init(|| message))
    }

    fn encode(&self, protocol: HubProtocol) -> Result<EncodedMessage, SendError> {
        let mut payload = Vec::new();
        protocol
            .writer(&mut payload)
            .with_naming(self.naming)
            .invocation(self.invocation_id, self.method, self.arguments, &[])
            .map_err(|source| SendError::Encode {
                method: self.method.to_owned(),
                source,
            })?;
        Ok(EncodedMessage::new(protocol, &payload))
    }
}

impl fmt::Debug for OutgoingInvocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingInvocation")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
