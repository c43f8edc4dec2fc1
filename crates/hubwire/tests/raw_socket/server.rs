//! A server with a hub under many options, and a bystander that must not notice what a test does.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hubwire::connections::MapConnections;
use hubwire::options::{KeepConnection, KeepRequest};
use hubwire::{
    ConnectionRequest, HubBuilder, HubHandle, MapHub, Principal, SignalR, Statistics, UserId,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use test_support::client::Client;
use test_support::hubs::{Gate, Hook, ProbeHub};
use test_support::journal::Journal;
use test_support::requests::{self, Response};

use crate::WIRE;
use crate::raw_connections::{Deaf, Echo};

const PATIENCE: Duration = Duration::from_secs(10);

/// How long `/hasty` waits for a client's WebSocket Close.
pub(crate) const HASTY_CLOSE_TIMEOUT: Duration = Duration::from_millis(200);

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) signalr: SignalR,
    pub(crate) journal: Journal,
    pub(crate) gate: Gate,
    /// The hub at `/narrow`, which queues few bytes for a client.
    pub(crate) narrow: HubHandle<ProbeHub>,
    /// The hub at `/quiet`, which never pings.
    pub(crate) quiet: HubHandle<ProbeHub>,
    /// The hub at `/of-users`, where the query says who is the user.
    pub(crate) of_users: HubHandle<ProbeHub>,
    bystander: Client,
    end: Option<oneshot::Sender<()>>,
    serving: JoinSet<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let signalr = SignalR::new();
        let hub = ProbeHub::default();
        let narrow = quiet_hub(&signalr, "narrow")
            .outbound_buffer_size(64 * 1024)
            .maximum_outbound_buffer_size(64 * 1024)
            .build(hub.clone());
        let quiet = quiet_hub(&signalr, "quiet").build(hub.clone());
        let of_users = hub_of_users(&signalr, "of-users").build(hub.clone());
        let newest = hub_of_users(&signalr, "newest")
            .one_connection_per_user(KeepConnection::Newest)
            .build(hub.clone());
        let oldest = hub_of_users(&signalr, "oldest")
            .one_connection_per_user(KeepConnection::Oldest)
            .build(hub.clone());
        let app = options(&signalr, &hub)
            .merge(hooks(&signalr, &hub))
            .map_hub("/narrow", narrow.endpoint())
            .map_hub("/quiet", quiet.endpoint())
            .map_hub("/of-users", of_users.endpoint())
            .map_hub("/newest", newest.endpoint())
            .map_hub("/oldest", oldest.endpoint())
            .map_connections("/echo", signalr.connection_handler(Echo))
            .map_connections("/deaf", signalr.connection_handler(Deaf));
        let (end, ended) = oneshot::channel::<()>();
        let mut serving = JoinSet::new();
        let serve = hubwire::serve(listener, app)
            .with(&signalr)
            .until(async { ended.await.unwrap_or_default() });
        serving.spawn(WIRE.apply(serve, address).into_future());
        Self {
            bystander: Client::open(address, "/bystander").await,
            address,
            signalr,
            journal: hub.journal,
            gate: hub.gate,
            narrow,
            quiet,
            of_users,
            end: Some(end),
            serving,
        }
    }

    /// Opens a connection: upgrade and handshake.
    pub(crate) async fn open(&self, path: &str) -> Client {
        Client::open(self.address, path).await
    }

    /// Upgrades to a WebSocket without sending a handshake.
    pub(crate) async fn upgrade(&self, path: &str) -> Client {
        Client::upgrade(self.address, path).await
    }

    pub(crate) async fn request(&self, line: &str, headers: &str) -> Response {
        requests::request(self.address, line, headers).await
    }

    /// Negotiates version 1 and returns the token.
    pub(crate) async fn negotiate(&self, path: &str) -> String {
        let line = format!("POST {path}/negotiate?negotiateVersion=1");
        let response = self.request(&line, "").await;
        let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        body["connectionToken"].as_str().unwrap().to_owned()
    }

    /// Waits until only the bystander is left.
    pub(crate) async fn until_only_bystander(&self) {
        let mut expected = Statistics::default();
        (expected.connections, expected.tasks, expected.tokens) = (1, 1, 1);
        eventually(|| (self.signalr.statistics(), expected)).await;
    }

    /// Asserts that the bystander was not disturbed, and that nothing else is left behind.
    ///
    /// Returns what the hubs' hooks and methods recorded.
    pub(crate) async fn finish(mut self) -> Vec<String> {
        self.bystander.expect_alive().await;
        self.until_only_bystander().await;
        self.begin_shutdown();
        self.end().await
    }

    /// Resolves the future given to `until`.
    pub(crate) fn begin_shutdown(&mut self) {
        self.end.take().map(|end| end.send(()));
    }

    /// Waits until the server has shut down.
    pub(crate) async fn end(mut self) -> Vec<String> {
        self.bystander
            .expect(r#"{"type":7,"allowReconnect":true}"#)
            .await;
        self.bystander.expect_closed(1000).await;
        let served = tokio::time::timeout(PATIENCE, self.serving.join_next()).await;
        let served = served.expect("the server ends");
        served.expect("one server").unwrap().unwrap();
        assert_eq!(self.signalr.statistics(), Statistics::default());
        self.journal.entries()
    }
}

/// Creates a builder for the hub, which is built many times, each time with another name.
fn hub_named(signalr: &SignalR, name: &str) -> HubBuilder<ProbeHub> {
    signalr.hub().name(name)
}

/// Creates a hub that never pings, so the exact bytes for its clients are known.
fn quiet_hub(signalr: &SignalR, name: &str) -> HubBuilder<ProbeHub> {
    hub_named(signalr, name).keep_alive_interval(Duration::from_secs(24 * 60 * 60))
}

/// Creates a quiet hub whose users are what their queries say.
fn hub_of_users(signalr: &SignalR, name: &str) -> HubBuilder<ProbeHub> {
    let of_query = |request: &ConnectionRequest, _: Option<&Principal>| {
        let mut pairs = request.query().split('&');
        pairs.find_map(|pair| pair.strip_prefix("user=").map(UserId::from))
    };
    quiet_hub(signalr, name).user_id_provider(of_query)
}

/// Maps the hub under different options.
fn options(signalr: &SignalR, hub: &ProbeHub) -> Router {
    let plain = hub_named(signalr, "plain").build(hub.clone());
    let detailed = hub_named(signalr, "detailed").detailed_errors(true);
    let small = hub_named(signalr, "small").maximum_receive_message_size(100);
    let unlimited = hub_named(signalr, "unlimited").maximum_receive_message_size(None);
    let hasty = hub_named(signalr, "hasty")
        .detailed_errors(true)
        .handshake_timeout(Duration::from_millis(100))
        .client_timeout_interval(Duration::from_millis(300))
        .build(hub.clone())
        .endpoint()
        .web_socket_close_timeout(HASTY_CLOSE_TIMEOUT);
    let partner = plain
        .endpoint()
        .allowed_origins(["https://partner.example"]);
    Router::new()
        .map_hub("/plain", plain.endpoint())
        .map_hub("/other", plain.endpoint())
        .map_hub("/detailed", detailed.build(hub.clone()).endpoint())
        .map_hub("/small", small.build(hub.clone()).endpoint())
        .map_hub("/unlimited", unlimited.build(hub.clone()).endpoint())
        .map_hub("/hasty", hasty)
        .map_hub("/partner", partner)
        .map_hub(
            "/path-only",
            plain.endpoint().keep_request(KeepRequest::PathOnly),
        )
        .map_hub(
            "/keeps-100",
            plain.endpoint().maximum_kept_request_size(100),
        )
        .map_hub("/minimum-1", plain.endpoint().minimum_protocol_version(1))
        .map_hub("/minimum-2", plain.endpoint().minimum_protocol_version(2))
        .map_hub(
            "/bystander",
            quiet_hub(signalr, "bystander")
                .build(ProbeHub::default())
                .endpoint(),
        )
}

/// Maps the hub with hooks that misbehave.
fn hooks(signalr: &SignalR, hub: &ProbeHub) -> Router {
    let connecting = |connecting| ProbeHub {
        connecting,
        ..hub.clone()
    };
    let disconnecting = |disconnecting| ProbeHub {
        disconnecting,
        ..hub.clone()
    };
    let map = |app: Router, path, hub| {
        let hub = hub_named(signalr, path).build(hub);
        app.map_hub(path, hub.endpoint())
    };
    let app = Router::new();
    let app = map(app, "/connecting-fails", connecting(Hook::Fails));
    let app = map(app, "/connecting-panics", connecting(Hook::Panics));
    let app = map(app, "/connecting-waits", connecting(Hook::Waits));
    let app = map(app, "/disconnecting-fails", disconnecting(Hook::Fails));
    let app = map(app, "/disconnecting-waits", disconnecting(Hook::Waits));
    let app = map(app, "/disconnecting-panics", disconnecting(Hook::Panics));
    let detailed = hub_named(signalr, "connecting-panics-detailed").detailed_errors(true);
    app.map_hub(
        "/connecting-panics-detailed",
        detailed.build(connecting(Hook::Panics)).endpoint(),
    )
}

/// Polls until two values are equal.
async fn eventually<T: PartialEq + std::fmt::Debug>(mut both: impl FnMut() -> (T, T)) {
    let polling = async {
        loop {
            let (is, expected) = both();
            if is == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, polling).await.is_err() {
        let (is, expected) = both();
        assert_eq!(is, expected, "in time");
    }
}
