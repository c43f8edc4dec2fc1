//! A collector of OpenTelemetry, as far as spans need one.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use hubwire::CancellationToken;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

/// A collector that keeps what it receives until it is asked for.
pub(crate) struct Collector {
    pub(crate) endpoint: String,
    batches: UnboundedReceiver<ExportTraceServiceRequest>,
    _server: JoinSet<()>,
}

impl Collector {
    pub(crate) async fn open() -> Self {
        let (sender, batches) = unbounded_channel();
        let router = Router::new()
            .route("/v1/traces", post(receive))
            .with_state(sender);
        Self::serving(router, batches).await
    }

    /// Opens a collector that takes every request and never responds.
    pub(crate) async fn open_silent() -> Self {
        let (sender, batches) = unbounded_channel();
        let never = async move |State(sender), body| {
            receive(State(sender), body).await;
            std::future::pending::<()>().await;
        };
        let router = Router::new()
            .route("/v1/traces", post(never))
            .with_state(sender);
        Self::serving(router, batches).await
    }

    async fn serving(
        router: Router,
        batches: UnboundedReceiver<ExportTraceServiceRequest>,
    ) -> Self {
        let listener = hubwire::listen("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        let never = CancellationToken::new();
        server.spawn(async move {
            let served = hubwire::serve(listener, router).until(never.cancelled_owned());
            served.await.unwrap();
        });
        Self {
            endpoint: format!("http://{address}"),
            batches,
            _server: server,
        }
    }

    /// Returns the next span that is `wanted`, with the name of the service that it is from.
    pub(crate) async fn next(&mut self, wanted: impl Fn(&Span) -> bool) -> (String, Span) {
        loop {
            let batch = timeout(PATIENCE, self.batches.recv()).await;
            let batch = batch.expect("a batch of spans arrives").unwrap();
            for resource_spans in batch.resource_spans {
                let resource = resource_spans.resource.unwrap();
                let mut attributes = resource.attributes.into_iter();
                let service = attributes.find(|it| it.key == "service.name").unwrap();
                let spans = resource_spans
                    .scope_spans
                    .into_iter()
                    .flat_map(|it| it.spans);
                if let Some(span) = spans.into_iter().find(&wanted) {
                    return (format!("{:?}", service.value.unwrap().value.unwrap()), span);
                }
            }
        }
    }
}

async fn receive(State(sender): State<UnboundedSender<ExportTraceServiceRequest>>, body: Bytes) {
    let batch = ExportTraceServiceRequest::decode(body).unwrap();
    // The test may have seen enough.
    let _ = sender.send(batch);
}
