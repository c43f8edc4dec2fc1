//! A connection of no hub, for the tests of rooms above this one.

use std::sync::Arc;

use hubwire_core::FrameFormat;

use super::DefaultHubLifetimeManager;
use crate::connection::{Connection, ConnectionRequest, Identity};
use crate::node::{HubOptions, Node, RandomSource};
use crate::outbound::tests::bounds;
use crate::outbound::{Flushers, Outbound};

static BARE: FrameFormat = FrameFormat::new("bare", |_, message, output| {
    output.extend_from_slice(message);
});

/// A connection whose messages have no way out.
pub(crate) fn connection() -> Arc<Connection> {
    let node = Arc::new(Node::new(RandomSource::system()));
    let flushers = Arc::new(Flushers::new(1));
    let outbound = Outbound::new(
        Arc::clone(&node),
        flushers.assign(),
        bounds(1024, 1024),
        &BARE,
    );
    let options = HubOptions::default();
    let lifetime = DefaultHubLifetimeManager::new(node, flushers, None, &options);
    let identity = Identity {
        id: "bare".into(),
        user_id: None,
        principal: None,
        request: ConnectionRequest::default(),
    };
    Connection::new(identity, Arc::new(lifetime), outbound)
}
