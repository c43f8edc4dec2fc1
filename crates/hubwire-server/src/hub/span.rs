//! The spans of calls and hooks. Their target, names and fields are documented in docs/logging.md.

use hubwire_core::{ConnectionId, HubName};
use tracing::Span;
use tracing::field::Empty;

use super::TraceContext;
use crate::connection::Connection;

/// The target of these spans.
const TARGET: &str = "hubwire::invocation";
/// The name of the span of a call.
const INVOCATION: &str = "invocation";
/// The name of the span of a hook.
const HOOK: &str = "hook";
/// The value of `rpc.system`, which tells SignalR from other protocols.
const SYSTEM: &str = "signalr";
/// The field for the type of the error that a call or hook failed with.
const ERROR_TYPE: &str = "error.type";
/// The field that `tracing-opentelemetry` reads as the span's status.
const STATUS: &str = "otel.status_code";

/// Creates the span of a call.
///
/// A call is not a part of its connection, which lives on: it has no local parent, and follows from
/// the current span, which is that of the connection. If that is off, it is linked to the span of
/// the client that opened the connection. `trace` is where the client was when it sent the call.
pub(crate) fn of_call(
    hub: &HubName,
    method: &str,
    connection: &Connection,
    trace: TraceContext,
) -> Span {
    let span = tracing::info_span!(
        target: TARGET,
        parent: None,
        INVOCATION,
        otel.name = %format_args!("{hub}/{method}"),
        otel.kind = "server",
        rpc.method = method,
        rpc.system = SYSTEM,
        rpc.service = %hub,
        connection_id = %connection.id(),
        { ERROR_TYPE } = Empty,
        { STATUS } = Empty,
    );
    if !span.is_disabled() {
        let current = Span::current();
        match current.is_disabled() {
            true => TraceContext::default()
                .or_of_request(connection.request())
                .link_to(&span),
            false => {
                span.follows_from(current);
            }
        }
        trace.set_parent_of(&span);
    }
    span
}

/// Creates the span of a hook, as a child of the current span, which is that of the connection.
pub(crate) fn of_hook(hub: &HubName, method: &str, connection_id: &ConnectionId) -> Span {
    tracing::info_span!(
        target: TARGET,
        HOOK,
        otel.name = %format_args!("{hub}/{method}"),
        otel.kind = "internal",
        rpc.method = method,
        rpc.system = SYSTEM,
        rpc.service = %hub,
        %connection_id,
        { ERROR_TYPE } = Empty,
        { STATUS } = Empty,
    )
}

/// Marks the call or hook of a span as failed.
pub(crate) fn record_error(span: &Span, error_type: &str) {
    if !span.is_disabled() {
        span.record(ERROR_TYPE, error_type).record(STATUS, "ERROR");
    }
}
