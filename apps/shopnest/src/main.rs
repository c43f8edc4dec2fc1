//! ShopNest: a small shop, live. The demo application of Hubwire.

mod app;
mod chat;
mod guard;
mod orders;
mod page;

use std::io;
use std::net::SocketAddr;

use anyhow::Context;
use clap::Parser;
use hubwire::SignalR;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// A small shop with live chat and orders.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Where to listen, as ADDRESS:PORT; port 0 takes any free one.
    #[arg(long, env = "SHOPNEST_LISTEN", default_value = "127.0.0.1:5000")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();

    let listener = listen(options.listen).await?;
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

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "{address} is taken by another program; choose another address with --listen, \
             for example --listen 127.0.0.1:{}",
                address.port().checked_add(1).unwrap_or(5000)
            ),
            _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
        })
}

/// Resolves on Ctrl-C or SIGTERM.
async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signals) => drop(signals.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupted => {}
        () = terminated => {}
    }
    tracing::info!("closing");
}
