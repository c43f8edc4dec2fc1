//! Spans for OpenTelemetry, by OTLP over HTTP: to a collector on this machine or in its network.

use std::env;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// How long the collector may take for one batch of spans.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// The variables that say where to send spans; the exporter reads them, and others of
/// OpenTelemetry's specification, itself.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/// Returns what sends spans, if a variable says where to.
pub(super) fn provider() -> anyhow::Result<Option<SdkTracerProvider>> {
    let set = ENDPOINTS.map(|name| (name, env::var(name).unwrap_or_default()));
    let Some((name, endpoint)) = set.iter().find(|(_, endpoint)| !endpoint.is_empty()) else {
        return Ok(None);
    };
    ensure!(
        endpoint.starts_with("http://"),
        "{name} is {endpoint}; spans are sent over plain HTTP, to a collector such as http://127.0.0.1:4318"
    );
    let client = RuntimeClient {
        runtime: Handle::current(),
        client: HyperClient::with_default_connector(REQUEST_TIMEOUT, None),
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .build()
        .with_context(|| format!("spans cannot be sent to {endpoint} ({name})"))?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource());
    // The traces of clients are continued: W3C's `traceparent`.
    global::set_text_map_propagator(TraceContextPropagator::new());
    Ok(Some(provider.build()))
}

/// Describes this process; variables of the operator win.
fn resource() -> Resource {
    let resource = Resource::builder();
    if env::var_os("OTEL_SERVICE_NAME").is_some() {
        return resource.build();
    }
    resource.with_service_name("shopnest").build()
}

/// Returns the layer that passes the spans of the shop and its hubs on, whatever the log shows.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("shopnest"));
    layer.with_filter(filter_fn(is_ours))
}

/// Leaves out the spans of libraries, those of this exporter's own requests among them.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    metadata.is_span() && (target.starts_with("hubwire") || target.starts_with("shopnest"))
}

/// A client for the exporter, whose thread has no runtime of its own.
#[derive(Debug)]
struct RuntimeClient {
    runtime: Handle,
    client: HyperClient,
}

#[async_trait]
impl HttpClient for RuntimeClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        // The task ends with its timeout, and here somebody waits for it.
        let sent = self
            .runtime
            .spawn(async move { client.send_bytes(request).await });
        sent.await?
    }
}
