//! Calls that are refused before anything of them runs.

use hubwire_protocol::BindError;

use super::super::{CompletionWriter, refusals};
use super::Dispatcher;
use crate::connection::{data_opcode, with_scratch};
use crate::hub::HubError;

impl Dispatcher {
    pub(super) fn refuse_unknown(&self, id: Option<&str>, target: &str) {
        tracing::debug!(target: "hubwire::dispatch", method = target, "unknown method");
        self.refuse(id, &refusals::unknown_method(target));
    }

    pub(super) fn refuse_arguments(&self, id: Option<&str>, method: usize, error: &BindError) {
        let target = self.hub.service().method_name(method);
        tracing::debug!(target: "hubwire::dispatch", method = target, ?error, "arguments refused");
        let mut text = refusals::failed_to_invoke(target);
        if self.hub.options().detailed_errors {
            text.push_str(&format!(" InvalidDataException: {error}"));
        }
        self.refuse(id, &text);
    }

    pub(super) fn refuse_panicked(&self, id: Option<&str>, method: usize, error: &HubError) {
        let target = self.hub.service().method_name(method);
        tracing::error!(target: "hubwire::dispatch", method = target, ?error, "decoding arguments failed");
        let detailed = self.hub.options().detailed_errors;
        self.refuse(
            id,
            &error.client_text(&refusals::failed_to_invoke(target), detailed),
        );
    }

    pub(super) fn refuse(&self, id: Option<&str>, text: &str) {
        with_scratch(|buffer| {
            CompletionWriter::new(self.protocol, self.hub.options().naming, id, buffer).error(text);
            if !buffer.is_empty() {
                let opcode = data_opcode(self.protocol);
                self.connection.outbound().answer(opcode, buffer);
            }
        });
    }
}
