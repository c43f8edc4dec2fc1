//! Writes the completion of one call, or nothing where the caller wants none.

use hubwire_protocol::{EncodeError, HubProtocol};
use serde::Serialize;

/// Appends the completion of one invocation to a buffer.
#[derive(Debug)]
pub(crate) struct CompletionWriter<'a> {
    protocol: HubProtocol,
    /// A call without an id is never answered.
    invocation_id: Option<&'a str>,
    output: &'a mut Vec<u8>,
}

impl<'a> CompletionWriter<'a> {
    pub(crate) fn new(
        protocol: HubProtocol,
        invocation_id: Option<&'a str>,
        output: &'a mut Vec<u8>,
    ) -> Self {
        Self {
            protocol,
            invocation_id,
            output,
        }
    }

    pub(crate) fn result<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        match self.invocation_id {
            Some(id) => self
                .protocol
                .writer(self.output)
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
