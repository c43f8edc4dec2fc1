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
    channels: Mutex<HashMap<Channel, Wish>>,
}

#[derive(Debug)]
struct Wish {
    wanted: bool,
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
        wanted: bool,
    ) {
        let mut channels = self.lock();
        if let Some(wish) = channels.get_mut(&channel) {
            wish.wanted = wanted;
            return;
        }
        let (settle, settled) = watch::channel(());
        channels.insert(channel.clone(), Wish { wanted, settled });
        drop(channels);
        let subscriptions = Arc::clone(self);
        let backplane = Arc::clone(backplane);
        node.spawn(async move {
            subscriptions.settle(&*backplane, channel, wanted).await;
            drop(settle);
        });
    }

    /// Resolves once the broker has confirmed the latest request for a channel.
    pub(crate) async fn settled(&self, channel: &Channel) {
        let settled = self.lock().get(channel).map(|wish| wish.settled.clone());
        if let Some(mut settled) = settled {
            // The sender is dropped once the channel is settled.
            while settled.changed().await.is_ok() {}
        }
    }

    /// Subscribes and unsubscribes until the last step matches the latest request.
    async fn settle(&self, backplane: &dyn Backplane, channel: Channel, mut wanted: bool) {
        loop {
            match caught(step(backplane, &channel, wanted)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(target: "hubwire::backplane", %error, ?channel, wanted, "subscription failed");
                }
                Err(panic) => panic.log("a subscription"),
            }
            let mut channels = self.lock();
            match channels.get(&channel) {
                Some(wish) if wish.wanted != wanted => wanted = wish.wanted,
                _ => {
                    channels.remove(&channel);
                    return;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Channel, Wish>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn step(
    backplane: &dyn Backplane,
    channel: &Channel,
    wanted: bool,
) -> Result<(), BackplaneError> {
    let channels = vec![channel.clone()];
    if wanted {
        backplane.subscribe(channels).await
    } else {
        backplane.unsubscribe(channels).await
    }
}
