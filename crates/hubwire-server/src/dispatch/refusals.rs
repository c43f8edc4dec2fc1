//! The error texts of refused and failed calls, and their log entries.

use std::fmt::{self, Display};

use hubwire_protocol::{BindError, Excerpt, Invocation as Message};

use super::Dispatcher;
use crate::connection::Connection;
use crate::hub::{
    CallFault, Details, Heard, HubError, HubRuntime, HubService, Place, RefusalReason, RefusedCall,
    Warning,
};
use crate::node::{ErrorDetail, guarded};

/// The error text for a call whose arguments do not fit.
pub(crate) fn failed_to_invoke(target: impl Display) -> String {
    format!("Failed to invoke '{target}' due to an error on the server.")
}

/// The error text for a call of an unknown method.
pub(crate) fn unknown_method(target: &str) -> String {
    let base = failed_to_invoke(Excerpt(target));
    format!("{base} HubException: Method does not exist.")
}

/// What somebody may have meant who called a method that does not exist. Clients are not told.
pub(crate) fn hint(service: &dyn HubService, target: &str) -> String {
    let hint = service.hint(target);
    hint.unwrap_or_else(|| "the hub has no such method".to_owned())
}

/// The error text for a call by a user who may not call the method.
pub(crate) fn unauthorized(target: &str) -> String {
    format!("Failed to invoke '{target}' because user is unauthorized")
}

pub(crate) fn not_streaming(target: &str) -> String {
    format!(
        "The client attempted to invoke the non-streaming '{target}' method with a streaming invocation."
    )
}

pub(crate) fn streaming(target: &str) -> String {
    format!(
        "The client attempted to invoke the streaming '{target}' method with a non-streaming invocation."
    )
}

/// The error text for a streaming call if a filter returned no stream.
pub(crate) fn no_stream(target: &str) -> String {
    format!(
        "The value returned by the streaming method '{target}' is not a ChannelReader<> or IAsyncEnumerable<>."
    )
}

pub(crate) fn id_in_use(id: &str) -> String {
    format!("Invocation ID '{id}' is already in use.")
}

pub(crate) fn wrong_stream_count(target: &str, sent: usize, expected: usize) -> String {
    let text = format!("Client sent {sent} stream(s), Hub method expects {expected}.");
    hub_exception(target, &text)
}

pub(crate) fn too_many_streams(target: &str, limit: usize) -> String {
    let text = format!("A connection has at most {limit} streams at a time.");
    hub_exception(target, &text)
}

pub(crate) fn too_many_calls(target: &str, limit: usize) -> String {
    let text = format!("A connection has at most {limit} running calls at a time.");
    hub_exception(target, &text)
}

fn hub_exception(target: &str, text: &str) -> String {
    format!("{} HubException: {text}", unexpected_error(target))
}

impl Dispatcher {
    pub(super) fn refuse_unknown(&self, id: Option<&str>, target: &str) {
        let hinted = |details: Details| match self.hub.service().hint(target) {
            Some(hint) => details.detail(&hint),
            None => details,
        };
        self.log_refusal(Heard::of(id), Warning::UnknownMethod, target, hinted);
        #[cfg(feature = "testing")]
        self.hub.keep_cause_with(self.connection().id(), id, || {
            HubError::hidden(hint(self.hub.service(), target))
        });
        self.refuse(id, &unknown_method(target));
    }

    pub(super) fn refuse_arguments(&self, message: &Message<'_>, method: usize, error: BindError) {
        let service = self.hub.service();
        let (fault, parameter) = match &error {
            BindError::Conversion { argument, .. } => (
                CallFault::Argument,
                service.parameter_name(method, *argument),
            ),
            BindError::Count { .. } => (CallFault::ArgumentCount, None),
            _ => (CallFault::Argument, None),
        };
        let arguments = &message.arguments;
        let detail = fmt::from_fn(|f| {
            let detail = || error.detail_without_value(parameter, arguments);
            f.write_str(&detail_of(&error, detail))
        });
        self.log_refused_call(message, method, fault, |it| it.detail(&detail));
        if error.is_nested_too_deeply() {
            self.hub.node().limits().messagepack_nesting.count();
        }
        tracing::trace!(
            target: "hubwire::dispatch",
            detail = ?Excerpt(detail_of(&error, || error.detail(parameter, arguments))),
            "arguments refused, with the value"
        );
        let id = message.invocation_id.as_deref();
        let mut text = failed_to_invoke(service.method_name(method));
        if self.hub.options().error_detail() == ErrorDetail::Shown {
            text.push_str(&format!(" InvalidDataException: {error}"));
        }
        self.failed(id, method).keep_cause(HubError::hidden(error));
        self.refuse(id, &text);
    }

    pub(super) fn refuse_panicked(&self, message: &Message<'_>, method: usize, error: HubError) {
        let id = message.invocation_id.as_deref();
        let target = self.hub.service().method_name(method);
        let warning = Warning::Call(method, CallFault::Argument);
        self.tell_service(warning, &message.target);
        let place = Place::Arguments(method);
        self.hub.failed(place, self.connection().id(), &error);
        let detail = self.hub.options().error_detail();
        let base = failed_to_invoke(target);
        let text = error.client_text(&base, detail);
        self.failed(id, method).keep_cause(error);
        self.refuse(id, &text);
    }

    /// Logs why a call of a known method is refused.
    pub(super) fn log_refused_call(
        &self,
        message: &Message<'_>,
        method: usize,
        fault: CallFault,
        detailed: impl Fn(Details) -> Details,
    ) {
        let warning = Warning::Call(method, fault);
        let heard = match fault {
            // The client is told that the call failed, but not why.
            CallFault::Argument | CallFault::ArgumentCount
                if !self.hub.options().detailed_errors =>
            {
                Heard::ByNobody
            }
            _ => Heard::of(message.invocation_id.as_deref()),
        };
        self.log_refusal(heard, warning, &message.target, detailed);
    }

    /// Logs why a call is refused. If it has no id, nobody else learns of the refusal.
    pub(super) fn log_refusal(
        &self,
        heard: Heard,
        warning: Warning,
        target: &str,
        detailed: impl Fn(Details) -> Details,
    ) {
        self.hub.refused(heard, warning, || {
            detailed(Details::of(self.connection().id()).method(target))
        });
        self.tell_service(warning, target);
    }

    /// Counts a refused call, and tells the hub's filters of it.
    pub(super) fn tell_service(&self, warning: Warning, target: &str) {
        let service = self.hub.service();
        let (method, reason) = match warning {
            Warning::UnknownMethod => (None, Some(RefusalReason::UnknownMethod)),
            Warning::Call(method, fault) => {
                let name = service.method_name(method);
                (Some(name), RefusalReason::of(fault))
            }
            _ => (None, None),
        };
        if let Some(reason) = reason {
            self.hub.metrics().refused(reason);
            self.tell_filters(target, method, reason);
        }
    }

    /// Tells the hub's filters of a call that reaches no method.
    pub(super) fn tell_filters(&self, target: &str, method: Option<&str>, reason: RefusalReason) {
        self.hub.service().call_refused(&RefusedCall {
            caller: &self.caller,
            target,
            method,
            reason,
        });
    }
}

/// Returns what is wrong with the arguments. It decodes them again, which runs code of the hub's
/// author.
fn detail_of(error: &BindError, detail: impl FnOnce() -> String) -> String {
    guarded(detail).unwrap_or_else(|_| error.to_string())
}

/// The error text, without detailed errors, of a method that failed or returned no stream.
pub(crate) fn unexpected_error(target: &str) -> String {
    format!("An unexpected error occurred invoking '{target}' on the server.")
}

/// The error text, without detailed errors, of a stream that failed.
pub(crate) const STREAM_BROKE_OFF: &str =
    "An error occurred on the server while streaming results.";

/// A call that failed.
#[derive(Clone, Copy)]
pub(super) struct FailedCall<'a> {
    pub(super) hub: &'a HubRuntime,
    pub(super) connection: &'a Connection,
    pub(super) invocation_id: Option<&'a str>,
    pub(super) method: usize,
}

impl FailedCall<'_> {
    /// Logs the error of a method that failed or returned no stream. Returns the text for its
    /// caller.
    pub(super) fn error_text(self, error: HubError) -> String {
        let target = self.hub.service().method_name(self.method);
        let place = Place::Method(self.method);
        self.client_text(place, unexpected_error(target), error)
    }

    /// Does the same for the error of a policy that was to decide about the call.
    pub(super) fn policy_error_text(self, error: HubError) -> String {
        let target = self.hub.service().method_name(self.method);
        let place = Place::Policy(self.method);
        self.client_text(place, failed_to_invoke(target), error)
    }

    /// Logs the error of a stream that failed. Returns the text for its caller.
    pub(super) fn streaming_error_text(self, error: HubError) -> String {
        let place = Place::Method(self.method);
        self.client_text(place, STREAM_BROKE_OFF.to_owned(), error)
    }

    /// Logs an error and returns what its caller may know of it. The error is a value of hub code,
    /// so all of this is guarded.
    fn client_text(self, place: Place, base: String, error: HubError) -> String {
        let detail = self.hub.options().error_detail();
        let text = guarded(|| {
            self.log(place, &error);
            let text = error.client_text(&base, detail);
            self.keep_cause(error);
            text
        });
        text.unwrap_or_else(|panic| {
            let place = Place::ErrorText(self.method);
            let cause = format_args!("{panic}");
            self.hub.failed(place, self.connection.id(), &cause);
            base
        })
    }

    fn log(self, place: Place, error: &HubError) {
        let id = self.connection.id();
        if !error.is_shown() {
            return self.hub.failed(place, id, error);
        }
        let warning = Warning::Call(self.method, CallFault::ShownError);
        self.hub
            .refused(Heard::of(self.invocation_id), warning, || {
                let name = self.hub.service().method_name(self.method);
                Details::of(id).method(name).detail(error)
            });
    }

    /// Drops the error, unless a test has asked for it.
    pub(super) fn keep_cause(self, error: HubError) {
        #[cfg(feature = "testing")]
        self.hub
            .keep_cause(self.connection.id(), self.invocation_id, error);
        #[cfg(not(feature = "testing"))]
        drop((self.connection, self.invocation_id, error));
    }
}
