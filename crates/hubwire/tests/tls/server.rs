//! A server that speaks TLS over pipes, so that it runs under a paused clock.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use futures_util::stream;
use hubwire::{HubHandle, MapHub, Serve, SignalR};
use test_support::handed_over::HandedOver;
use test_support::http2::Http2;
use test_support::http2_frames::Frames;
use test_support::hubs::ProbeHub;
use test_support::tls::*;
use test_support::way_out::{KIB, WayOutHub};
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::client::TlsStream;

pub(crate) type Encrypted = TlsStream<DuplexStream>;

/// Longer than a connection takes to end once its client has left.
const PATIENCE: Duration = Duration::from_secs(10);

/// The size of the response at `/file`, in one piece.
pub(crate) const FILE_SIZE: usize = 10_000 * KIB;

/// A server whose connections are pipes of 64 KiB.
pub(crate) struct PipeServer {
    pub(crate) pipes: UnboundedSender<DuplexStream>,
    pub(crate) certificate: Certificate,
    pub(crate) files: PemFiles,
    pub(crate) signalr: SignalR,
    /// The hub at `/hub`.
    pub(crate) hub: HubHandle<WayOutHub>,
    /// The hub at `/probe`, which takes messages of up to 4 MB.
    pub(crate) probe: ProbeHub,
    end: Option<oneshot::Sender<()>>,
    serving: JoinSet<io::Result<()>>,
}

/// Returns the application, its hub at `/hub`, and that at `/probe`.
pub(crate) fn app(signalr: &SignalR) -> (Router, HubHandle<WayOutHub>, ProbeHub) {
    let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
    let probe = ProbeHub::default();
    let probes = signalr.hub().maximum_receive_message_size(4_000_000);
    let app = Router::new()
        .route("/", get("hello"))
        .route("/file", get(|| async { "x".repeat(FILE_SIZE) }))
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("boom")
                }
            }),
        )
        .route("/panic-in-body", get(|| async { panicking() }))
        .map_hub("/hub", hub.endpoint())
        .map_hub("/probe", probes.build(probe.clone()).endpoint());
    (app, hub, probe)
}

/// A body that panics behind its first piece.
fn panicking() -> Body {
    let pieces = stream::unfold(0, |number| async move {
        assert_eq!(number, 0, "boom");
        Some((Ok::<_, Infallible>(Bytes::from_static(b"piece")), 1))
    });
    Body::from_stream(pieces)
}

impl PipeServer {
    pub(crate) fn start() -> Self {
        Self::with(|serve| serve)
    }

    pub(crate) fn with(
        limit: impl FnOnce(Serve<HandedOver<DuplexStream>>) -> Serve<HandedOver<DuplexStream>>,
    ) -> Self {
        let (pipes, accepted) = HandedOver::new();
        let signalr = SignalR::new();
        let (app, hub, probe) = app(&signalr);
        let certificate = Certificate::new();
        let files = PemFiles::new(&certificate);
        let (end, ended) = oneshot::channel();
        let serve = hubwire::serve(accepted, app)
            .with(&signalr)
            .tls(files.tls());
        let serve = limit(serve).until(async { ended.await.unwrap_or(()) });
        let mut serving = JoinSet::new();
        serving.spawn(serve.into_future());
        Self {
            pipes,
            certificate,
            files,
            signalr,
            hub,
            probe,
            end: Some(end),
            serving,
        }
    }

    /// Connects without a handshake, over a line that holds this many bytes.
    pub(crate) fn connect(&self, capacity: usize) -> DuplexStream {
        let (near, far) = duplex(capacity);
        self.pipes.send(far).unwrap();
        near
    }

    pub(crate) async fn encrypted(&self, protocols: &[&[u8]]) -> Encrypted {
        let connector = self.certificate.client(protocols);
        connect(&connector, self.connect(64 * KIB)).await
    }

    pub(crate) async fn http2(&self) -> Http2 {
        Http2::over(self.encrypted(&[HTTP_2]).await).await
    }

    pub(crate) async fn frames(&self, settings: &[(u16, u32)]) -> Frames<Encrypted> {
        Frames::open(self.encrypted(&[HTTP_2]).await, settings).await
    }

    pub(crate) fn connections(&self) -> usize {
        self.signalr.statistics().connections
    }

    /// Waits until there are this many connections to hubs.
    pub(crate) async fn until_connections(&self, count: usize) {
        let reached = async {
            while self.connections() != count {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let reached = timeout(PATIENCE, reached).await;
        assert!(
            reached.is_ok(),
            "{} in place of {count}",
            self.connections()
        );
    }

    pub(crate) async fn broadcast(&self, number: usize, text: &str) {
        let all = self.hub.context().clients().all();
        all.text(number, text).await.unwrap();
    }

    /// Begins the shutdown.
    pub(crate) fn end(&mut self) {
        self.end.take().unwrap().send(()).unwrap();
    }

    /// Waits for the end of the shutdown.
    pub(crate) async fn ended(&mut self) {
        let served = self.serving.join_next().await.expect("it was serving");
        served.unwrap().unwrap();
    }
}
