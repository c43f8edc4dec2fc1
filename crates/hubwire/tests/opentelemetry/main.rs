//! Spans as OpenTelemetry exports them: parents from headers, links and status.
//!
//! The propagator belongs to the process; each test has a subscriber of its own.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod calls;
mod connections;
mod exported;
mod hostile;

/// The trace and the span in [`TRACEPARENT`].
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
