//! TLS below a hub: held-back records are passed on, and the end is a clean one.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hubwire::protocol::Opcode;
use hubwire::{HubContext, MapHub, SignalR};
use serde_json::json;
use test_support::handed_over::HandedOver;
use test_support::way_out::*;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

type ServerStream = server::TlsStream<DuplexStream>;

struct TlsServer {
    streams: UnboundedSender<ServerStream>,
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    signalr: SignalR,
    context: HubContext<WayOutHub>,
    _serving: JoinSet<io::Result<()>>,
}

fn tls() -> (TlsAcceptor, TlsConnector) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server).into(), Arc::new(client).into())
}

impl TlsServer {
    fn start() -> Self {
        let (acceptor, connector) = tls();
        let (streams, accepted) = HandedOver::new();
        let signalr = SignalR::new();
        let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
        let app = axum::Router::new().map_hub("/hub", hub.endpoint());
        let mut serving = JoinSet::new();
        serving.spawn(hubwire::serve(accepted, app).with(&signalr).into_future());
        Self {
            streams,
            acceptor,
            connector,
            context: hub.context(),
            signalr,
            _serving: serving,
        }
    }

    /// Connects a client over a line that holds this many bytes.
    async fn connect(&self, capacity: usize) -> Client<client::TlsStream<DuplexStream>> {
        let (near, far) = duplex(capacity);
        let name = "localhost".try_into().unwrap();
        // The server still sends session tickets while the client already talks.
        let accept = async {
            let accepted = self.acceptor.accept(near).await.unwrap();
            self.streams.send(accepted).unwrap();
        };
        let open = async { Client::over(self.connector.connect(name, far).await.unwrap()).await };
        tokio::join!(accept, open).1
    }
}

/// However little the line holds, nothing waits for the next ping, which comes after 15 s.
#[tokio::test(start_paused = true)]
async fn a_push_over_tls_arrives_whole_at_once() {
    let server = TlsServer::start();
    for capacity in [64 * KIB, 16 * KIB, 4 * KIB, KIB, 256] {
        let mut client = server.connect(capacity).await;
        let since = Instant::now();
        let text = "x".repeat(30_000);
        server.context.clients().all().text(0, &text).await.unwrap();
        let push = client.message().await.unwrap();
        assert_eq!(push["arguments"], json!([0, text]));
        assert!(since.elapsed() < Duration::from_secs(1), "with {capacity}");
    }
}

/// The end is announced: by a Close message, a Close frame, and TLS's close_notify.
#[tokio::test(start_paused = true)]
async fn a_close_over_tls_arrives_and_ends_it_in_good_order() {
    let server = TlsServer::start();
    let mut client = server.connect(256).await;
    let shutdown = server.signalr.shutdown();
    let goodbye = async {
        let close = client.message().await.unwrap();
        assert_eq!(close, json!({"type": 7, "allowReconnect": true}));
        assert_eq!(client.message().await, None, "a Close frame");
        let normal = 1000_u16.to_be_bytes();
        client.send_frame(Opcode::Close, &normal).await;
        // Rustls reports an end without close_notify as an error.
        let mut rest = Vec::new();
        client.socket.read_to_end(&mut rest).await.unwrap();
    };
    let both = async { tokio::join!(shutdown, goodbye) };
    timeout(PATIENCE, both).await.unwrap();
}
