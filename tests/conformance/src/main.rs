//! The conformance server: the hubs and routes that SignalR's own tests and the recorded transcripts need.
//!
//! This is a test program: nothing here is an example of how to write a hub.

mod authentication;
mod bench_hub;
mod busy_hub;
mod chat_endpoints;
mod chat_hub;
mod chat_streams;
mod contracts_hub;
mod dotnet_values;
mod echo_handler;
mod filter_endpoints;
mod filter_hub;
mod https;
mod kick_endpoints;
mod kick_hub;
mod matrix_endpoints;
mod members_hub;
mod pack_anything;
mod pack_endpoints;
mod pack_forms;
mod pack_hub;
mod pack_results;
mod pack_values;
mod results_hub;
mod routes;
mod services_hub;
mod statistics;
mod suite_endpoints;
mod suite_hubs;
mod suite_layers;
mod suite_request;
mod suite_tokens;
mod telling_filter;
mod test_hub;
mod throwing_hubs;
mod typed_hub;
mod values_hub;
mod web_worker;

use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use hubwire::{Serve, SignalR};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::https::HttpsOptions;

/// The hubs and routes that SignalR's own tests need.
#[derive(Debug, Parser)]
struct Options {
    /// The address to listen at, as ADDRESS:PORT; port 0 takes any free port.
    #[arg(long, default_value = "127.0.0.1:5910")]
    listen: SocketAddr,

    /// Another origin with pages that may use `/chat-cors`; may be given several times.
    #[arg(long = "allowed-origin", value_name = "ORIGIN")]
    allowed_origins: Vec<String>,

    /// A proxy that may say for whom it passes a request on, as an address or a network; may be given several times.
    #[arg(long = "trusted-proxy", value_name = "ENTRY")]
    trusted_proxies: Vec<String>,

    /// The client that web workers load from `/lib/signalr-webworker/signalr.js`.
    #[arg(long = "web-worker-client", value_name = "FILE", default_value = WEB_WORKER_CLIENT)]
    web_worker_client: PathBuf,

    #[command(flatten)]
    https: HttpsOptions,
}

/// The client in the packages of the JavaScript tests.
const WEB_WORKER_CLIENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../javascript/node_modules/@microsoft/signalr/dist/webworker/signalr.js",
);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();

    let listener = hubwire::listen(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = listener.local_addr()?;
    let secure = options.https.listen().await?;
    let signalr = SignalR::builder()
        .trusted_proxies(&options.trusted_proxies)
        .build();
    let filtered = filter_endpoints::server(&options.trusted_proxies);
    let app = routes::router(&signalr, &filtered, &options.allowed_origins)
        .merge(web_worker::router(options.web_worker_client));
    let until_stopped = |serve: Serve<TcpListener>| {
        serve
            .with(&signalr)
            .with(&filtered)
            .until(hubwire::shutdown_signal())
            .into_future()
    };
    println!("the conformance server listens on http://{address}");
    let plain = until_stopped(hubwire::serve(listener, app.clone()));
    let served = match secure {
        Some((listener, tls)) => {
            println!("and on https://{}", listener.local_addr()?);
            let secure = hubwire::serve(listener, https::marked(app)).tls(tls);
            tokio::try_join!(plain, until_stopped(secure)).map(|_| ())
        }
        None => plain.await,
    };
    served.context("serving ended")
}
