//! A server under faults: when they are over, it must hold nothing except its bystander.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hubwire::{
    ConnectionRequest, HubBuilder, HubHandle, MapHub, Principal, SignalR, Statistics, UserId,
};
use tokio::net::TcpListener;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::WIRE;
use crate::bystander::Bystander;
use test_support::client::{Client, HANDSHAKE};
use test_support::hubs::{Gate, Hook, ProbeHub};
use test_support::journal::Journal;
use test_support::line::Line;

const PATIENCE: Duration = Duration::from_secs(8);

/// How long `/hasty` waits for a handshake.
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_millis(100);
/// How long a client that has pinged may be silent at `/hasty`; checked once a second.
pub(crate) const CLIENT_TIMEOUT: Duration = Duration::from_millis(300);
/// How long a socket may refuse bytes at `/hasty`.
pub(crate) const PROGRESS_TIMEOUT: Duration = Duration::from_millis(400);
/// How long `/hasty` waits for a client's WebSocket Close.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_millis(200);

/// How long a client of `/brief` may be away between two polls.
const BRIEF: Duration = Duration::from_secs(4);

/// The largest message that `/large` accepts.
pub(crate) const LARGE: usize = 2 * 1024 * 1024;

/// How many bytes may be queued for a client of `/narrow`.
pub(crate) const NARROW: usize = 512 * 1024;

/// Held exclusively by a test that measures the whole process, and shared by all others.
static PROCESS: RwLock<()> = RwLock::const_new(());

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) signalr: SignalR,
    pub(crate) journal: Journal,
    pub(crate) gate: Gate,
    /// The hub at `/narrow`, which queues few bytes for a client.
    pub(crate) narrow: HubHandle<ProbeHub>,
    bystander: Bystander,
    end: oneshot::Sender<()>,
    serving: JoinSet<std::io::Result<()>>,
    _process: Turn,
}

type Turn = (
    Option<RwLockReadGuard<'static, ()>>,
    Option<RwLockWriteGuard<'static, ()>>,
);

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_in((Some(PROCESS.read().await), None)).await
    }

    /// Waits until no other test runs, and makes other tests wait.
    pub(crate) async fn start_alone() -> Self {
        Self::start_in((None, Some(PROCESS.write().await))).await
    }

    async fn start_in(turn: Turn) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let signalr = SignalR::new();
        let hub = ProbeHub::default();
        let narrow = options(&signalr, "narrow")
            .outbound_buffer_size(NARROW)
            .maximum_outbound_buffer_size(NARROW)
            .build(hub.clone());
        let app = routes(&signalr, &hub).map_hub("/narrow", narrow.endpoint());
        let (end, ended) = oneshot::channel::<()>();
        let mut serving = JoinSet::new();
        let serve = hubwire::serve(listener, app)
            .with(&signalr)
            .until(async { ended.await.unwrap_or_default() });
        serving.spawn(WIRE.apply(serve, address).into_future());
        Self {
            bystander: Bystander::start(address).await,
            address,
            signalr,
            journal: hub.journal,
            gate: hub.gate,
            narrow,
            end,
            serving,
            _process: turn,
        }
    }

    /// Opens a connection: upgrade and handshake.
    pub(crate) async fn open(&self, path: &str) -> Client {
        let mut client = self.upgrade(path).await;
        client.send_text(HANDSHAKE).await;
        client.expect("{}").await;
        client
    }

    /// Upgrades to a WebSocket that sends every write at once, and sends no handshake.
    pub(crate) async fn upgrade(&self, path: &str) -> Client {
        let socket = Line::connect(self.address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Client::upgrade_over(socket, self.address, path, b"").await
    }

    /// Opens a connection with a user that is in a group.
    pub(crate) async fn join(&self, path: &str) -> Client {
        let mut client = self.open(&format!("{path}?user=somebody")).await;
        enter(&mut client).await;
        client
    }

    /// Like [`join`](Self::join), with a client whose kernel buffers few unread bytes.
    pub(crate) async fn join_with_small_window(&self, path: &str) -> Client {
        let path = format!("{path}?user=somebody");
        let mut client = Client::open_with_small_window(self.address, &path).await;
        enter(&mut client).await;
        client
    }

    /// Waits until the server counts nothing except its bystander.
    pub(crate) async fn until_only_bystander(&self) {
        let mut expected = Statistics::default();
        (expected.connections, expected.tasks) = (1, 1);
        (expected.groups, expected.users, expected.tokens) = (1, 1, 1);
        let count = |statistics| (statistics == expected).then_some(());
        self.until(count, "something is left").await;
    }

    /// Waits until the server runs this many tasks besides the bystander's.
    pub(crate) async fn until_tasks(&self, tasks: usize) {
        let count = |statistics: Statistics| (statistics.tasks == 1 + tasks).then_some(());
        self.until(count, "another number of tasks").await;
    }

    /// Like [`until_only_bystander`](Self::until_only_bystander), but ids may still wait for the last poll
    /// of clients that poll.
    pub(crate) async fn until_only_bystander_and_unfetched_ends(&self) {
        let count = |statistics: Statistics| {
            let mut expected = Statistics::default();
            (expected.connections, expected.tasks) = (1, 1);
            (expected.groups, expected.users) = (1, 1);
            expected.tokens = statistics.tokens;
            (statistics == expected).then_some(())
        };
        self.until(count, "something is left").await;
    }

    async fn until(&self, reached: impl Fn(Statistics) -> Option<()>, otherwise: &str) {
        let since = Instant::now();
        while reached(self.signalr.statistics()).is_none() {
            let statistics = self.signalr.statistics();
            assert!(since.elapsed() < PATIENCE, "{otherwise}: {statistics:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Asserts that nothing is left behind and that the bystander was not disturbed.
    ///
    /// Returns what the hubs' hooks and methods recorded.
    pub(crate) async fn finish(self) -> Vec<String> {
        self.until_only_bystander().await;
        let (ending, bystander) = self.begin_shutdown().await;
        ending.end(bystander).await
    }

    /// Starts the shutdown without waiting for anybody; the bystander is idle from here on.
    pub(crate) async fn begin_shutdown(self) -> (Ending, Client) {
        let bystander = self.bystander.stop().await;
        self.end.send(()).unwrap();
        let ending = Ending {
            since: Instant::now(),
            signalr: self.signalr,
            journal: self.journal,
            serving: self.serving,
            _process: self._process,
        };
        (ending, bystander)
    }
}

/// A server that is shutting down.
pub(crate) struct Ending {
    since: Instant,
    pub(crate) signalr: SignalR,
    journal: Journal,
    serving: JoinSet<std::io::Result<()>>,
    _process: Turn,
}

impl Ending {
    /// Waits until the server has shut down; asserts that it holds nothing and that hooks ran in
    /// pairs.
    pub(crate) async fn end(self, bystander: Client) -> Vec<String> {
        self.end_within(PATIENCE, bystander).await
    }

    /// Like [`end`](Self::end), with a time limit.
    pub(crate) async fn end_within(
        mut self,
        limit: Duration,
        mut bystander: Client,
    ) -> Vec<String> {
        bystander
            .expect(r#"{"type":7,"allowReconnect":true}"#)
            .await;
        bystander.expect_closed(1000).await;
        let served = tokio::time::timeout_at(self.since + limit, self.serving.join_next()).await;
        let served = served.expect("the server ends in time");
        served.expect("one server").unwrap().unwrap();
        assert_eq!(self.signalr.statistics(), Statistics::default());
        let journal = self.journal.entries();
        let count = |text| journal.iter().filter(|e| e.starts_with(text)).count();
        assert_eq!(count("connected"), count("disconnected: "), "{journal:?}");
        journal
    }
}

/// Enters a group.
async fn enter(client: &mut Client) {
    client.call("1", "Enter", r#""room""#).await;
    client
        .expect(r#"{"type":3,"invocationId":"1","result":null}"#)
        .await;
}

/// Configures a hub that never pings and takes the user's name from the query.
fn options(signalr: &SignalR, name: &str) -> HubBuilder<ProbeHub> {
    signalr
        .hub()
        .name(name)
        .keep_alive_interval(Duration::from_secs(24 * 60 * 60))
        .user_id_provider(|request: &ConnectionRequest, _: Option<&Principal>| {
            let mut pairs = request.query().trim_start_matches('?').split('&');
            pairs
                .find_map(|pair| pair.strip_prefix("user="))
                .map(UserId::from)
        })
}

fn routes(signalr: &SignalR, hub: &ProbeHub) -> Router {
    let hasty = |name, hub| {
        options(signalr, name)
            .handshake_timeout(HANDSHAKE_TIMEOUT)
            .client_timeout_interval(CLIENT_TIMEOUT)
            .outbound_buffer_size(64 * 1024)
            .build(hub)
            .endpoint()
            .web_socket_close_timeout(CLOSE_TIMEOUT)
            .transport_progress_timeout(PROGRESS_TIMEOUT)
    };
    let large = options(signalr, "large")
        .maximum_receive_message_size(LARGE)
        .detailed_errors(true);
    let waiting = ProbeHub {
        connecting: Hook::Waits,
        ..hub.clone()
    };
    let waits = options(signalr, "connecting-waits").build(waiting.clone());
    let bystanders = options(signalr, "bystander").build(ProbeHub::default());
    let plain = options(signalr, "plain").build(hub.clone());
    Router::new()
        .map_hub("/plain", plain.endpoint())
        .map_hub("/brief", plain.endpoint().disconnect_timeout(BRIEF))
        .map_hub("/large", large.build(hub.clone()).endpoint())
        .map_hub("/connecting-waits", waits.endpoint())
        .map_hub("/hasty", hasty("hasty", hub.clone()))
        .map_hub(
            "/hasty-connecting-waits",
            hasty("hasty-connecting-waits", waiting),
        )
        .map_hub("/bystander", bystanders.endpoint())
}
