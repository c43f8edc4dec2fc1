//! Passing on the metrics of a server: once a second, and at its end.

use std::sync::Arc;

use crate::connection::Connection;
use crate::hub::HubRuntime;
use crate::node::{Node, Traffic, guarded_step};
use crate::outbound::Flushers;

/// What was found at the connections of a server.
#[derive(Debug, Default)]
pub(super) struct Measured {
    traffic: Traffic,
    /// The number of connections for which messages wait.
    queued: usize,
}

impl Measured {
    pub(super) fn add(&mut self, connection: &Connection) {
        self.traffic.add(connection.take_traffic());
        self.queued += usize::from(connection.outbound().bytes() > 0);
    }

    /// Passes this on, and everything that was counted elsewhere.
    pub(super) fn pass_on(self, node: &Node, flushers: &Flushers, hubs: &[Arc<HubRuntime>]) {
        guarded_step("the metrics of a node", || {
            let metrics = node.metrics();
            metrics.carried(self.traffic);
            metrics.queued_connections().set(self.queued);
            let memory = flushers.memory().held().get();
            metrics.outbound_memory().set(memory);
            metrics.outbound_unflushed().set(flushers.unflushed());
            node.pass_on_metrics();
        });
        for hub in hubs {
            guarded_step("the metrics of a hub", || hub.pass_on_metrics());
        }
    }
}
