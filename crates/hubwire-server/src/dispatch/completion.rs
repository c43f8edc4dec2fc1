//! Writes the completion of one call, or nothing where the caller wants none.

use hubwire_protocol::{EncodeError, HubProtocol, Naming};
use serde::Serialize;

/// Appends the completion of one invocation to a buffer.
#[derive(Debug)]
pub(crate) struct CompletionWriter<'a> {
    protocol: HubProtocol,
    naming: Naming,
    /// A call without an id is never answered.
    invocation_id: Option<&'a str>,
    output: &'a mut Vec<u8>,
}

impl<'a> CompletionWriter<'a> {
    pub(crate) fn new(
        protocol: HubProtocol,
        naming: Naming,
        invocation_id: Option<&'a str>,
        output: &'a mut Vec<u8>,
    ) -> Self {
        Self {
            protocol,
            naming,
            invocation_id,
            output,
        }
    }

    pub(crate) fn result<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        match self.invocation_id {
            Some(id) => self
                .protocol
                .writer(self.output)
                .with_naming(self.naming)
                .completion_result(id, value),
            None => Ok(()),
        }
    }

    pub(crate) fn error(&mut self, text: &str) {
        if let Some(id) = self.invocation_id {
            self.protocol.writer(self.output).completion_error(id, text);
        }
    }
}
