//! The server that the load generator drives, run like the README's application.

use std::net::SocketAddr;

use axum::Router;
use clap::Parser;
use futures_util::{Stream, stream};
use hubwire::{HubCallerContext, HubResult, MapHub, SignalR, hub, hub_client};

/// An allocator that returns the memory used for slow clients once they have left.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Debug, Parser)]
struct Options {
    /// Where to listen, as ADDRESS:PORT.
    #[arg(long, default_value = "127.0.0.1:5920")]
    listen: SocketAddr,
}

#[hub_client]
trait BenchClient {
    #[hub(name = "bench")]
    fn bench(&self, payload: &str);
}

struct BenchHub;

#[hub(client = BenchClient)]
impl BenchHub {
    pub fn echo(&self, payload: String) -> String {
        payload
    }

    pub async fn broadcast(&self, cx: &HubCallerContext<Self>, payload: String) -> HubResult {
        Ok(cx.clients().all().bench(&payload).await?)
    }

    pub async fn join_group(&self, cx: &HubCallerContext<Self>, group: String) -> HubResult {
        Ok(cx.groups().add(cx.connection_id(), group).await?)
    }

    pub async fn send_to_group(
        &self,
        cx: &HubCallerContext<Self>,
        group: String,
        payload: String,
    ) -> HubResult {
        Ok(cx.clients().group(group).bench(&payload).await?)
    }

    pub fn nothing(&self) {}

    pub fn endless(&self) -> impl Stream<Item = u32> + use<> {
        stream::repeat(0)
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let signalr = SignalR::new();
    let hub = signalr.hub::<BenchHub>();
    // One connection of the disconnect scenario is in all of its groups.
    let hub = hub.maximum_groups_per_connection(1_000_000);
    let bench = hub.build(BenchHub);
    let app = Router::new().map_hub("/bench", bench.endpoint());
    let listener = hubwire::listen(options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    hubwire::serve(listener, app)
        .with(&signalr)
        .until(hubwire::shutdown_signal())
        .await
}
