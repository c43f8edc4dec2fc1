//! What all sides share: the plan, what was sent, who is connected and who was ended.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use hubwire::{CancellationToken, ConnectionId, DisconnectReason};
use tokio::sync::watch;

use crate::plan::Plan;

pub(crate) struct Scene {
    pub(crate) plan: Plan,
    /// Fires when nothing more is to be sent.
    pub(crate) sent_all: CancellationToken,
    /// Fires when nothing more will be sent, and everything sent is counted.
    pub(crate) counted: CancellationToken,
    /// Fires when everybody who is still connected must leave.
    pub(crate) over: CancellationToken,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    /// How many messages each source has sent.
    sent: BTreeMap<String, u64>,
    connected: BTreeMap<String, ConnectionId>,
    ended: BTreeMap<String, DisconnectReason>,
}

impl Scene {
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            plan,
            sent_all: CancellationToken::new(),
            counted: CancellationToken::new(),
            over: CancellationToken::new(),
            state: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn seed(&self) -> u64 {
        self.plan.settings.seed
    }

    /// Returns how many messages a source has sent.
    pub(crate) fn sent(&self, label: &str) -> u64 {
        self.state().sent.get(label).copied().unwrap_or_default()
    }

    pub(crate) fn sent_in_all(&self) -> u64 {
        self.state().sent.values().sum()
    }

    pub(crate) fn note_sent(&self, label: &str, sent: u64) {
        self.state().sent.insert(label.to_owned(), sent);
    }

    pub(crate) fn note_connected(&self, peer: &str, id: ConnectionId) {
        self.state().connected.insert(peer.to_owned(), id);
        self.changed.send_replace(());
    }

    pub(crate) fn note_ended(&self, peer: &str, reason: DisconnectReason) {
        self.state().ended.insert(peer.to_owned(), reason);
        self.changed.send_replace(());
    }

    pub(crate) async fn connected(&self, peer: &str) -> ConnectionId {
        self.until(|state| state.connected.get(peer).cloned()).await
    }

    pub(crate) async fn ended(&self, peer: &str) -> DisconnectReason {
        self.until(|state| state.ended.get(peer).cloned()).await
    }

    /// Returns how many peers of a group were ended, by reason.
    pub(crate) fn endings(&self, group: &str) -> BTreeMap<String, usize> {
        let mut endings = BTreeMap::new();
        for (peer, reason) in &self.state().ended {
            if peer.starts_with(group) {
                *endings.entry(format!("{reason:?}")).or_default() += 1;
            }
        }
        endings
    }

    async fn until<T>(&self, find: impl Fn(&State) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(found) = find(&self.state()) {
                return found;
            }
            changed.changed().await.unwrap();
        }
    }
}
