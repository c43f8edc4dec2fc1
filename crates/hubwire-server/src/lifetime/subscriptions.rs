//! The backplane channels that this node subscribes to, changed one step at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubwire_core::{Backplane, BackplaneError, Channel};
use tokio::sync::watch;

use crate::node::{Node, caught};

/// Subscribes and unsubscribes so that the latest request for each channel wins.
///
/// The steps of one channel run one after another, those of different channels concurrently. No
/// lock is held while waiting for the broker.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    channels: Mutex<HashMap<Channel, Entry>>,
}

/// What to do with a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Subscribe,
    Unsubscribe,
}

#[derive(Debug)]
struct Entry {
    request: Request,
    /// Closes when the latest request has been carried out.
    settled: watch::Receiver<()>,
}

impl Subscriptions {
    pub(crate) fn new() -> Self {
        Self {
            channels: Mutex::default(),
        }
    }

    /// Requests a state for a channel; a task tells the broker.
    pub(crate) fn want(
        self: &Arc<Self>,
        backplane: &Arc<dyn Backplane>,
        node: &Node,
        channel: Channel,
        request: Request,
    ) {
        let mut channels = self.lock();
        if let Some(entry) = channels.get_mut(&channel) {
            entry.request = request;
            return;
        }
        let (settle, settled) = watch::channel(());
        channels.insert(channel.clone(), Entry { request, settled });
        drop(channels);
        let subscriptions = Arc::clone(self);
        let backplane = Arc::clone(backplane);
        node.spawn(async move {
            subscriptions.settle(&*backplane, channel, request).await;
            drop(settle);
        });
    }

    /// Resolves once the broker has confirmed the latest request for a channel.
    pub(crate) async fn settled(&self, channel: &Channel) {
        let settled = self.lock().get(channel).map(|entry| entry.settled.clone());
        if let Some(mut settled) = settled {
            // The sender is dropped once the channel is settled.
            while settled.changed().await.is_ok() {}
        }
    }

    /// Subscribes and unsubscribes until the last step matches the latest request.
    async fn settle(&self, backplane: &dyn Backplane, channel: Channel, mut request: Request) {
        loop {
            match caught(step(backplane, &channel, request)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(target: "hubwire::backplane", %error, ?channel, ?request, "subscription failed");
                }
                Err(panic) => panic.log("a subscription"),
            }
            let mut channels = self.lock();
            match channels.get(&channel) {
                Some(entry) if entry.request != request => request = entry.request,
                _ => {
                    channels.remove(&channel);
                    return;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Channel, Entry>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn step(
    backplane: &dyn Backplane,
    channel: &Channel,
    request: Request,
) -> Result<(), BackplaneError> {
    let channels = vec![channel.clone()];
    match request {
        Request::Subscribe => backplane.subscribe(channels).await,
        Request::Unsubscribe => backplane.unsubscribe(channels).await,
    }
}
