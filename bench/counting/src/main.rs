//! Echoes and deliveries in one thread and in memory: the same work at every run, to be counted.
//!
//! Prints how many heap allocations the work took. Under callgrind the whole run is counted; the
//! difference between two numbers of repetitions is the work alone (`cargo xtask count`).

use std::io;

use clap::{Parser, ValueEnum};
use hubwire::protocol::{Opcode, write_masked_frame};
use hubwire::testing::TestClient;
use hubwire::{HubHandle, SignalR, hub, hub_client};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::Builder;

/// How many connections receive each broadcast.
const RECEIVERS: usize = 100;

#[derive(Debug, Parser)]
struct Options {
    work: Work,
    /// How many echoes, or broadcasts to 100 connections
    repetitions: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Work {
    Delivery,
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
    fn echo(&self, payload: String) -> String {
        payload
    }
}

fn main() -> io::Result<()> {
    let options = Options::parse();
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let (hub, mut clients) = runtime.block_on(async {
        let signalr = SignalR::new();
        let hub = signalr.hub::<CountingHub>().build(CountingHub);
        let count = match options.work {
            Work::Delivery => RECEIVERS,
            Work::Echo => 1,
        };
        let mut clients = Vec::new();
        for _ in 0..count {
            clients.push(TestClient::connect(&hub.endpoint()).await?.into_pipe());
        }
        io::Result::Ok((hub, clients))
    })?;
    let mut work = |repetitions| -> io::Result<()> {
        runtime.block_on(async {
            match options.work {
                Work::Delivery => deliver(&hub, &mut clients, repetitions).await,
                Work::Echo => echo(&mut clients, repetitions).await,
            }
        })
    };
    // Whatever grows to its size does so before the counting.
    work(options.repetitions.min(100))?;
    let mut outcome = Ok(());
    let allocated = allocation_counter::measure(|| outcome = work(options.repetitions));
    outcome?;
    println!("{}", allocated.count_total);
    Ok(())
}

async fn echo(clients: &mut [DuplexStream], repetitions: usize) -> io::Result<()> {
    let payload = "x".repeat(100);
    let record = format!(
        "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"{payload}\"]}}\u{1e}"
    );
    let answer = format!("{{\"type\":3,\"invocationId\":\"1\",\"result\":\"{payload}\"}}\u{1e}");
    let mut frame = Vec::new();
    write_masked_frame(
        &mut frame,
        Opcode::Text,
        true,
        [1, 2, 3, 4],
        record.as_bytes(),
    );
    let mut buffer = vec![0; 4 + answer.len()];
    for client in clients {
        for _ in 0..repetitions {
            client.write_all(&frame).await?;
            client.read_exact(&mut buffer).await?;
        }
    }
    Ok(())
}

async fn deliver(
    hub: &HubHandle<CountingHub>,
    clients: &mut [DuplexStream],
    repetitions: usize,
) -> io::Result<()> {
    let payload = "x".repeat(100);
    let record = format!("{{\"type\":1,\"target\":\"bench\",\"arguments\":[\"{payload}\"]}}\u{1e}");
    let mut buffer = vec![0; 4 + record.len()];
    let context = hub.context();
    for _ in 0..repetitions {
        let sent = context.clients().all().bench(&payload).await;
        sent.map_err(io::Error::other)?;
        for client in &mut *clients {
            client.read_exact(&mut buffer).await?;
        }
    }
    Ok(())
}
