//! What becomes of messages to clients that are busy, over real sockets and every transport.
//!
//! The server's socket buffers are small, so a client that does not read is soon busy.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use hubwire::protocol::{HubProtocol, Transport};
use hubwire::{HubHandle, MapHub, SignalR};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use test_support::way_out::*;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

const MIB: usize = 1024 * KIB;

const SYMBOLS: usize = 1_000;

/// Each round has one price of each symbol.
const ROUNDS: usize = 24;

const ROUND: Duration = Duration::from_millis(500);

const SMALL_BUFFER: u32 = 8 * 1024;

/// How long messages may wait for a client that pulls, before it counts as busy.
const UNTIL_BUSY: Duration = Duration::from_secs(3);

const WAYS: [(HubProtocol, Transport); 5] = [
    (HubProtocol::Json, Transport::WebSockets),
    (HubProtocol::MessagePack, Transport::WebSockets),
    (HubProtocol::Json, Transport::ServerSentEvents),
    (HubProtocol::Json, Transport::LongPolling),
    (HubProtocol::MessagePack, Transport::LongPolling),
];

struct Exchange {
    signalr: SignalR,
    hub: HubHandle<WayOutHub>,
    address: SocketAddr,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Exchange {
    async fn open() -> Self {
        let signalr = SignalR::new();
        let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
        let app = axum::Router::new().map_hub("/hub", hub.endpoint());
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(SMALL_BUFFER).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(hubwire::serve(listener, app).with(&signalr).into_future());
        Self {
            signalr,
            hub,
            address,
            _serving: serving,
        }
    }

    async fn connect(&self, (protocol, transport): (HubProtocol, Transport)) -> Client {
        let buffer = Some(SMALL_BUFFER);
        Client::speaking(protocol, transport, self.address, buffer).await
    }

    /// Sends one price of each symbol: the number of the round.
    async fn send_prices(&self, round: usize) {
        let all = self.hub.context().clients().all();
        for number in 0..SYMBOLS {
            let symbol = format!("S{number:03}");
            all.latest(&*symbol).text(round, &symbol).await.unwrap();
        }
    }
}

/// The prices that a client has read.
struct Reader {
    way: (HubProtocol, Transport),
    client: Client,
    newest: BTreeMap<String, usize>,
    read: usize,
}

impl Reader {
    async fn connect(exchange: &Exchange, way: (HubProtocol, Transport)) -> Self {
        Self {
            way,
            client: exchange.connect(way).await,
            newest: BTreeMap::new(),
            read: 0,
        }
    }

    async fn read(mut self, count: usize) -> Self {
        for _ in 0..count {
            self.read_one().await;
        }
        self
    }

    /// Reads until it has the last price of every symbol; nothing can be queued then.
    async fn read_to_the_newest(mut self) -> Self {
        let is_newest = |newest: &BTreeMap<_, _>| newest.values().all(|it| *it == ROUNDS - 1);
        while self.newest.len() < SYMBOLS || !is_newest(&self.newest) {
            self.read_one().await;
        }
        self
    }

    async fn read_one(&mut self) {
        let message = timeout(PATIENCE, self.client.message()).await;
        let message = message.unwrap_or_else(|_| panic!("{:?} misses prices", self.way));
        let message = message.unwrap_or_else(|| panic!("{:?} was let go", self.way));
        let (price, symbol) = serde_json::from_value(message["arguments"].clone()).unwrap();
        let older = self.newest.insert(symbol, price);
        assert!(older.is_none_or(|older| older < price), "{:?}", self.way);
        self.read += 1;
    }
}

/// Runs in one thread, so that all of it reports to this recorder.
struct Dropped(DebuggingRecorder);

impl Dropped {
    /// Returns how many messages were dropped for each reason.
    fn take(&self) -> BTreeMap<String, usize> {
        let measured = self.0.snapshotter().snapshot().into_vec().into_iter();
        let dropped = measured.filter_map(|(key, _, _, value)| {
            let key = key.key();
            let reason = key.labels().find(|label| label.key() == "reason")?;
            match value {
                DebugValue::Counter(count @ 1..) if key.name() == "hubwire.outbound.dropped" => {
                    Some((reason.value().to_owned(), usize::try_from(count).unwrap()))
                }
                _ => None,
            }
        });
        dropped.collect()
    }
}

#[tokio::test]
async fn who_reads_a_tenth_of_the_prices_ends_with_the_newest_of_each_symbol() {
    let dropped = Dropped(DebuggingRecorder::new());
    let _recording = metrics::set_default_local_recorder(&dropped.0);
    let exchange = Exchange::open().await;
    let mut slow = Vec::new();
    for way in WAYS {
        let mut reader = Reader::connect(&exchange, way).await;
        // In small pieces; a long one would hold prices that were replaced meanwhile.
        reader.client = reader.client.at(100_000);
        slow.push(reader);
    }
    let mut fast = JoinSet::new();
    let reader = Reader::connect(&exchange, WAYS[0]).await;
    fast.spawn(reader.read_to_the_newest());
    for round in 0..ROUNDS {
        let next = Instant::now() + ROUND;
        exchange.send_prices(round).await;
        let mut reading = JoinSet::new();
        for reader in slow {
            reading.spawn(reader.read(SYMBOLS / 10));
        }
        slow = reading.join_all().await;
        // Those that pull are busy only two seconds later; until then, everything is queued.
        let statistics = exchange.signalr.statistics();
        let most = WAYS.len() * 6 * SYMBOLS;
        assert!(
            statistics.outbound_messages <= most && statistics.outbound_memory <= 4 * MIB,
            "{statistics:?}"
        );
        sleep_until(next).await;
    }
    let mut reading = JoinSet::new();
    for reader in slow {
        reading.spawn(reader.read_to_the_newest());
    }
    let slow = reading.join_all().await;
    let fast = fast.join_all().await;
    let sent = SYMBOLS * ROUNDS;
    for reader in &slow {
        assert!(reader.read < sent / 2, "{:?}: {}", reader.way, reader.read);
    }
    assert_eq!(exchange.signalr.statistics().connections, WAYS.len() + 1);
    // The metrics are passed on once a second.
    sleep(Duration::from_millis(2_500)).await;
    let read: usize = slow.iter().chain(&fast).map(|reader| reader.read).sum();
    let replaced = sent * (WAYS.len() + 1) - read;
    assert_eq!(
        dropped.take(),
        BTreeMap::from([("replaced".to_owned(), replaced)])
    );
}

#[tokio::test]
async fn volatile_messages_to_busy_clients_are_dropped_and_counted_and_no_others() {
    const VOLATILE: usize = 100;
    let dropped = Dropped(DebuggingRecorder::new());
    let _recording = metrics::set_default_local_recorder(&dropped.0);
    let exchange = Exchange::open().await;
    let mut busy = Vec::new();
    for way in WAYS {
        busy.push((way, exchange.connect(way).await));
    }
    let all = exchange.hub.context().clients().all();
    // The second waits, because the first is more than all buffers hold.
    for number in 0..2 {
        all.text(number, &"x".repeat(MIB)).await.unwrap();
        sleep(UNTIL_BUSY).await;
    }
    for _ in 0..VOLATILE {
        all.volatile().text(99, "lost").await.unwrap();
    }
    all.text(2, "kept").await.unwrap();
    for (way, client) in &mut busy {
        for number in 0..3 {
            let message = timeout(PATIENCE, client.message()).await.unwrap().unwrap();
            assert_eq!(message["arguments"][0], number, "{way:?}");
        }
    }
    // Nobody is busy now.
    sleep(UNTIL_BUSY).await;
    all.volatile().text(3, "heard").await.unwrap();
    for (way, client) in &mut busy {
        let message = timeout(PATIENCE, client.message()).await.unwrap().unwrap();
        assert_eq!(message["arguments"][0], 3, "{way:?}");
    }
    sleep(Duration::from_millis(2_500)).await;
    let expected = VOLATILE * WAYS.len();
    assert_eq!(
        dropped.take(),
        BTreeMap::from([("volatile".to_owned(), expected)])
    );
}
