//! The cost of hostile clients for others.

use super::measure::{Load, Side};
use super::scenario::{Bar, Figure, Scenario};

/// One honest client makes a call every 20 ms next to 24 sockets that send without a pause.
const CALLS: &[&str] = &[
    "--scenario=echo",
    "--connections=1",
    "--rate=50",
    "--flood=calls",
    "--flooders=24",
];
const STREAMS: &[&str] = &[
    "--scenario=echo",
    "--connections=1",
    "--rate=50",
    "--flood=streams",
    "--flooders=24",
];
/// 256 KiB that are never read for each connection, in messages of 2,000 bytes; then all leave.
const HOARD: &[&str] = &[
    "--scenario=hoard",
    "--connections=1000",
    "--hoard-kib=256",
    "--payload=2000",
];

pub(crate) const SCENARIOS: &[Scenario] = &[
    flooded("one call beside 24 floods of calls: p99", CALLS),
    flooded("one call beside 24 floods of streams: p99", STREAMS),
    Scenario {
        name: "memory when a crowd has left",
        load: server(HOARD),
        beside: None,
        figure: Figure::MemoryLeft,
        unit: "times the idle crowd",
        bar: Bar::Absolute(2.0),
        goal: 1.5,
        quick: Some(2.0),
    },
];

const fn flooded(name: &'static str, arguments: &'static [&'static str]) -> Scenario {
    Scenario {
        name,
        load: server(arguments),
        beside: None,
        figure: Figure::HighLatency,
        unit: "ms",
        bar: Bar::Absolute(50.0),
        goal: 25.0,
        quick: Some(250.0),
    }
}

const fn server(arguments: &'static [&'static str]) -> Load {
    Load {
        side: Side::Server,
        arguments,
    }
}
