//! A backplane inside one process: links several servers without a broker.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

use crate::{Backplane, BackplaneError, BackplaneEvent, Channel, Envelope, Receivers};

/// The number of envelopes that may wait for a node that does not read them.
const INBOX_LIMIT: usize = 65_536;

/// Links the servers of one process as a broker links those of a farm.
///
/// ```
/// use hubwire::SignalR;
/// use hubwire::backplane::InProcessFarm;
///
/// let farm = InProcessFarm::new();
/// let nodes = [(); 2].map(|()| SignalR::builder().backplane(farm.node()).build());
/// ```
#[derive(Clone, Debug, Default)]
pub struct InProcessFarm {
    inboxes: Arc<Mutex<Vec<Arc<Inbox>>>>,
}

impl InProcessFarm {
    /// Creates a farm without nodes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node and returns its backplane.
    #[must_use]
    pub fn node(&self) -> InProcessBackplane {
        let inbox = Arc::new(Inbox::default());
        lock(&self.inboxes).push(Arc::clone(&inbox));
        InProcessBackplane {
            farm: self.clone(),
            inbox,
        }
    }
}

/// One node's end of an [`InProcessFarm`].
pub struct InProcessBackplane {
    farm: InProcessFarm,
    inbox: Arc<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    state: Mutex<InboxState>,
}

#[derive(Debug, Default)]
struct InboxState {
    subscriptions: HashSet<Channel>,
    events: VecDeque<BackplaneEvent>,
    overflown: bool,
    reader: Option<Waker>,
}

impl Inbox {
    /// Queues an envelope if the node has subscribed to the channel; returns whether it has.
    fn offer(&self, to: &Channel, what: &Envelope) -> bool {
        let mut state = lock(&self.state);
        if !state.subscriptions.contains(to) {
            return false;
        }
        if state.events.len() < INBOX_LIMIT {
            let event = BackplaneEvent::Received(to.clone(), what.clone());
            state.events.push_back(event);
        } else {
            state.overflown = true;
        }
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        true
    }

    fn poll_next(&self, cx: &Context<'_>) -> Poll<BackplaneEvent> {
        let mut state = lock(&self.state);
        if let Some(event) = state.events.pop_front() {
            return Poll::Ready(event);
        }
        if std::mem::take(&mut state.overflown) {
            return Poll::Ready(BackplaneEvent::Up { gap: true });
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Backplane for InProcessBackplane {
    fn publish(
        &self,
        to: Channel,
        what: Envelope,
    ) -> BoxFuture<'_, Result<Receivers, BackplaneError>> {
        Box::pin(async move {
            let inboxes = lock(&self.farm.inboxes).clone();
            let receivers = inboxes.iter().filter(|inbox| inbox.offer(&to, &what));
            Ok(Receivers(receivers.count() as u64))
        })
    }

    fn subscribe(&self, to: Vec<Channel>) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move {
            lock(&self.inbox.state).subscriptions.extend(to);
            Ok(())
        })
    }

    fn unsubscribe(&self, from: Vec<Channel>) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move {
            let mut state = lock(&self.inbox.state);
            for channel in &from {
                state.subscriptions.remove(channel);
            }
            Ok(())
        })
    }

    fn events(&self) -> BoxStream<'static, BackplaneEvent> {
        Box::pin(Events(Arc::clone(&self.inbox)))
    }
}

impl Drop for InProcessBackplane {
    fn drop(&mut self) {
        lock(&self.farm.inboxes).retain(|inbox| !Arc::ptr_eq(inbox, &self.inbox));
    }
}

impl fmt::Debug for InProcessBackplane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessBackplane").finish_non_exhaustive()
    }
}

struct Events(Arc<Inbox>);

impl Stream for Events {
    type Item = BackplaneEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<BackplaneEvent>> {
        self.0.poll_next(cx).map(Some)
    }
}

/// Ignores poisoning: these plain collections are intact even if another holder panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
