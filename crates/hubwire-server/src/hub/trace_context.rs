//! The trace context of a call or a request: the span of another process that it belongs to.
//!
//! It is read only with the feature `opentelemetry`.

#[cfg(not(feature = "opentelemetry"))]
mod ignored;
#[cfg(feature = "opentelemetry")]
mod propagated;

#[cfg(not(feature = "opentelemetry"))]
pub(crate) use ignored::TraceContext;
#[cfg(feature = "opentelemetry")]
pub(crate) use propagated::TraceContext;
