//! An invocation on its way out, encoded once for each protocol however many receive it.

use std::cell::OnceCell;
use std::fmt;

use hubwire_protocol::{Arguments, HubProtocol, Naming};

use crate::{EncodedMessage, SendError};

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

    /// Has whoever receives it complete it under this id.
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
        if let Some(message) = self.encoded_before(protocol) {
            return Ok(message);
        }
        let message = self.encode(protocol)?;
        Ok(self.slot(protocol).get_or_init(|| message))
    }

    /// The message in `protocol`, if [`OutgoingInvocation::encoded`] has encoded it already; runs no code of the
    /// arguments.
    #[inline]
    #[must_use]
    pub fn encoded_before(&self, protocol: HubProtocol) -> Option<&EncodedMessage> {
        self.slot(protocol).get()
    }

    #[inline]
    fn slot(&self, protocol: HubProtocol) -> &OnceCell<EncodedMessage> {
        match protocol {
            HubProtocol::Json => &self.json,
            HubProtocol::MessagePack => &self.messagepack,
        }
    }

    /// As [`OutgoingInvocation::encoded`], for the only receiver: nothing is kept here.
    ///
    /// # Errors
    ///
    /// [`SendError::Encode`] when an argument cannot be serialized.
    pub fn encode(&self, protocol: HubProtocol) -> Result<EncodedMessage, SendError> {
        let mut message = Vec::new();
        protocol
            .writer(&mut message)
            .with_naming(self.naming)
            .invocation(self.invocation_id, self.method, self.arguments, &[])
            .map_err(|source| SendError::Encode {
                method: self.method.to_owned(),
                source,
            })?;
        Ok(EncodedMessage::new(protocol, message))
    }
}

impl fmt::Debug for OutgoingInvocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingInvocation")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
