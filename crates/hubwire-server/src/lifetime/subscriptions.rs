//! Which channels of the backplane this node hears, brought about one step at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubwire_core::{Backplane, BackplaneError, Channel};
use tokio::sync::watch;

/// Subscribes and unsubscribes so that the last wish for each channel wins.
///
/// A channel's steps run one after another, those of different channels side by side; no lock is held
/// while the broker is asked.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    channels: Mutex<HashMap<Channel, Wish>>,
}

#[derive(Debug)]
struct Wish {
    wanted: bool,
    /// Tells each waiter when the broker has been asked for the last time.
    settled: watch::Receiver<bool>,
}

impl Subscriptions {
    pub(crate) fn new() -> Self {
        Self {
            channels: Mutex::default(),
        }
    }

    /// Resolves when the broker has confirmed what is wanted of the channel.
    pub(crate) async fn want(
        self: &Arc<Self>,
        backplane: &Arc<dyn Backplane>,
        tracker: &tokio_util::task::TaskTracker,
        channel: Channel,
        wanted: bool,
    ) {
        let mut settled = self.wish(backplane, tracker, channel, wanted);
        // An error means that the task is gone with its runtime, and nobody is left to wait.
        let _ = settled.wait_for(|settled| *settled).await;
    }

    fn wish(
        self: &Arc<Self>,
        backplane: &Arc<dyn Backplane>,
        tracker: &tokio_util::task::TaskTracker,
        channel: Channel,
        wanted: bool,
    ) -> watch::Receiver<bool> {
        let mut channels = self.lock();
        if let Some(wish) = channels.get_mut(&channel) {
            wish.wanted = wanted;
            return wish.settled.clone();
        }
        let (settle, settled) = watch::channel(false);
        let wish = Wish {
            wanted,
            settled: settled.clone(),
        };
        channels.insert(channel.clone(), wish);
        drop(channels);
        let subscriptions = Arc::clone(self);
        let backplane = Arc::clone(backplane);
        tracker.spawn(async move {
            subscriptions.settle(&*backplane, channel, wanted).await;
            // Nobody may be waiting any more.
            let _ = settle.send(true);
        });
        settled
    }

    /// Asks the broker until the last answer is what is still wanted.
    async fn settle(&self, backplane: &dyn Backplane, channel: Channel, mut wanted: bool) {
        loop {
            if let Err(error) = ask(backplane, &channel, wanted).await {
                tracing::warn!(target: "hubwire::backplane", %error, ?channel, wanted, "subscription failed");
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

async fn ask(
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
