//! Trace context as OpenTelemetry's global propagator reads it from headers.

use hubwire_protocol::Headers;
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, global};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Span, dispatcher};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::connection::ConnectionRequest;
use crate::node::guarded;

/// The maximum size of a value that is passed to the propagator: that of `baggage` (W3C Baggage,
/// section 3.3.2), the largest.
const MAXIMUM_VALUE_SIZE: usize = 8 * 1024;

/// The maximum number of names that are passed to a propagator that searches them.
const MAXIMUM_NAMES: usize = 64;

/// The trace context of a call or a request; empty if it has none.
#[derive(Debug, Default)]
pub(crate) struct TraceContext(Option<Context>);

impl TraceContext {
    /// Reads the headers of a message, if somebody may want a span of it.
    pub(crate) fn of_message(headers: &Headers<'_>) -> Self {
        if headers.is_empty() || LevelFilter::current() < LevelFilter::INFO {
            return Self(None);
        }
        Self(extract(&MessageHeaders(headers)))
    }

    /// Returns the context of the current span.
    pub(crate) fn current() -> Self {
        let context = Span::current().context();
        let is_valid = context.span().span_context().is_valid();
        Self(is_valid.then_some(context))
    }

    /// Returns this context or, if it is empty, that of the headers of a request.
    pub(crate) fn or_of_request(self, request: &ConnectionRequest) -> Self {
        Self(self.0.or_else(|| extract(&RequestHeaders(request))))
    }

    /// Links a span to this.
    pub(crate) fn link_to(self, span: &Span) {
        if let Some(context) = self.0 {
            span.add_link(context.span().span_context().clone());
        }
    }

    /// Makes this the parent of a span that was not entered yet.
    pub(crate) fn set_parent_of(self, span: &Span) {
        if let Some(context) = self.0 {
            // Without a layer for OpenTelemetry, nobody asks for the parent.
            let _ = span.set_parent(context);
        }
    }
}

fn extract(headers: &dyn Extractor) -> Option<Context> {
    let read = || {
        global::get_text_map_propagator(|propagator| {
            propagator.extract_with_context(&Context::new(), headers)
        })
    };
    // A propagator may log what is wrong with a header, but a client chooses how often and what.
    let extracted = guarded(|| dispatcher::with_default(&Dispatch::none(), read));
    extracted
        .map_err(|panic| panic.log("a propagator of trace context"))
        .ok()
}

struct MessageHeaders<'a>(&'a Headers<'a>);

impl Extractor for MessageHeaders<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).filter(fits)
    }

    fn keys(&self) -> Vec<&str> {
        let names = self.0.iter().map(|(name, _)| name);
        names.take(MAXIMUM_NAMES).collect()
    }
}

struct RequestHeaders<'a>(&'a ConnectionRequest);

impl Extractor for RequestHeaders<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.header(name).filter(fits)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.header_names().take(MAXIMUM_NAMES).collect()
    }
}

fn fits(value: &&str) -> bool {
    value.len() <= MAXIMUM_VALUE_SIZE
}
