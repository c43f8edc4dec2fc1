//! The fixed texts with which calls are refused.

/// What a client reads whose arguments did not fit.
pub(crate) fn failed_to_invoke(target: &str) -> String {
    format!("Failed to invoke '{target}' due to an error on the server.")
}

/// What a client reads who called a method that does not exist.
pub(crate) fn unknown_method(target: &str) -> String {
    let base = failed_to_invoke(target);
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

fn hub_exception(target: &str, text: &str) -> String {
    format!("An unexpected error occurred invoking '{target}' on the server. HubException: {text}")
}
