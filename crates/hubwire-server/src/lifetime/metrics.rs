//! The metrics of what a hub sends: to clients, and to other nodes.

use ::metrics::SharedString;
use hubwire_core::{HubName, Target};

use crate::node::{BACKPLANE_RECEIVED, BACKPLANE_UNSENT, Count, SENDS};

/// The kinds of targets, as they are called in the metric.
const TARGETS: [&str; 9] = [
    "all",
    "all_except",
    "connection",
    "connections",
    "group",
    "group_except",
    "groups",
    "user",
    "users",
];

/// The metrics of what one hub sends.
#[derive(Debug)]
pub(super) struct SendMetrics {
    sends: [Count; TARGETS.len()],
}

impl SendMetrics {
    pub(super) fn new(hub: &HubName) -> Self {
        let hub = SharedString::from(hub.to_string());
        Self {
            sends: TARGETS.map(|target| Count::new(&SENDS, [hub.clone(), target.into()])),
        }
    }

    /// Counts a send, however many receivers it has.
    pub(super) fn sent(&self, target: &Target) {
        let position = match target {
            Target::All => 0,
            Target::AllExcept(_) => 1,
            Target::Connection(_) => 2,
            Target::Connections(_) => 3,
            Target::Group(_) => 4,
            Target::GroupExcept(..) => 5,
            Target::Groups(_) => 6,
            Target::User(_) => 7,
            Target::Users(_) => 8,
            _ => return,
        };
        if let Some(count) = self.sends.get(position) {
            count.add(1);
        }
    }

    pub(super) fn pass_on(&self) {
        self.sends.iter().for_each(Count::pass_on);
    }
}

/// The metrics of a hub's messages between nodes.
#[derive(Debug)]
pub(super) struct ClusterMetrics {
    pub(super) received: Count,
    pub(super) unsent: Count,
}

impl ClusterMetrics {
    pub(super) fn new(hub: &HubName) -> Self {
        let hub = SharedString::from(hub.to_string());
        Self {
            received: Count::new(&BACKPLANE_RECEIVED, [hub.clone()]),
            unsent: Count::new(&BACKPLANE_UNSENT, [hub]),
        }
    }

    pub(super) fn pass_on(&self) {
        self.received.pass_on();
        self.unsent.pass_on();
    }
}
