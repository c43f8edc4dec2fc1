//! One run: a server on one core or on both, and the load generator on the second.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::workspace::Workspace;

/// The program under load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Floor,
    /// The server with one worker, which has a core for itself.
    Server,
    /// The server with two workers, one of which shares its core with the load generator.
    TwoWorkers,
}

impl Side {
    fn port(self) -> u16 {
        match self {
            Self::Floor => 5990,
            Self::Server | Self::TwoWorkers => 5920,
        }
    }

    /// Returns the command that starts it; tokio reads the number of its workers from the
    /// environment.
    fn command(self, workspace: &Workspace) -> Command {
        let address = format!("127.0.0.1:{}", self.port());
        if self == Self::Floor {
            let mut command = pinned("0", workspace, "floor");
            command.arg(address);
            return command;
        }
        let (cores, workers) = match self {
            Self::TwoWorkers => ("0,1", "2"),
            Self::Floor | Self::Server => ("0", "1"),
        };
        let mut command = pinned(cores, workspace, "bench-server");
        command
            .args(["--listen", &address])
            .env("TOKIO_WORKER_THREADS", workers);
        command
    }
}

/// The program under load, and the arguments of the load generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) side: Side,
    pub(crate) arguments: &'static [&'static str],
}

/// The results of the load generator.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    /// Deliveries, or completions if nothing is delivered.
    pub(crate) count: f64,
    pub(crate) per_s: f64,
    pub(crate) server_cpu_s: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) idle_kib_per_connection: f64,
    pub(crate) busy_kib_per_connection: f64,
    pub(crate) peak_mib: f64,
    /// The memory that is left when all have disconnected, as a multiple of what they took before
    /// they sent anything.
    pub(crate) left_over_idle: f64,
}

/// If the server held less than this many KiB for clients that read nothing, the memory left
/// afterwards means nothing.
const LEAST_HOARD: f64 = 100.0 * 1024.0;

/// The runs of one round; rows with the same load share a run.
pub(crate) struct Runs<'a> {
    workspace: &'a Workspace,
    seconds: f64,
    done: Vec<(Load, Sample)>,
}

impl<'a> Runs<'a> {
    pub(crate) fn new(workspace: &'a Workspace, seconds: f64) -> Self {
        Self {
            workspace,
            seconds,
            done: Vec::new(),
        }
    }

    pub(crate) fn sample(&mut self, load: Load) -> Result<Sample> {
        if let Some((_, sample)) = self.done.iter().find(|(done, _)| *done == load) {
            return Ok(*sample);
        }
        let sample = run(self.workspace, load, self.seconds)?;
        self.done.push((load, sample));
        Ok(sample)
    }
}

/// A server that ends with its measurement, however that ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // If it ended by itself, the measurement has already failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a side, puts load on it from core 1 and ends it.
fn run(workspace: &Workspace, load: Load, seconds: f64) -> Result<Sample> {
    let server = start(workspace, load.side)?;
    generate(workspace, load, server.0.id(), seconds)
}

fn start(workspace: &Workspace, side: Side) -> Result<Server> {
    let mut server = side
        .command(workspace)
        .stdout(Stdio::piped())
        .spawn()
        .map(Server)
        .context("cannot start the server; `taskset` comes with util-linux")?;
    let output = server.0.stdout.take().context("no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    ensure!(
        !line.is_empty(),
        "the server ended at once; is port {} taken?",
        side.port()
    );
    Ok(server)
}

fn generate(workspace: &Workspace, load: Load, server: u32, seconds: f64) -> Result<Sample> {
    let port = load.side.port();
    let output = pinned("1", workspace, "loadgen")
        .arg(format!("--url=ws://127.0.0.1:{port}/bench"))
        .arg(format!("--server-pid={server}"))
        .arg(format!("--duration={seconds}"))
        .arg("--warmup=1")
        .args(load.arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the load generator")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value =
        serde_json::from_str(&text).with_context(|| format!("not a report: {text}"))?;
    sample(&report)
}

fn sample(report: &Value) -> Result<Sample> {
    // A missing figure must not count as a small one.
    let number = |pointer: &str| {
        let number = report.pointer(pointer).and_then(Value::as_f64);
        number.with_context(|| format!("no {pointer} in {report}"))
    };
    for fault in [
        "connect_failures",
        "disconnects",
        "errors",
        "missing_deliveries",
    ] {
        if number(&format!("/{fault}"))? > 0.0 {
            bail!("the load did not go through: {report}");
        }
    }
    if !report["flood"].is_null()
        && (number("/flood/disconnects")? > 0.0 || number("/flood/sent_bytes")? == 0.0)
    {
        bail!("the flood did not go through: {report}");
    }
    if report["scenario"] == "hoard" && number("/server/rss_after_kib")? < LEAST_HOARD {
        bail!("the server did not hold the unread messages: {report}");
    }
    let deliveries = number("/deliveries")?;
    let connected = number("/server/rss_connected_kib")?;
    let connections = number("/connections")?;
    let before = number("/server/rss_before_kib")?;
    // Not the generator's own quotient, which is rounded to tenths: rounding must not help to
    // reach a bar.
    let each = |kib: f64| (kib - before) / connections.max(1.0);
    let (count, per_s) = if deliveries > 0.0 {
        (deliveries, number("/deliveries_per_s")?)
    } else {
        (number("/messages")?, number("/messages_per_s")?)
    };
    // Idle connections have no latency.
    let latency = |pointer: &str| match report.get("latency_ms") {
        Some(Value::Null) => Ok(0.0),
        _ => number(pointer),
    };
    Ok(Sample {
        count,
        per_s,
        server_cpu_s: number("/server/cpu_s")?,
        p50_ms: latency("/latency_ms/p50")?,
        p99_ms: latency("/latency_ms/p99")?,
        idle_kib_per_connection: each(connected),
        busy_kib_per_connection: each(number("/server/rss_after_kib")?),
        peak_mib: number("/server/peak_kib")? / 1024.0,
        left_over_idle: number("/server/rss_left_kib")? / connected.max(1.0),
    })
}

/// Runs a release binary that stays on `cores`, and may open as many sockets as the system allows.
fn pinned(cores: &str, workspace: &Workspace, binary: &str) -> Command {
    let mut command = Command::new("bash");
    command
        .arg("-c")
        .arg("ulimit -n \"$(ulimit -Hn)\"; exec taskset -c \"$0\" \"$@\"")
        .arg(cores)
        .arg(workspace.release_binary(binary));
    command
}
