//! A connection in the metrics: that it is open, and for how long it was.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::{Connection, DisconnectReason};
use crate::node::{CONNECTION_DURATION, record, transport_tag};

/// Counts a connection as open until it is dropped.
pub(super) struct Presence {
    connection: Arc<Connection>,
    /// Milliseconds from when the node was built until the connection was opened.
    since: u64,
}

impl Presence {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        let node = connection.outbound().node();
        let open = node.metrics().active_connections(connection.transport());
        open.raise();
        let since = node.now();
        Self { connection, since }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let (connection, transport) = (&self.connection, self.connection.transport());
        let node = connection.outbound().node();
        node.metrics().active_connections(transport).lower();
        node.metrics().carried(connection.take_traffic());
        let status = match connection.end_reason() {
            Some(DisconnectReason::ServerShutdown) => "app_shutdown",
            _ if connection.has_timed_out() => "timeout",
            _ => "normal_closure",
        };
        let duration = Duration::from_millis(node.now().saturating_sub(self.since));
        record(|| {
            let labels = [status.into(), transport_tag(transport).into()];
            CONNECTION_DURATION.histogram(&labels).record(duration);
        });
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence").finish_non_exhaustive()
    }
}
