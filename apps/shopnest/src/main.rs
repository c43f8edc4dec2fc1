//! ShopNest: a small shop, live. The demo application of Hubwire.

mod app;
mod chat;
mod guard;
mod listening;
mod login;
mod metrics;
mod notifications;
mod operations;
mod orders;
mod page;
mod telemetry;
mod tls;

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use hubwire::SignalR;

use crate::listening::listen;
use crate::login::{Accounts, Key, Login, Tokens};
use crate::operations::Operations;
use crate::telemetry::Telemetry;
use crate::tls::TlsFiles;

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

    /// Where to serve /metrics, /health and /ready, as ADDRESS:PORT; nowhere if left out.
    #[arg(long, env = "SHOPNEST_METRICS", value_name = "ADDR")]
    metrics: Option<String>,

    /// Lets the accounts of the demo sign in, although others than this machine can, or through a
    /// proxy: everybody knows their passwords.
    #[arg(long)]
    demo_users: bool,

    #[command(flatten)]
    tls: TlsFiles,
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
    let telemetry = Telemetry::start()?;
    let served = serve(&options).await;
    telemetry.finish();
    served
}

async fn serve(options: &Options) -> anyhow::Result<()> {
    let tls = options.tls.read()?;
    let key = Key::from_environment()?;
    let listener = listen("--listen", &options.listen).await?;
    let address = listener.local_addr()?;
    let operations = operations(options).await?;
    let signalr = SignalR::builder()
        .authenticator(login::bearer(&key)?)
        .build();
    let visitors = Arc::new(Login::new(accounts(options, address), Tokens::new(&key)?));
    let app = app::router(&signalr, Arc::clone(&visitors), address);
    let scheme = if tls.is_some() { "https" } else { "http" };
    println!("ShopNest is open at {scheme}://{address} (Ctrl-C closes it)");
    let shop = hubwire::serve(listener, app)
        .with(&signalr)
        .until(asked_to_stop());
    let shop = match tls {
        Some(tls) => shop.tls(tls),
        None => shop,
    };
    let shop = shop.into_future();
    let served = match operations {
        Some(operations) => {
            println!("Its metrics are at http://{}/metrics", operations.address());
            let shutdown = signalr.shutdown_token();
            operations.serve_beside(shop, shutdown).await
        }
        None => shop.await,
    };
    visitors.finish().await;
    served.context("serving ended")
}

/// Returns the listener for operators, if there is to be one.
async fn operations(options: &Options) -> anyhow::Result<Option<Operations>> {
    let Some(address) = &options.metrics else {
        return Ok(None);
    };
    let listener = listen("--metrics", address).await?;
    Ok(Some(Operations::new(listener, metrics::install()?)?))
}

/// Returns for whom the accounts of the demo are: for this machine, or for all if the operator wants that.
fn accounts(options: &Options, address: SocketAddr) -> Accounts {
    let is_loopback = address.ip().is_loopback();
    if options.demo_users {
        if !is_loopback {
            tracing::warn!(
                "--demo-users: everybody who can reach {address} can sign in as ann, bob and admin, who ships orders, with the passwords that the README publishes"
            );
        }
        return Accounts::Everybody;
    }
    if is_loopback {
        return Accounts::ThisMachine;
    }
    tracing::warn!(
        "others than this machine can reach {address}, so the demo's accounts ann, bob and admin do not exist, and nobody can ship an order; guests are welcome (--demo-users lets the accounts sign in, with passwords that everybody knows)"
    );
    Accounts::Nobody
}

async fn asked_to_stop() {
    hubwire::shutdown_signal().await;
    tracing::info!("closing");
}
