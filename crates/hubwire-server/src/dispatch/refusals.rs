//! The texts with which calls are refused, and those of methods that failed.

use std::fmt::Display;

use hubwire_protocol::Excerpt;

use crate::hub::{HubError, HubRuntime, Place};
use crate::node::guarded;

/// What a client reads whose arguments did not fit.
pub(crate) fn failed_to_invoke(target: impl Display) -> String {
    format!("Failed to invoke '{target}' due to an error on the server.")
}

/// What a client reads who called a method that does not exist.
pub(crate) fn unknown_method(target: &str) -> String {
    let base = failed_to_invoke(Excerpt(target));
    format!("{base} HubException: Method does not exist.")
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

/// What the caller of a streaming method reads if a filter returned no stream.
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
    format!("An unexpected error occurred invoking '{target}' on the server. HubException: {text}")
}

/// What the caller of a method reads that failed, or gave no stream.
pub(crate) fn error_text(hub: &HubRuntime, method: usize, error: HubError) -> String {
    let target = hub.service().method_name(method);
    let base = format!("An unexpected error occurred invoking '{target}' on the server.");
    client_text(hub, method, base, error)
}

/// What the caller of a stream reads that broke off.
pub(crate) fn streaming_error_text(hub: &HubRuntime, method: usize, error: HubError) -> String {
    let base = "An error occurred on the server while streaming results.";
    client_text(hub, method, base.to_owned(), error)
}

/// Logs an error and says of it what its caller may know; the error itself is a value of hub code.
fn client_text(hub: &HubRuntime, method: usize, base: String, error: HubError) -> String {
    let detailed = hub.options().detailed_errors;
    let text = guarded(|| {
        log_error(hub, method, &error);
        let text = error.client_text(&base, detailed);
        drop(error);
        text
    });
    text.unwrap_or_else(|panic| {
        hub.failed(Place::ErrorText(method), &format_args!("{panic}"));
        base
    })
}

fn log_error(hub: &HubRuntime, method: usize, error: &HubError) {
    if error.is_shown() {
        let method = hub.service().method_name(method);
        tracing::debug!(target: "hubwire::dispatch", method, error = ?Excerpt(error), "hub method refused");
    } else {
        hub.failed(Place::Method(method), error);
    }
}
