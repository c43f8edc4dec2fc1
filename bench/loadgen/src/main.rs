//! Puts load on a SignalR hub, over WebSockets unless its connections are at rest, and prints the results as one line of JSON.
//!
//! The hub needs these methods, under the names given: `Echo(string)` returning its argument,
//! `Broadcast(string)` calling `bench` on every client with it, `JoinGroup(string)`, and
//! `SendToGroup(string group, string payload)` calling `bench` on that group.

#![allow(
    clippy::disallowed_methods,
    reason = "a load generator measures real time, on threads of its own"
)]

mod flood;
mod http;
mod hub;
mod procfs;
mod worker;
mod ws;

use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::sync::watch;

use flood::{Flood, Flooded, Flooding};
use http::Transport;
use hub::Protocol;
use worker::{Phase, Stats};
use ws::{Address, Headers};

/// If a server's memory has not shrunk for this long, it gives nothing more back.
const STILL: Duration = Duration::from_secs(15);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scenario {
    /// Every connection invokes Echo and waits for the result.
    Echo,
    /// Some connections invoke Broadcast; all receive.
    Broadcast,
    /// Connections sit there, and ping.
    Idle,
    /// Connect, handshake, close, and again: `--connections` at a time.
    Storm,
    /// Like broadcast, to each of `--groups` groups in turn; connection i is in group i mod groups.
    Group,
    /// Connections send to groups of their own and read nothing; then all leave.
    Hoard,
}

#[derive(Parser, Clone, Debug)]
#[command(about = "Load generator for SignalR hubs over WebSockets (negotiation is skipped)")]
pub(crate) struct Args {
    /// The hub, as ws://host:port/path
    #[arg(long = "url", value_parser = Address::parse)]
    address: Address,
    #[arg(long, value_enum)]
    scenario: Scenario,
    #[arg(long, value_enum, default_value = "json")]
    protocol: Protocol,
    /// What carries the connections (idle only)
    #[arg(long, value_enum, default_value = "web-sockets")]
    transport: Transport,
    #[arg(long, default_value_t = 50)]
    connections: usize,
    /// Bytes in a payload, at least 18: it begins with a timestamp
    #[arg(long, default_value_t = 100)]
    payload: usize,
    /// Seconds to measure for
    #[arg(long, default_value_t = 10.0)]
    duration: f64,
    /// Seconds of load before measuring
    #[arg(long, default_value_t = 2.0)]
    warmup: f64,
    #[arg(long, default_value_t = 1)]
    groups: usize,
    /// Messages (storm: connections) a second, over all senders; 0: as fast as completions come
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
    /// Pending invocations a sender may have, where there is no rate
    #[arg(long, default_value_t = 1)]
    pipeline: usize,
    /// How many connections send (broadcast, group)
    #[arg(long, default_value_t = 1)]
    publishers: usize,
    /// Connections being opened at any moment
    #[arg(long, default_value_t = 64)]
    connect_concurrency: usize,
    /// Seconds between a connection's pings
    #[arg(long, default_value_t = 10)]
    keepalive: u64,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Groups that one more connection is in while the load runs
    #[arg(long, default_value_t = 0)]
    standing_groups: usize,
    /// How much each connection sends to itself (hoard)
    #[arg(long, default_value_t = 256)]
    hoard_kib: usize,
    /// Seconds that the server has at most for giving memory back when all have left (hoard)
    #[arg(long, default_value_t = 60)]
    settle: u64,
    /// What hostile sockets send without a pause while the scenario runs
    #[arg(long, value_enum)]
    flood: Option<Flood>,
    /// How many sockets do so
    #[arg(long, default_value_t = 24)]
    flooders: usize,
    /// Request upgrades with the headers that the official client sends in a browser
    #[arg(long)]
    browser_headers: bool,
    /// Report this process's memory and CPU time as the server's
    #[arg(long)]
    server_pid: Option<u32>,
}

impl Args {
    fn headers(&self) -> Headers {
        match self.browser_headers {
            true => Headers::OfBrowser,
            false => Headers::Required,
        }
    }

    fn check(&self) -> Result<(), String> {
        let traffic = !matches!(self.scenario, Scenario::Idle | Scenario::Storm);
        let fault = if traffic && self.payload < hub::STAMP_SIZE {
            format!(
                "--payload must be at least {}: it begins with a timestamp",
                hub::STAMP_SIZE
            )
        } else if [
            self.connections,
            self.groups,
            self.pipeline,
            self.publishers,
            self.threads,
        ]
        .contains(&0)
        {
            "--connections, --groups, --pipeline, --publishers and --threads must be at least 1"
                .into()
        } else if self.transport != Transport::WebSockets && self.scenario != Scenario::Idle {
            "--transport is for connections at rest: --scenario idle".into()
        } else if self.keepalive == 0 || self.connect_concurrency == 0 {
            "--keepalive and --connect-concurrency must be at least 1".into()
        } else if self.publishers > self.connections || self.groups > self.connections {
            "there must be at least as many connections as publishers, and as groups".into()
        } else if self
            .server_pid
            .is_some_and(|pid| procfs::sample(pid).is_none())
        {
            "there is no process with that --server-pid".into()
        } else {
            return Ok(());
        };
        Err(fault)
    }
}

#[derive(Serialize)]
struct Report {
    scenario: Scenario,
    transport: Transport,
    protocol: String,
    url: String,
    connections: usize,
    payload: usize,
    groups: usize,
    rate: f64,
    pipeline: usize,
    publishers: usize,
    threads: usize,
    connected: u64,
    connect_failures: u64,
    /// How long it took to open all of them.
    connect_s: f64,
    connect_ms: Option<Percentiles>,
    measured_s: f64,
    /// Invocations completed; storm: connections made.
    messages: u64,
    messages_per_s: f64,
    deliveries: u64,
    deliveries_per_s: f64,
    /// Echo: from sending to the result. Broadcast and group: from sending to each delivery.
    /// Storm: from connecting to the response of the hub handshake.
    latency_ms: Option<Percentiles>,
    /// Invocations completed with an error.
    errors: u64,
    disconnects: u64,
    /// How many of the requested deliveries never arrived (including the warm-up).
    missing_deliveries: i64,
    first_error: Option<String>,
    /// This process's CPU time while measuring. If it is near `measured_s` x `threads`, the load
    /// generator was the bottleneck.
    loadgen_cpu_s: f64,
    flood: Option<Flooded>,
    server: Option<Server>,
}

#[derive(Serialize)]
struct Server {
    pid: u32,
    /// While measuring.
    cpu_s: f64,
    /// While connecting.
    connect_cpu_s: f64,
    rss_before_kib: u64,
    rss_connected_kib: u64,
    rss_after_kib: u64,
    peak_kib: u64,
    /// When all connections have left; for hoard, also after the server had time to give memory
    /// back.
    rss_left_kib: u64,
    /// (rss_connected - rss_before) / connections
    kib_per_connection: f64,
    threads: u64,
}

#[derive(Serialize)]
struct Percentiles {
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
    mean: f64,
}

impl Percentiles {
    fn of(nanoseconds: &Histogram<u64>) -> Option<Self> {
        let ms = |ns: f64| (ns / 1000.0).round() / 1000.0;
        let at = |q| ms(nanoseconds.value_at_quantile(q) as f64);
        (!nanoseconds.is_empty()).then(|| Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: ms(nanoseconds.max() as f64),
            mean: ms(nanoseconds.mean()),
        })
    }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn millis(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(fault) = args.check() {
        eprintln!("loadgen: {fault}");
        return ExitCode::from(2);
    }
    let report = run(&args);
    println!("{}", serde_json::to_string(&report).expect("plain data"));
    if report.connected == 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn run(args: &Args) -> Report {
    let server = || args.server_pid.and_then(procfs::sample).unwrap_or_default();
    let own = || procfs::sample(std::process::id()).unwrap_or_default();
    let epoch = Instant::now();
    let (phase, watching) = watch::channel(Phase::Connect);
    let (ready, waiting) = mpsc::channel();

    let before = server();
    let flooding = Flooding::begin(args);
    let workers: Vec<_> = (0..args.threads)
        .map(|index| {
            let (args, watching, ready) = (args.clone(), watching.clone(), ready.clone());
            thread::spawn(move || worker::run(index, args, epoch, watching, ready))
        })
        .collect();
    for _ in &workers {
        waiting
            .recv()
            .expect("a worker does not end before it is ready");
    }
    let connect_s = epoch.elapsed().as_secs_f64();
    let connected = server();

    phase.send_replace(Phase::Warmup);
    if args.scenario != Scenario::Idle {
        thread::sleep(Duration::from_secs_f64(args.warmup));
    }
    let (begun, own_begun, server_begun) = (Instant::now(), own(), server());
    phase.send_replace(Phase::Measure);
    thread::sleep(Duration::from_secs_f64(args.duration));
    phase.send_replace(Phase::Drain);
    let (measured_s, own_ended, server_ended) = (begun.elapsed().as_secs_f64(), own(), server());

    let stats = workers
        .into_iter()
        .map(|worker| worker.join().expect("no worker panics"))
        .reduce(|mut sum: Stats, next| {
            sum.merge(next);
            sum
        })
        .expect("at least one worker");
    let flood = flooding.map(Flooding::end);
    if args.scenario == Scenario::Hoard {
        settle(&server, Duration::from_secs(args.settle));
    }

    Report {
        scenario: args.scenario,
        transport: args.transport,
        protocol: format!("{:?}", args.protocol).to_lowercase(),
        url: format!("ws://{}{}", args.address.authority, args.address.target),
        connections: args.connections,
        payload: args.payload,
        groups: args.groups,
        rate: args.rate,
        pipeline: args.pipeline,
        publishers: args.publishers,
        threads: args.threads,
        connected: stats.connected,
        connect_failures: stats.connect_failures,
        connect_s: millis(connect_s),
        connect_ms: Percentiles::of(&stats.connect_time),
        measured_s: millis(measured_s),
        messages: stats.completions,
        messages_per_s: tenths(stats.completions as f64 / measured_s),
        deliveries: stats.deliveries,
        deliveries_per_s: tenths(stats.deliveries as f64 / measured_s),
        latency_ms: Percentiles::of(&stats.latency),
        errors: stats.failures,
        disconnects: stats.disconnects,
        missing_deliveries: stats.all_expected as i64 - stats.all_deliveries as i64,
        first_error: stats.first_failure,
        loadgen_cpu_s: millis(own_ended.cpu_s - own_begun.cpu_s),
        flood,
        server: args.server_pid.map(|pid| Server {
            pid,
            cpu_s: millis(server_ended.cpu_s - server_begun.cpu_s),
            connect_cpu_s: millis(connected.cpu_s - before.cpu_s),
            rss_before_kib: before.rss_kib,
            rss_connected_kib: connected.rss_kib,
            rss_after_kib: server_ended.rss_kib,
            peak_kib: server_ended.peak_kib,
            rss_left_kib: server().rss_kib,
            kib_per_connection: tenths(
                (connected.rss_kib as f64 - before.rss_kib as f64) / args.connections as f64,
            ),
            threads: server_ended.threads,
        }),
    }
}

/// Waits until the server's memory no longer shrinks, for at most `limit`.
fn settle(server: &impl Fn() -> procfs::Sample, limit: Duration) {
    let begun = Instant::now();
    let (mut least, mut shrunk) = (u64::MAX, begun);
    while begun.elapsed() < limit && shrunk.elapsed() < STILL {
        let rss = server().rss_kib;
        if rss < least {
            (least, shrunk) = (rss, Instant::now());
        }
        thread::sleep(Duration::from_millis(200));
    }
}
