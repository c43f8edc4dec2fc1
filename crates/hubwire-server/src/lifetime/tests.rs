//! A connection without a hub, and a manager without connections, for the tests of modules above
//! this one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hubwire_core::{FrameFormat, HubName, UserId};
use hubwire_protocol::Transport;

use super::DefaultHubLifetimeManager;
use crate::connection::{Connection, ConnectionRequest, CurrentUser, Identity};
use crate::node::{ConnectionLabel, HubOptions, ServerOptions};
use crate::outbound::tests::{bounds, label, node};
use crate::outbound::{Flushers, Outbound};

static BARE: FrameFormat = FrameFormat::new("bare", |_, message, output| {
    output.extend_from_slice(message);
});

pub(crate) fn lifetime() -> DefaultHubLifetimeManager {
    lifetime_with(&HubOptions::default())
}

pub(crate) fn lifetime_with(options: &HubOptions) -> DefaultHubLifetimeManager {
    let flushers = Arc::new(Flushers::new(1, &ServerOptions::default()));
    let hub = HubName::from("hub");
    DefaultHubLifetimeManager::new(hub, node(), flushers, None, options)
}

/// Creates a connection without a way out.
pub(crate) fn connection() -> Arc<Connection> {
    of(None, label())
}

/// Creates a connection of a user, with an id of its own and without a way out.
pub(crate) fn connection_of(user: &str) -> Arc<Connection> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let label = ConnectionLabel {
        connection_id: number.to_string().into(),
        ..label()
    };
    of(Some(user.into()), label)
}

fn of(user_id: Option<UserId>, label: ConnectionLabel) -> Arc<Connection> {
    let flusher = Flushers::new(1, &ServerOptions::default()).assign();
    let outbound = Outbound::new(label, node(), flusher, bounds(1024, 1024), &BARE);
    let identity = Identity {
        user_id,
        user: CurrentUser::default(),
        request: ConnectionRequest::default(),
        transport: Transport::WebSockets,
    };
    Connection::new(identity, outbound)
}
