//! An outgoing invocation, encoded once for each protocol regardless of the number of receivers.

use std::cell::OnceCell;
use std::fmt;

use hubwire_protocol::{Arguments, HubProtocol, Naming};

use crate::{EncodedMessage, SendError, WhenBusy};

static CLOSE: WhenBusy = WhenBusy::Close;

/// An invocation that is encoded when the first receiver of a protocol asks for it.
pub struct OutgoingInvocation<'a> {
    method: &'a str,
    arguments: &'a dyn Arguments,
    invocation_id: Option<&'a str>,
    naming: Naming,
    when_busy: Option<&'a WhenBusy>,
    default_when_busy: &'a WhenBusy,
    json: OnceCell<EncodedMessage>,
    messagepack: OnceCell<EncodedMessage>,
}

impl<'a> OutgoingInvocation<'a> {
    /// Creates a call of `method` with `arguments`.
    #[must_use]
    pub fn new(method: &'a str, arguments: &'a dyn Arguments) -> Self {
        Self {
            method,
            arguments,
            invocation_id: None,
            naming: Naming::AsDeclared,
            when_busy: None,
            default_when_busy: &CLOSE,
            json: OnceCell::new(),
            messagepack: OnceCell::new(),
        }
    }

    /// Asks receivers for a completion with this invocation id.
    #[must_use]
    pub fn with_invocation_id(mut self, invocation_id: &'a str) -> Self {
        self.invocation_id = Some(invocation_id);
        self
    }

    /// Writes the arguments with this naming.
    #[must_use]
    pub fn with_naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Says what becomes of the message where a client is busy; `None` means `default`.
    #[must_use]
    pub fn with_when_busy(
        mut self,
        when_busy: Option<&'a WhenBusy>,
        default: &'a WhenBusy,
    ) -> Self {
        self.when_busy = when_busy;
        self.default_when_busy = default;
        self
    }

    /// Returns what becomes of the message where a client is busy, if the sender said so.
    #[must_use]
    pub fn when_busy(&self) -> Option<&WhenBusy> {
        self.when_busy
    }

    /// Returns the message in `protocol`; encodes it only the first time.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::Encode`] if an argument cannot be serialized.
    pub fn encoded(&self, protocol: HubProtocol) -> Result<&EncodedMessage, SendError> {
        if let Some(message) = self.encoded_before(protocol) {
            return Ok(message);
        }
        let message = self.encode(protocol)?;
        Ok(self.slot(protocol).get_or_init(|| message))
    }

    /// Returns the message in `protocol` if [`OutgoingInvocation::encoded`] has already encoded
    /// it. Runs none of the arguments' code.
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

    /// Encodes the message for a single receiver; unlike [`OutgoingInvocation::encoded`], it does
    /// not keep the result.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::Encode`] if an argument cannot be serialized.
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
        let when_busy = self.when_busy.unwrap_or(self.default_when_busy).clone();
        Ok(EncodedMessage::with_when_busy(protocol, message, when_busy))
    }
}

impl fmt::Debug for OutgoingInvocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingInvocation")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
