//! Servers that are linked in one process, and what passes between them.

#![allow(dead_code, reason = "every test file uses a part of it")]

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

use crate::support::{Gate, TestServer, heard_within, seconds};

/// What one node does with its backplane, and what goes wrong there.
#[derive(Clone)]
pub(crate) struct Link {
    published: Arc<Mutex<Vec<Subject>>>,
    subscribed: Arc<Mutex<BTreeSet<String>>>,
    given_up: Arc<Mutex<Vec<String>>>,
    failing: Arc<AtomicBool>,
    held: Arc<AtomicBool>,
    panicking: Arc<AtomicBool>,
    /// The next publication panics.
    pub(crate) publish_panics: Arc<AtomicBool>,
    /// The next time that somebody wants to read events panics.
    pub(crate) reading_panics: Arc<AtomicBool>,
    /// There are no events.
    pub(crate) ended: Arc<AtomicBool>,
    pub(crate) gate: Gate,
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

    /// What was published since the last time.
    pub(crate) fn take_published(&self) -> Vec<Subject> {
        std::mem::take(&mut lock(&self.published))
    }

    /// What the node is subscribed to, each as it prints.
    pub(crate) fn subscribed(&self) -> Vec<String> {
        lock(&self.subscribed).iter().cloned().collect()
    }

    /// Which subscriptions were given up since the last time, each as it prints.
    pub(crate) fn take_given_up(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.given_up))
    }

    /// Makes the broker unreachable.
    pub(crate) fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::Relaxed);
    }

    /// Makes the broker wait at the gate before each confirmation.
    pub(crate) fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Relaxed);
    }

    /// Makes the next event panic, and be lost, and the next change of subscriptions too.
    pub(crate) fn panic_once(&self) {
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

/// A backplane whose link is watched.
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

pub(crate) struct FarmHub;

#[hub]
impl FarmHub {
    pub fn id(&self, cx: &HubCallerContext<Self>) -> ConnectionId {
        cx.connection_id().clone()
    }
}

/// One server of a farm.
pub(crate) struct Node {
    pub(crate) server: TestServer<FarmHub>,
    pub(crate) link: Link,
}

impl Node {
    pub(crate) fn new(farm: &InProcessFarm) -> Self {
        let link = Link::new();
        let backplane = Watched {
            inner: farm.node(),
            link: link.clone(),
        };
        let signalr = SignalR::builder().backplane(backplane).build();
        let server = TestServer::on(signalr, FarmHub, |options| options);
        Self { server, link }
    }

    pub(crate) fn context(&self) -> HubContext<FarmHub> {
        self.server.context()
    }
}

/// A client and its connection's id.
pub(crate) struct Member {
    pub(crate) client: TestClient,
    pub(crate) id: String,
}

impl Member {
    pub(crate) async fn of(node: &Node) -> Self {
        Self::with(node.server.connect().await).await
    }

    pub(crate) async fn with(mut client: TestClient) -> Self {
        let id = client.invoke("Id", ()).await;
        let id = id.expect("the call succeeds");
        let id = id.as_str().expect("an id is a text").to_owned();
        Self { client, id }
    }

    /// How often it received this text, and nothing else.
    pub(crate) async fn receipts(&mut self, text: &str) -> usize {
        let expected = json!({"type": 1, "target": "News", "arguments": [text]});
        let heard = heard_within(&mut self.client, seconds(1)).await;
        for received in &heard {
            assert_eq!(*received, Received::Message(expected.clone()));
        }
        heard.len()
    }
}
