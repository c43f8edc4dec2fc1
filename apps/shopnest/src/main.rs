//! ShopNest: a small shop, live. The demo application of Hubwire.

mod app;
mod chat;
mod guard;
mod orders;
mod page;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use hubwire::SignalR;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// An allocator that returns the memory used for slow clients once they have left.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A small shop with live chat and orders.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Where to listen, as ADDRESS:PORT; port 0 takes any free one.
    #[arg(long, env = "SHOPNEST_LISTEN", default_value = "127.0.0.1:5000")]
    listen: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shopnest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let options = Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();

    let listener = listen(&options.listen).await?;
    let address = listener.local_addr()?;
    let signalr = SignalR::new();
    let app = app::router(&signalr, address);
    println!("ShopNest is open at http://{address} (Ctrl-C closes it)");
    hubwire::serve(listener, app)
        .with(&signalr)
        .until(asked_to_stop())
        .await
        .context("serving ended")
}

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    const EXAMPLE: &str = "for example --listen 127.0.0.1:5050";
    let bound = hubwire::listen(address).await;
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is taken by another program; choose another address, {EXAMPLE}"
        ),
        io::ErrorKind::InvalidInput => {
            anyhow::anyhow!("{address} is no address; --listen takes ADDRESS:PORT, {EXAMPLE}")
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
    })
}

async fn asked_to_stop() {
    hubwire::shutdown_signal().await;
    tracing::info!("closing");
}
