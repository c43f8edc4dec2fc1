//! Which channels of the backplane this node hears, brought about one step at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubwire_core::{Backplane, BackplaneError, Channel};
use tokio::sync::watch;

use crate::node::{Node, caught};

/// Subscribes and unsubscribes so that the last wish for each channel wins.
///
/// A channel's steps run one after another, those of different channels side by side; no lock is held
/// while the broker is waited for.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    channels: Mutex<HashMap<Channel, Entry>>,
}

/// What is wanted of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Subscribed,
    Unsubscribed,
}

#[derive(Debug)]
struct Entry {
    wish: Wish,
    /// Closes when the last wish has been carried out.
    settled: watch::Receiver<()>,
}

impl Subscriptions {
    pub(crate) fn new() -> Self {
        Self {
            channels: Mutex::default(),
        }
    }

    /// Says what is wanted of a channel; a task tells the broker.
    pub(crate) fn want(
        self: &Arc<Self>,
        backplane: &Arc<dyn Backplane>,
        node: &Node,
        channel: Channel,
        wish: Wish,
    ) {
        let mut channels = self.lock();
        if let Some(entry) = channels.get_mut(&channel) {
            entry.wish = wish;
            return;
        }
        let (settle, settled) = watch::channel(());
        channels.insert(channel.clone(), Entry { wish, settled });
        drop(channels);
        let subscriptions = Arc::clone(self);
        let backplane = Arc::clone(backplane);
        node.spawn(async move {
            subscriptions.settle(&*backplane, channel, wish).await;
            drop(settle);
        });
    }

    /// Resolves when the broker has confirmed what was last wanted of a channel.
    pub(crate) async fn settled(&self, channel: &Channel) {
        let settled = self.lock().get(channel).map(|entry| entry.settled.clone());
        if let Some(mut settled) = settled {
            // Its sender is dropped when it is settled.
            while settled.changed().await.is_ok() {}
        }
    }

    /// Subscribes and unsubscribes until the last step is what is still wanted.
    async fn settle(&self, backplane: &dyn Backplane, channel: Channel, mut wish: Wish) {
        loop {
            match caught(step(backplane, &channel, wish)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(target: "hubwire::backplane", %error, ?channel, ?wish, "subscription failed");
                }
                Err(panic) => panic.log("a subscription"),
            }
            let mut channels = self.lock();
            match channels.get(&channel) {
                Some(entry) if entry.wish != wish => wish = entry.wish,
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
    wish: Wish,
) -> Result<(), BackplaneError> {
    let channels = vec![channel.clone()];
    match wish {
        Wish::Subscribed => backplane.subscribe(channels).await,
        Wish::Unsubscribed => backplane.unsubscribe(channels).await,
    }
}
