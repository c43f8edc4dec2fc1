//! Trace context without the feature `opentelemetry`: there is none.

use hubwire_protocol::Headers;
use tracing::Span;

use crate::connection::ConnectionRequest;

/// The trace context of nothing.
#[derive(Debug, Default)]
pub(crate) struct TraceContext;

#[expect(
    clippy::unused_self,
    clippy::needless_pass_by_value,
    reason = "the same as with the feature"
)]
impl TraceContext {
    pub(crate) const fn of_message(_: &Headers<'_>) -> Self {
        Self
    }

    pub(crate) const fn current() -> Self {
        Self
    }

    pub(crate) const fn or_of_request(self, _: &ConnectionRequest) -> Self {
        self
    }

    pub(crate) const fn link_to(self, _: &Span) {}

    pub(crate) const fn set_parent_of(self, _: &Span) {}
}
