//! A connection in the metrics: that it is open, and for how long it was.

use std::time::Duration;

use hubwire_protocol::Transport;

use super::Session;
use crate::connection::{Connection, DisconnectReason};
use crate::node::{CONNECTION_DURATION, record, transport_tag};

/// Counts a connection as open; returns the milliseconds from when the node was built until now.
pub(super) fn begin(connection: &Connection, transport: Transport) -> u64 {
    let node = connection.outbound().node();
    node.metrics().active_connections(transport).raise();
    node.now()
}

impl Drop for Session {
    fn drop(&mut self) {
        let (connection, transport) = (self.connection(), self.wire.transport().kind.transport);
        let node = connection.outbound().node();
        node.metrics().active_connections(transport).lower();
        node.metrics().carried(connection.take_traffic());
        let status = match connection.end_reason() {
            Some(DisconnectReason::ServerShutdown) => "app_shutdown",
            Some(DisconnectReason::ClientTimedOut | DisconnectReason::TooSlow) => "timeout",
            _ => "normal_closure",
        };
        let duration = Duration::from_millis(node.now().saturating_sub(self.since));
        record(|| {
            let labels = [status.into(), transport_tag(transport).into()];
            CONNECTION_DURATION.histogram(&labels).record(duration);
        });
    }
}
