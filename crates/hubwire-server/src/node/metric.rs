//! The metrics of a server, each defined once: name, kind, unit, labels and description.

mod count;
mod node_metrics;

use std::fmt;

pub(crate) use count::{Count, Level, record};
use metrics::{Counter, Gauge, Histogram, Label, SharedString, Unit};
pub(crate) use node_metrics::{NodeMetrics, Received, Traffic};

/// A metric that a server records through the [`metrics`](https://docs.rs/metrics) facade.
///
/// ```
/// let limits = hubwire::metrics::ALL.iter().find(|metric| metric.name == "hubwire.limit.hits").unwrap();
/// assert_eq!(limits.labels, ["limit"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// The name. Exporters may have to write it in another way: Prometheus knows no dots.
    pub name: &'static str,
    /// What the value tells.
    pub kind: MetricKind,
    /// What the value counts.
    pub unit: MetricUnit,
    /// The names of the labels. No value of a label is chosen by a client.
    pub labels: &'static [&'static str],
    /// What is counted, in one sentence.
    pub description: &'static str,
    buckets: Option<&'static [f64]>,
}

/// What the value of a metric tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// How much there was in total; it only rises.
    Counter,
    /// How much there is at the moment.
    Gauge,
    /// How the single values are distributed.
    Histogram,
}

/// What the value of a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricUnit {
    /// Bytes.
    Bytes,
    /// Things or events, which the name tells.
    Count,
    /// Seconds, with fractions.
    Seconds,
}

impl fmt::Display for MetricKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

impl fmt::Display for MetricUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Count => "count",
            Self::Seconds => "seconds",
        })
    }
}

impl Metric {
    /// Returns the upper bounds of a histogram's buckets, for exporters that need them to be
    /// configured; `None` for other kinds.
    #[must_use]
    pub fn buckets(&self) -> Option<&'static [f64]> {
        self.buckets
    }

    /// Returns the counter with these values of the labels, in their order.
    pub(crate) fn counter(&self, values: &[SharedString]) -> Counter {
        metrics::counter!(self.name, self.labelled(values))
    }

    pub(crate) fn gauge(&self, values: &[SharedString]) -> Gauge {
        metrics::gauge!(self.name, self.labelled(values))
    }

    pub(crate) fn histogram(&self, values: &[SharedString]) -> Histogram {
        metrics::histogram!(self.name, self.labelled(values))
    }

    fn labelled(&self, values: &[SharedString]) -> Vec<Label> {
        debug_assert_eq!(self.labels.len(), values.len(), "{}", self.name);
        let labels = self.labels.iter().zip(values);
        labels
            .map(|(name, value)| Label::new(*name, value.clone()))
            .collect()
    }

    fn describe(&self) {
        let unit = match self.unit {
            MetricUnit::Bytes => Unit::Bytes,
            MetricUnit::Count => Unit::Count,
            MetricUnit::Seconds => Unit::Seconds,
        };
        let (name, description) = (self.name, self.description);
        match self.kind {
            MetricKind::Counter => metrics::describe_counter!(name, unit, description),
            MetricKind::Gauge => metrics::describe_gauge!(name, unit, description),
            MetricKind::Histogram => metrics::describe_histogram!(name, unit, description),
        }
    }
}

/// Tells the recorder the unit and the description of every metric, for exporters that pass them
/// on.
///
/// Call it once, after the recorder is installed.
///
/// ```
/// hubwire::metrics::describe();
/// ```
pub fn describe_metrics() {
    METRICS.iter().for_each(Metric::describe);
}

/// The buckets that OpenTelemetry advises for the durations of requests (its conventions for HTTP,
/// `http.server.request.duration`), in seconds.
const CALL_DURATIONS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// ASP.NET Core's buckets for the durations of connections, in seconds.
const CONNECTION_DURATIONS: &[f64] = &[
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
];

macro_rules! metrics {
    ($($constant:ident = $kind:ident($name:literal, $unit:ident, $labels:expr, $buckets:expr, $description:literal);)*) => {
        $(
            pub(crate) static $constant: Metric = Metric {
                name: $name,
                kind: MetricKind::$kind,
                unit: MetricUnit::$unit,
                labels: &$labels,
                description: $description,
                buckets: $buckets,
            };
        )*

        /// Every metric that a server records, sorted by name.
        pub const METRICS: &[Metric] = &[$(Metric {
            name: $name,
            kind: MetricKind::$kind,
            unit: MetricUnit::$unit,
            labels: &$labels,
            description: $description,
            buckets: $buckets,
        }),*];
    };
}

metrics! {
    ACCEPT_FAILURES = Counter("hubwire.accept.failures", Count, [], None,
        "Connections that could not be accepted, usually for lack of file descriptors.");
    BACKPLANE_RECEIVED = Counter("hubwire.backplane.received", Count, ["hub"], None,
        "Messages that came from other nodes.");
    BACKPLANE_UNSENT = Counter("hubwire.backplane.unsent", Count, ["hub"], None,
        "Messages that did not reach other nodes, because the backplane failed.");
    CONNECTIONS_LET_GO = Counter("hubwire.connections.let_go", Count, ["reason"], None,
        "Clients that the server disconnected because they were silent or too slow.");
    DEPRECATED_CALLS = Counter("hubwire.deprecated.calls", Count, ["hub", "method"], None,
        "Calls of deprecated methods, by hub and method as declared, including those that were refused.");
    HANDSHAKE_REFUSALS = Counter("hubwire.handshake.refusals", Count, ["reason"], None,
        "Handshakes that were refused.");
    INBOUND_BYTES = Counter("hubwire.inbound.bytes", Bytes, [], None,
        "Bytes of hub messages that were received, without the framing of transports.");
    INBOUND_MESSAGES = Counter("hubwire.inbound.messages", Count, [], None,
        "Hub messages that were received, including pings.");
    INVOCATION_DURATION = Histogram("hubwire.invocation.duration", Seconds, ["hub", "method", "outcome"],
        Some(CALL_DURATIONS),
        "How long calls of hub methods took, from when they were read; streams until their end; the outcome is `completed`, `failed` or `cancelled`.");
    INVOCATION_INNER_DURATION = Histogram("hubwire.invocation.inner.duration", Seconds, ["hub", "method", "outcome"],
        Some(CALL_DURATIONS),
        "How long the method and the filters inside of the filter `InvocationMetrics` took; streams until their beginning.");
    LIMIT_HITS = Counter("hubwire.limit.hits", Count, ["limit"], None,
        "How often a limit was hit, by the option that sets it, or a fixed name if there is none.");
    OUTBOUND_BYTES = Counter("hubwire.outbound.bytes", Bytes, [], None,
        "Bytes that sockets took, with the framing of transports.");
    OUTBOUND_DROPPED = Counter("hubwire.outbound.dropped", Count, ["reason"], None,
        "Messages that were dropped or replaced because their clients were busy.");
    OUTBOUND_MEMORY = Gauge("hubwire.outbound.memory", Bytes, [], None,
        "Bytes that are held for clients, with shared messages counted once.");
    OUTBOUND_MESSAGES = Counter("hubwire.outbound.messages", Count, [], None,
        "Hub messages that sockets took, once for each receiver.");
    OUTBOUND_QUEUED_CONNECTIONS = Gauge("hubwire.outbound.queued.connections", Count, [], None,
        "Connections for which messages wait.");
    OUTBOUND_UNFLUSHED = Gauge("hubwire.outbound.unflushed", Bytes, [], None,
        "Bytes that wait for their turn to be written, but for those that sockets refuse.");
    OUTBOUND_WRITES = Counter("hubwire.outbound.writes", Count, [], None,
        "Writes to sockets, or pieces of responses; one may carry many messages.");
    PANICS = Counter("hubwire.panics", Count, [], None,
        "Panics that were caught.");
    REFUSED_CALLS = Counter("hubwire.refused.calls", Count, ["hub", "reason"], None,
        "Calls that were refused before they reached a method.");
    REFUSED_STREAM_ITEMS = Counter("hubwire.refused.stream_items", Count, ["hub"], None,
        "Items of clients' streams that did not fit their type.");
    SENDS = Counter("hubwire.sends", Count, ["hub", "target"], None,
        "Messages that hub code sent to clients, once for each send, by the kind of target.");
    ACTIVE_CONNECTIONS = Gauge("signalr.server.active_connections", Count, ["signalr.transport"], None,
        "Connections that are open.");
    CONNECTION_DURATION = Histogram("signalr.server.connection.duration", Seconds,
        ["signalr.connection.status", "signalr.transport"], Some(CONNECTION_DURATIONS),
        "How long connections lasted; the status is `normal_closure`, `timeout` (the client was silent or too slow) or `app_shutdown`.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_only_histograms_have_buckets() {
        assert!(METRICS.is_sorted_by(|a, b| a.name < b.name));
        for metric in METRICS {
            let is_histogram = metric.kind == MetricKind::Histogram;
            assert_eq!(metric.buckets().is_some(), is_histogram, "{}", metric.name);
            let buckets = metric.buckets().unwrap_or_default();
            assert!(buckets.is_sorted(), "{}", metric.name);
        }
    }
}
