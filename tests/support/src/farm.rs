//! Servers that are linked in one process, and the messages between them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};
use hubwire::backplane::{
    Backplane, BackplaneError, BackplaneEvent, Channel, Envelope, InProcessBackplane,
    InProcessFarm, Receivers, Subject,
};
use hubwire::testing::{Received, TestClient};
use hubwire::{ConnectionId, HubCallerContext, HubContext, SignalR, hub};
use serde_json::json;

use crate::in_memory::{Gate, TestServer, heard_within, seconds};

/// What one node does with its backplane, and the faults of that backplane.
#[derive(Clone)]
pub struct Link {
    published: Arc<Mutex<Vec<Subject>>>,
    subscribed: Arc<Mutex<BTreeSet<String>>>,
    given_up: Arc<Mutex<Vec<String>>>,
    failing: Arc<AtomicBool>,
    held: Arc<AtomicBool>,
    panicking: Arc<AtomicBool>,
    /// Whether the next publication panics.
    pub publish_panics: Arc<AtomicBool>,
    /// Whether the next attempt to read events panics.
    pub reading_panics: Arc<AtomicBool>,
    /// Whether the events have ended.
    pub ended: Arc<AtomicBool>,
    pub gate: Gate,
}

impl Link {
    fn new() -> Self {
        Self {
            published: Arc::default(),
            subscribed: Arc::default(),
            given_up: Arc::default(),
            failing: Arc::default(),
            held: Arc::default(),
            panicking: Arc::default(),
            publish_panics: Arc::default(),
            reading_panics: Arc::default(),
            ended: Arc::default(),
            gate: Gate::closed(),
        }
    }

    /// Returns what was published since the last call.
    pub fn take_published(&self) -> Vec<Subject> {
        std::mem::take(&mut lock(&self.published))
    }

    /// Returns the displayed form of each subscription of the node.
    pub fn subscribed(&self) -> Vec<String> {
        lock(&self.subscribed).iter().cloned().collect()
    }

    /// Returns the displayed form of each subscription that was given up since the last call.
    pub fn take_given_up(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.given_up))
    }

    /// Makes the broker unreachable.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::Relaxed);
    }

    /// Makes the broker reachable again.
    pub fn recover(&self) {
        self.failing.store(false, Ordering::Relaxed);
    }

    /// Makes the broker wait at the gate before each confirmation.
    pub fn hold(&self) {
        self.held.store(true, Ordering::Relaxed);
    }

    /// Makes the broker confirm at once again.
    pub fn release(&self) {
        self.held.store(false, Ordering::Relaxed);
    }

    /// Makes the next event or change of subscriptions panic; such an event is lost.
    pub fn panic_once(&self) {
        self.panicking.store(true, Ordering::Relaxed);
    }

    fn panic_if_told(&self) {
        panic_once_if(&self.panicking);
    }

    async fn reach(&self) -> Result<(), BackplaneError> {
        if self.held.load(Ordering::Relaxed) {
            self.gate.passed().await;
        }
        if self.failing.load(Ordering::Relaxed) {
            let reason = "the test says so".to_owned();
            return Err(BackplaneError::Unavailable { reason });
        }
        Ok(())
    }
}

fn panic_once_if(told: &AtomicBool) {
    assert!(!told.swap(false, Ordering::Relaxed), "secret");
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A backplane that is watched and disturbed through its link.
struct Watched {
    inner: InProcessBackplane,
    link: Link,
}

impl Backplane for Watched {
    fn publish(
        &self,
        to: Channel,
        what: Envelope,
    ) -> BoxFuture<'_, Result<Receivers, BackplaneError>> {
        Box::pin(async move {
            panic_once_if(&self.link.publish_panics);
            self.link.reach().await?;
            lock(&self.link.published).push(to.subject.clone());
            self.inner.publish(to, what).await
        })
    }

    fn subscribe(&self, to: Vec<Channel>) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move {
            self.link.panic_if_told();
            self.link.reach().await?;
            let subjects = to.iter().map(|channel| format!("{:?}", channel.subject));
            lock(&self.link.subscribed).extend(subjects);
            self.inner.subscribe(to).await
        })
    }

    fn unsubscribe(&self, from: Vec<Channel>) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move {
            self.link.reach().await?;
            for channel in &from {
                let subject = format!("{:?}", channel.subject);
                lock(&self.link.subscribed).remove(&subject);
                lock(&self.link.given_up).push(subject);
            }
            self.inner.unsubscribe(from).await
        })
    }

    fn events(&self) -> BoxStream<'static, BackplaneEvent> {
        panic_once_if(&self.link.reading_panics);
        let link = self.link.clone();
        if link.ended.load(Ordering::Relaxed) {
            return Box::pin(stream::empty());
        }
        let events = self.inner.events();
        Box::pin(events.inspect(move |_| link.panic_if_told()))
    }
}

pub struct FarmHub;

#[hub]
impl FarmHub {
    pub fn id(&self, cx: &HubCallerContext<Self>) -> ConnectionId {
        cx.connection_id().clone()
    }
}

/// One server of a farm.
pub struct Node {
    pub server: TestServer<FarmHub>,
    pub link: Link,
}

impl Node {
    pub fn new(farm: &InProcessFarm) -> Self {
        let link = Link::new();
        let backplane = Watched {
            inner: farm.node(),
            link: link.clone(),
        };
        let signalr = SignalR::builder().backplane(backplane).build();
        let server = TestServer::on(signalr, FarmHub, |options| options);
        Self { server, link }
    }

    pub fn context(&self) -> HubContext<FarmHub> {
        self.server.context()
    }
}

/// A client and the id of its connection.
pub struct Member {
    pub client: TestClient,
    pub id: String,
}

impl Member {
    pub async fn of(node: &Node) -> Self {
        Self::with(node.server.connect().await).await
    }

    pub async fn with(mut client: TestClient) -> Self {
        let id = client.invoke("Id", ()).await;
        let id = id.expect("the call succeeds");
        let id = id.as_str().expect("an id is text").to_owned();
        Self { client, id }
    }

    /// Returns how often the client received this text, and checks that it received nothing else.
    pub async fn receipts(&mut self, text: &str) -> usize {
        let expected = json!({"type": 1, "target": "News", "arguments": [text]});
        let heard = heard_within(&mut self.client, seconds(1)).await;
        for received in &heard {
            assert_eq!(*received, Received::Message(expected.clone()));
        }
        heard.len()
    }
}
