//! Echoes and deliveries in one thread and in memory: every run does the same work, to be counted.
//!
//! Prints how many heap allocations the work took, or how many bytes idle connections hold; the
//! latter are on real sockets. Under callgrind, instructions are counted in the work only: an
//! exporter of metrics begins with a search for its clock, which takes any number of them. The
//! difference between two numbers of repetitions is the cost of the rest (`cargo xtask count`).

mod connection;
mod recorder;

use std::io;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use hubwire::filters::HubFilter;
use hubwire::protocol::{Opcode, write_frame, write_masked_frame};
use hubwire::testing::TestClient;
use hubwire::{HubHandle, SignalR, hub, hub_client};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Runtime};

/// The number of connections that receive each broadcast.
const RECEIVERS: usize = 100;

/// When the server's first sweep is over, which is due within a millisecond. The next one is due a
/// second later, behind the work.
const FIRST_SWEEP: Duration = Duration::from_millis(50);

#[derive(Debug, Parser)]
struct Options {
    work: Work,
    /// How many connections, echoes, or broadcasts to 100 connections
    repetitions: usize,
    /// What the server has in addition to what every server has
    #[arg(long)]
    with: Option<Addition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Addition {
    /// A filter that reads nothing
    Filter,
    /// An exporter of metrics, set up as ShopNest does
    Metrics,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Work {
    /// Bytes that connections at rest hold
    Connection,
    /// Allocations of broadcasts
    Delivery,
    /// Allocations of echoes
    Echo,
}

#[hub_client]
trait CountingClient {
    #[hub(name = "bench")]
    fn bench(&self, payload: &str);
}

struct CountingHub;

#[hub(client = CountingClient)]
impl CountingHub {
    pub fn echo(&self, payload: String) -> String {
        payload
    }
}

/// A filter that reads neither arguments nor results.
struct PassingFilter;

impl HubFilter for PassingFilter {
    fn reads_arguments(&self) -> bool {
        false
    }

    fn reads_results(&self) -> bool {
        false
    }
}

fn main() -> io::Result<()> {
    let Options {
        work,
        repetitions,
        with,
    } = Options::parse();
    let stage = Stage {
        with_filter: with == Some(Addition::Filter),
        metrics: match with {
            Some(Addition::Metrics) => Some(recorder::install()?),
            _ => None,
        },
    };
    match work {
        Work::Connection => println!("{}", connection::held_bytes(repetitions)?),
        Work::Delivery => println!("{}", stage.delivery_allocations(repetitions)?),
        Work::Echo => println!("{}", stage.echo_allocations(repetitions)?),
    }
    Ok(())
}

type Hub = HubHandle<CountingHub>;

/// The server of echoes and deliveries.
struct Stage {
    with_filter: bool,
    metrics: Option<PrometheusHandle>,
}

impl Stage {
    fn start(&self, runtime: &Runtime, connections: usize) -> io::Result<(Hub, Vec<DuplexStream>)> {
        runtime.block_on(connect(self.with_filter, connections))
    }

    /// Counts after a first run, in which everything grows to its final size.
    fn count(
        &self,
        repetitions: usize,
        mut work: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<u64> {
        let mut work = |repetitions| {
            work(repetitions)?;
            // What was recorded in between is put into buckets, as in every server now and then.
            if let Some(metrics) = &self.metrics {
                metrics.run_upkeep();
            }
            Ok(())
        };
        work(repetitions.min(100))?;
        let mut outcome = Ok(());
        let counted = allocation_counter::measure(|| {
            counted_work(&mut || outcome = work(repetitions));
        });
        outcome.map(|()| counted.count_total)
    }

    fn delivery_allocations(&self, repetitions: usize) -> io::Result<u64> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let (hub, mut clients) = self.start(&runtime, RECEIVERS)?;
        self.count(repetitions, |n| {
            runtime.block_on(deliver(&hub, &mut clients, n))
        })
    }

    fn echo_allocations(&self, repetitions: usize) -> io::Result<u64> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let (_hub, mut clients) = self.start(&runtime, 1)?;
        self.count(repetitions, |n| runtime.block_on(echo(&mut clients, n)))
    }
}

/// Runs what is counted, which callgrind finds by the name of this function.
#[inline(never)]
fn counted_work(work: &mut dyn FnMut()) {
    work();
}

async fn connect(with_filter: bool, connections: usize) -> io::Result<(Hub, Vec<DuplexStream>)> {
    let mut hub = SignalR::new().hub::<CountingHub>();
    if with_filter {
        hub = hub.filter(PassingFilter);
    }
    let hub = hub.build(CountingHub);
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(TestClient::connect(&hub.endpoint()).await?.into_pipe());
    }
    // A sweep allocates, which would count in some runs and not in others.
    tokio::time::sleep(FIRST_SWEEP).await;
    Ok((hub, clients))
}

async fn echo(clients: &mut [DuplexStream], repetitions: usize) -> io::Result<()> {
    let payload = "x".repeat(100);
    let record = format!(
        "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"{payload}\"]}}\u{1e}"
    );
    let completion =
        format!("{{\"type\":3,\"invocationId\":\"1\",\"result\":\"{payload}\"}}\u{1e}");
    let mut frame = Vec::new();
    write_masked_frame(&mut frame, Opcode::Text, [1, 2, 3, 4], record.as_bytes());
    let mut expected = Vec::new();
    write_frame(&mut expected, Opcode::Text, completion.as_bytes());
    let mut buffer = vec![0; expected.len()];
    for client in clients {
        for _ in 0..repetitions {
            client.write_all(&frame).await?;
            receive(client, &mut buffer, &expected).await?;
        }
    }
    Ok(())
}

async fn deliver(hub: &Hub, clients: &mut [DuplexStream], repetitions: usize) -> io::Result<()> {
    let payload = "x".repeat(100);
    let record = format!("{{\"type\":1,\"target\":\"bench\",\"arguments\":[\"{payload}\"]}}\u{1e}");
    let mut expected = Vec::new();
    write_frame(&mut expected, Opcode::Text, record.as_bytes());
    let mut buffer = vec![0; expected.len()];
    let context = hub.context();
    for _ in 0..repetitions {
        let sent = context.clients().all().bench(&payload).await;
        sent.map_err(io::Error::other)?;
        for client in &mut *clients {
            receive(client, &mut buffer, &expected).await?;
        }
    }
    Ok(())
}

/// Reads the expected bytes, and fails on anything else.
async fn receive(client: &mut DuplexStream, buffer: &mut [u8], expected: &[u8]) -> io::Result<()> {
    client.read_exact(buffer).await?;
    if buffer != expected {
        let text = String::from_utf8_lossy(buffer);
        return Err(io::Error::other(format!("not what was expected: {text}")));
    }
    Ok(())
}
