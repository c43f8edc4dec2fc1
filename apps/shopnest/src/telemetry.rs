//! What the shop tells its operator while it runs: the log and, if wanted, spans.

mod otlp;

use std::io::{self, IsTerminal};
use std::time::Duration;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// How long the last spans may take on their way to the collector.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// The subscriber's parts that must be finished before the process ends.
#[derive(Debug)]
pub(crate) struct Telemetry {
    spans: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Logs to stderr what `RUST_LOG` asks for, and sends spans if OpenTelemetry's variables say
    /// where to.
    ///
    /// # Errors
    ///
    /// If spans cannot be sent to where the variables say.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let spans = otlp::provider()?;
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let log = tracing_subscriber::fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .with_filter(filter);
        tracing_subscriber::registry()
            .with(log)
            .with(spans.as_ref().map(otlp::layer))
            .init();
        Ok(Self { spans })
    }

    /// Sends the spans that are left, for at most three seconds.
    pub(crate) fn finish(self) {
        let Some(spans) = self.spans else {
            return;
        };
        // The runtime sends them while this thread waits.
        let sent = tokio::task::block_in_place(|| spans.shutdown_with_timeout(FLUSH_TIMEOUT));
        if let Err(error) = sent {
            tracing::warn!(%error, "the last spans did not reach the collector");
        }
    }
}
