//! Kicks that race with arrivals, group joins and polls on every transport, and users of whom many
//! arrive at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hubwire::options::KeepConnection;
use hubwire::testing::{Received, TestClient};
use hubwire::{
    Disconnect, DisconnectReason, HubCallerContext, HubContext, HubEndpoint, HubError, HubResult,
    Principal, hub,
};
use test_support::http_client::{HANDSHAKE, HttpClient};
use test_support::in_memory::*;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Notes `+id` for each connection that it has accepted, and `-id` for each end that it is told.
struct CrowdHub {
    gate: Gate,
    log: Log,
    hanging: Arc<AtomicUsize>,
}

#[hub]
impl CrowdHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.groups().add(cx.connection_id(), "everybody").await?;
        match cx
            .principal()
            .and_then(|it| it.claim("mood").map(str::to_owned))
            .as_deref()
        {
            Some("fails") => return Err(HubError::new("no")),
            Some("panics") => panic!("secret"),
            Some("hangs") => {
                self.hanging.fetch_add(1, Ordering::SeqCst);
                self.gate.passed().await;
            }
            Some("waits") => cx.connection_aborted().cancelled().await,
            _ => {}
        }
        self.log.note(format!("+{}", cx.connection_id()));
        Ok(())
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>, _reason: &DisconnectReason) {
        self.log.note(format!("-{}", cx.connection_id()));
        if cx
            .principal()
            .is_some_and(|it| it.has_claim("mood", "stays"))
        {
            self.gate.passed().await;
        }
    }

    pub async fn join(&self, cx: &HubCallerContext<Self>, group: String) -> HubResult {
        cx.groups().add(cx.connection_id(), group).await?;
        Ok(())
    }

    pub fn echo(&self, text: String) -> String {
        text
    }
}

struct Crowd {
    server: TestServer<CrowdHub>,
    gate: Gate,
    log: Log,
    hanging: Arc<AtomicUsize>,
}

impl Crowd {
    fn keeping(keep: Option<KeepConnection>) -> Self {
        let (gate, log, hanging) = (Gate::closed(), Log::default(), Arc::default());
        let hub = CrowdHub {
            gate: gate.clone(),
            log: log.clone(),
            hanging: Arc::clone(&hanging),
        };
        let server = TestServer::with(hub, |hub| hub.one_connection_per_user(keep));
        Self {
            server,
            gate,
            log,
            hanging,
        }
    }

    /// Checks that the hub was told of each end exactly once, and of no other.
    fn each_end_is_told_once(&self) {
        let mut balance = BTreeMap::<String, (usize, usize)>::new();
        for note in self.log.take() {
            let (sign, id) = note.split_at(1);
            let counts = balance.entry(id.to_owned()).or_default();
            match sign {
                "+" => counts.0 += 1,
                _ => counts.1 += 1,
            }
        }
        for (id, counts) in balance {
            assert_eq!(counts, (1, 1), "{id}");
        }
    }
}

/// Polls as a client does: until a Close, or the end.
async fn polls_until_the_close(client: &HttpClient) {
    loop {
        let answer = client.poll().await;
        if answer.status != 200 || answer.body.contains(r#""type":7"#) {
            return;
        }
    }
}

/// Connects over one of the transports and stays until it is told to go.
async fn visit(endpoint: HubEndpoint, context: HubContext<CrowdHub>, number: usize) {
    let user = format!("user{}", number % 4);
    match number % 3 {
        0 => {
            let mut client = TestClient::open(&endpoint, Some(Principal::new([("sub", &*user)])));
            if client.send_bytes(HANDSHAKE.as_bytes()).await.is_err() {
                return;
            }
            let _ = client.start("Join", ("late",)).await;
            while matches!(client.receive().await, Ok(Received::Message(it)) if it["type"] != 7) {}
        }
        1 => {
            let client = HttpClient::negotiate_as(&endpoint, Some(&user)).await;
            let posting = client.clone();
            let mut posts = JoinSet::new();
            posts.spawn(async move { posting.post(HANDSHAKE).await.status });
            let id = client.connection_id.clone();
            posts.spawn(async move {
                for _ in 0..20 {
                    let _ = context.groups().add(&*id, "late").await;
                    tokio::task::yield_now().await;
                }
                0
            });
            while client.poll().await.status == 200 {}
            posts.join_all().await;
        }
        _ => {
            let client = HttpClient::negotiate_as(&endpoint, Some(&user)).await;
            let posting = client.clone();
            let mut posts = JoinSet::new();
            posts.spawn(async move { posting.post(HANDSHAKE).await.status });
            let response = client.get_event_stream().await;
            if response.status() == 200 {
                let _ = axum::body::to_bytes(response.into_body(), usize::MAX).await;
            }
            posts.join_all().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kicks_race_with_arrivals_joins_and_polls_on_each_transport() {
    for keep in [
        None,
        Some(KeepConnection::Newest),
        Some(KeepConnection::Oldest),
    ] {
        let crowd = Crowd::keeping(keep);
        let mut visitors = JoinSet::new();
        for number in 0..600 {
            let (endpoint, context) = (crowd.server.endpoint.clone(), crowd.server.context());
            visitors.spawn(async move {
                for _ in 0..number % 13 {
                    tokio::task::yield_now().await;
                }
                visit(endpoint, context, number).await;
            });
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let mut kickers = JoinSet::new();
        for number in 0..3_usize {
            let (context, is_over) = (crowd.server.context(), Arc::clone(&is_over));
            kickers.spawn(async move {
                let mut round = number;
                while !is_over.load(Ordering::SeqCst) {
                    let goodbye = Disconnect::allowing_reconnect();
                    match round % 6 {
                        0 => context.disconnect_group("everybody", goodbye),
                        1 => context.disconnect_group("late", goodbye),
                        other => context.disconnect_user(format!("user{}", other - 2), goodbye),
                    };
                    round += 1;
                    tokio::task::yield_now().await;
                }
            });
        }
        let all = timeout(seconds(60), async {
            while visitors.join_next().await.is_some() {}
        });
        let all = all.await;
        is_over.store(true, Ordering::SeqCst);
        kickers.join_all().await;
        let left = crowd.server.signalr.statistics();
        assert!(
            all.is_ok(),
            "with {keep:?}, of those who visit, some stay: {left:?}"
        );
        crowd.server.leaves_nothing_behind_soon().await;
        crowd.each_end_is_told_once();
    }
}

/// Their hooks fail, panic, wait for the end or hang, or all is well.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_arrivals_of_one_user_with_hooks_of_every_kind() {
    const MOODS: [&str; 5] = ["well", "fails", "panics", "waits", "hangs"];
    for keep in [KeepConnection::Newest, KeepConnection::Oldest] {
        for polls in [false, true] {
            let crowd = Crowd::keeping(Some(keep));
            let mut arrivals = JoinSet::new();
            for number in 0..100 {
                // Tokens of those who do not poll again are kept that long.
                let endpoint = crowd.server.endpoint.clone();
                let endpoint = endpoint.disconnect_timeout(seconds(2));
                arrivals.spawn(async move {
                    let mood = MOODS[number % MOODS.len()];
                    let ann = Principal::new([("sub", "ann"), ("mood", mood)]);
                    if polls {
                        let client = HttpClient::negotiate_as(&endpoint, Some("ann")).await;
                        let client = client.with_principal(ann);
                        let posting = client.clone();
                        let mut posts = JoinSet::new();
                        posts.spawn(async move { posting.post(HANDSHAKE).await.status });
                        polls_until_the_close(&client).await;
                        posts.join_all().await;
                    } else {
                        let mut client = TestClient::open(&endpoint, Some(ann));
                        if client.send_bytes(HANDSHAKE.as_bytes()).await.is_ok() {
                            while matches!(client.receive().await, Ok(Received::Message(it)) if it["type"] != 7) {}
                        }
                    }
                });
            }
            let context = crowd.server.context();
            let gone = async {
                while !arrivals.is_empty() {
                    tokio::select! {
                        Some(ended) = arrivals.join_next() => ended.unwrap(),
                        () = pass(std::time::Duration::from_millis(50)) => {
                            context.disconnect_user("ann", Disconnect::for_good());
                        }
                    }
                }
            };
            let gone = timeout(seconds(60), gone).await;
            let left = crowd.server.signalr.statistics();
            assert!(gone.is_ok(), "{keep:?}, polls: {polls}: {left:?}");
            crowd.gate.open(crowd.hanging.load(Ordering::SeqCst));
            crowd.server.leaves_nothing_behind_soon().await;
            crowd.each_end_is_told_once();
            // Nothing keeps the user out.
            let mut last = crowd.server.connect_as("ann").await;
            assert_eq!(last.invoke("Echo", ("x",)).await.unwrap(), "x");
            drop(last);
            crowd.server.leaves_nothing_behind_soon().await;
        }
    }
}

/// "A player who opens a second tab goes on there", however long the hook of the first tab takes.
#[tokio::test(start_paused = true)]
async fn the_newest_is_the_one_that_came_last_and_not_the_one_whose_hook_took_longest() {
    let crowd = Crowd::keeping(Some(KeepConnection::Newest));
    let ann = |mood| Some(Principal::new([("sub", "ann"), ("mood", mood)]));
    let mut first = TestClient::open(&crowd.server.endpoint, ann("hangs"));
    first.send_bytes(HANDSHAKE.as_bytes()).await.unwrap();
    settle().await;
    let mut second = crowd.server.connect_as("ann").await;
    assert_eq!(second.invoke("Echo", ("x",)).await.unwrap(), "x");
    crowd.gate.open(1);
    settle().await;
    let echoed = second.invoke("Echo", ("y",)).await;
    assert!(echoed.is_ok(), "the newest is gone: {echoed:?}");
    drop((first, second));
    crowd.server.leaves_nothing_behind().await;
    crowd.each_end_is_told_once();
}
