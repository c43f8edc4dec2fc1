//! What operators and their tools ask for, on a listener of its own: metrics, health, readiness.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn, map_response};
use axum::response::IntoResponse;
use axum::routing::get;
use hubwire::CancellationToken;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use crate::{guard, metrics};

/// Prometheus and a few probes; others are refused.
const MAXIMUM_CONNECTIONS: usize = 100;

/// The content type of Prometheus' text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The listener for operators, which serves until the shop itself has ended.
#[derive(Debug)]
pub(crate) struct Operations {
    listener: TcpListener,
    address: SocketAddr,
    metrics: PrometheusHandle,
}

impl Operations {
    /// Prepares to serve `metrics`.
    pub(crate) fn new(listener: TcpListener, metrics: PrometheusHandle) -> io::Result<Self> {
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            metrics,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shop` has ended; the shop is not ready from `shutdown` on.
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops the shop and closes the listener.
    pub(crate) async fn serve_beside<T>(
        self,
        shop: impl Future<Output = T>,
        shutdown: CancellationToken,
    ) -> T {
        let router = router(self.metrics.clone(), shutdown, self.address);
        let shop_ended = CancellationToken::new();
        let serving = hubwire::serve(self.listener, router)
            .maximum_connections(MAXIMUM_CONNECTIONS)
            .until(shop_ended.clone().cancelled_owned());
        let upkeep = shop_ended.run_until_cancelled(metrics::upkeep(self.metrics));
        let shop = async {
            let outcome = shop.await;
            shop_ended.cancel();
            outcome
        };
        let (outcome, served, _) = tokio::join!(shop, serving, upkeep);
        if let Err(error) = served {
            tracing::error!(%error, "metrics, health and readiness were not served to the end");
        }
        outcome
    }
}

/// Returns the routes of the listener at `address`.
fn router(metrics: PrometheusHandle, shutdown: CancellationToken, address: SocketAddr) -> Router {
    let router = Router::new()
        .route("/metrics", get(render))
        .with_state(metrics)
        .route("/health", get(async || "healthy\n"))
        .route("/ready", get(ready))
        .with_state(shutdown);
    let router = if address.ip().is_loopback() {
        router.layer(from_fn(guard::loopback_host))
    } else {
        router
    };
    router.layer(map_response(guard::no_sniffing))
}

async fn render(State(metrics): State<PrometheusHandle>) -> impl IntoResponse {
    ([(CONTENT_TYPE, TEXT_FORMAT)], metrics.render())
}

/// Responds with 503 from the beginning of the shutdown on, so that no new clients are sent here.
async fn ready(State(shutdown): State<CancellationToken>) -> (StatusCode, &'static str) {
    if shutdown.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

#[cfg(test)]
mod tests;
