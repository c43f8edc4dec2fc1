//! What is measured, what it is compared with, and which bar it has to reach.

use anyhow::{Result, ensure};

use super::measure::{Load, Sample, Side};

/// One row of the report.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) load: Load,
    /// What it is compared with, if anything.
    pub(crate) beside: Option<Load>,
    pub(crate) figure: Figure,
    pub(crate) unit: &'static str,
    pub(crate) bar: Bar,
    pub(crate) goal: f64,
    /// The upper bound with `--quick`, on a machine that also does other things.
    pub(crate) quick: Option<f64>,
}

/// The number in a sample that counts.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Figure {
    /// Answers or deliveries per second of the server's CPU time.
    PerCpuSecond,
    /// KiB of the server's memory per idle connection.
    KibPerIdleConnection,
    /// KiB of the server's memory per connection, measured while all of them receive broadcasts.
    KibPerBusyConnection,
    /// The server's CPU time for each connection made and ended, in microseconds.
    CpuMicrosecondsPerConnection,
    /// The median latency of deliveries, in milliseconds.
    MedianLatency,
    /// The 99th percentile of delivery latency, in milliseconds.
    HighLatency,
    /// The server's memory a minute after all have left, as a multiple of its memory with all of
    /// them idle.
    MemoryLeft,
}

/// The bar that a figure has to reach.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    /// At least this multiple of what it is compared with.
    AtLeast(f64),
    /// At most this multiple of what it is compared with.
    AtMost(f64),
    /// At most this value, without a comparison.
    Absolute(f64),
}

impl Scenario {
    pub(crate) fn figure(&self, sample: &Sample) -> f64 {
        match self.figure {
            Figure::PerCpuSecond => sample.count / sample.server_cpu_s.max(0.01),
            Figure::KibPerIdleConnection => sample.idle_kib_per_connection,
            Figure::KibPerBusyConnection => sample.busy_kib_per_connection,
            Figure::CpuMicrosecondsPerConnection => {
                sample.server_cpu_s * 1e6 / sample.count.max(1.0)
            }
            Figure::MedianLatency => sample.p50_ms,
            Figure::HighLatency => sample.p99_ms,
            Figure::MemoryLeft => sample.left_over_idle,
        }
    }

    /// Returns the figure that is compared with the bar: a multiple, or the figure itself.
    pub(crate) fn ratio(&self, server: f64, beside: f64) -> f64 {
        match self.bar {
            Bar::AtLeast(_) | Bar::AtMost(_) => server / beside,
            Bar::Absolute(_) => server,
        }
    }

    /// Returns an error if the figure is not within the bound of `--quick`, or not a number.
    pub(crate) fn check_quick(&self, figure: f64) -> Result<()> {
        let bound = self.quick.unwrap_or(f64::INFINITY);
        let (name, unit) = (self.name, self.unit);
        ensure!(
            figure > 0.0 && figure <= bound,
            "{name}: {figure:.1} {unit}, and at most {bound} would do"
        );
        Ok(())
    }

    pub(crate) fn is_met(&self, ratio: f64) -> bool {
        match self.bar {
            Bar::AtLeast(bar) => ratio >= bar,
            Bar::AtMost(bar) | Bar::Absolute(bar) => ratio <= bar,
        }
    }
}

const FAN_OUT: &[&str] = &["--scenario=broadcast", "--connections=1000"];
const FAN_OUT_4: &[&str] = &[
    "--scenario=broadcast",
    "--connections=1000",
    "--publishers=4",
];
const PACED: &[&str] = &["--scenario=broadcast", "--connections=1000", "--rate=20"];
const ECHO: &[&str] = &["--scenario=echo", "--connections=50"];
const ECHO_10: &[&str] = &["--scenario=echo", "--connections=50", "--pipeline=10"];
const CONNECT: &[&str] = &["--scenario=storm", "--connections=20"];
const IDLE: &[&str] = &[
    "--scenario=idle",
    "--connections=10000",
    "--browser-headers",
];
const IDLE_EVENT_STREAMS: &[&str] = &[
    "--scenario=idle",
    "--transport=event-stream",
    "--connections=3000",
    "--browser-headers",
];
const IDLE_POLLS: &[&str] = &[
    "--scenario=idle",
    "--transport=long-polling",
    "--connections=3000",
    "--browser-headers",
];
const BURST: &[&str] = &[
    "--scenario=broadcast",
    "--connections=10000",
    "--rate=10",
    "--browser-headers",
];
const FEW_GROUPS: &[&str] = &[
    "--scenario=storm",
    "--connections=20",
    "--standing-groups=10",
];
const MANY_GROUPS: &[&str] = &[
    "--scenario=storm",
    "--connections=20",
    "--standing-groups=100000",
];

/// The rows with well-behaved clients, with the bars and goals of the design.
pub(crate) const SCENARIOS: &[Scenario] = &[
    row(
        "fan-out to 1,000, one publisher",
        FAN_OUT,
        Figure::PerCpuSecond,
        Bar::AtLeast(4.0),
        8.0,
    ),
    row(
        "fan-out to 1,000, four publishers",
        FAN_OUT_4,
        Figure::PerCpuSecond,
        Bar::AtLeast(3.5),
        8.0,
    ),
    row(
        "fan-out to 1,000, 20 a second",
        PACED,
        Figure::PerCpuSecond,
        Bar::AtLeast(0.75),
        0.9,
    ),
    row(
        "the same: p50",
        PACED,
        Figure::MedianLatency,
        Bar::AtMost(1.4),
        1.1,
    ),
    row(
        "the same: p99",
        PACED,
        Figure::HighLatency,
        Bar::AtMost(1.4),
        1.1,
    ),
    row(
        "echo, 50 connections",
        ECHO,
        Figure::PerCpuSecond,
        Bar::AtLeast(0.85),
        0.95,
    ),
    row(
        "echo, ten in flight",
        ECHO_10,
        Figure::PerCpuSecond,
        Bar::AtLeast(0.75),
        0.9,
    ),
    row(
        "connect, handshake, close",
        CONNECT,
        Figure::PerCpuSecond,
        Bar::AtLeast(0.7),
        0.9,
    ),
    Scenario {
        name: "memory of an idle connection, of 10,000",
        load: server(IDLE),
        beside: None,
        figure: Figure::KibPerIdleConnection,
        unit: "KiB",
        bar: Bar::Absolute(3.0),
        goal: 2.0,
        quick: None,
    },
    Scenario {
        name: "the same, in a burst of broadcasts",
        load: server(BURST),
        beside: None,
        figure: Figure::KibPerBusyConnection,
        unit: "KiB",
        bar: Bar::Absolute(3.0),
        goal: 2.0,
        quick: None,
    },
    at_rest(
        "memory of an idle event stream, of 3,000",
        IDLE_EVENT_STREAMS,
    ),
    at_rest("memory of a waiting long poll, of 3,000", IDLE_POLLS),
    Scenario {
        name: "connect and disconnect, 100,000 groups vs 10",
        load: server(MANY_GROUPS),
        beside: Some(server(FEW_GROUPS)),
        figure: Figure::CpuMicrosecondsPerConnection,
        unit: "CPU µs each",
        bar: Bar::AtMost(1.2),
        goal: 1.05,
        quick: None,
    },
    two_workers("echo, two workers vs one", ECHO),
    two_workers("fan-out, one publisher, two workers vs one", FAN_OUT),
    two_workers("fan-out, four publishers, two workers vs one", FAN_OUT_4),
];

const fn server(arguments: &'static [&'static str]) -> Load {
    Load {
        side: Side::Server,
        arguments,
    }
}

/// Creates a row that is compared with the floor under the same load.
const fn row(
    name: &'static str,
    arguments: &'static [&'static str],
    figure: Figure,
    bar: Bar,
    goal: f64,
) -> Scenario {
    Scenario {
        name,
        load: server(arguments),
        beside: Some(Load {
            side: Side::Floor,
            arguments,
        }),
        figure,
        unit: match figure {
            Figure::MedianLatency | Figure::HighLatency => "ms",
            _ => "per server CPU second",
        },
        bar,
        goal,
        quick: None,
    }
}

/// Creates a row for the memory of connections that are not WebSockets.
const fn at_rest(name: &'static str, arguments: &'static [&'static str]) -> Scenario {
    Scenario {
        name,
        load: server(arguments),
        beside: None,
        figure: Figure::KibPerIdleConnection,
        unit: "KiB",
        bar: Bar::Absolute(16.0),
        goal: 10.0,
        quick: None,
    }
}

/// Creates a row for the server with two workers, compared with the same server with one.
const fn two_workers(name: &'static str, arguments: &'static [&'static str]) -> Scenario {
    Scenario {
        name,
        load: Load {
            side: Side::TwoWorkers,
            arguments,
        },
        beside: Some(server(arguments)),
        figure: Figure::PerCpuSecond,
        unit: "per server CPU second",
        bar: Bar::AtLeast(0.7),
        goal: 0.9,
        quick: None,
    }
}
