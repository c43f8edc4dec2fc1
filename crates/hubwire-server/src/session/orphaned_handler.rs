//! A connection handler that runs on after its connection has ended.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::running_handler::RunningHandler;
use crate::node::{OrphanedCall, Owner};

/// Polls a handler until it ends, or is dropped because too much runs on without its connection.
pub(super) struct OrphanedHandler {
    handler: RunningHandler,
    counted: OrphanedCall,
}

impl OrphanedHandler {
    pub(super) fn new(handler: RunningHandler) -> Self {
        let connection = handler.connection();
        let address = connection.request().remote_address();
        let owner = Owner::of(connection.user_id(), address.map(|it| it.ip()));
        let counted = handler.hub().node().orphaned_calls().enter(owner);
        Self { handler, counted }
    }

    fn say_that_it_goes(&self) {
        let hub = self.handler.hub();
        let node = hub.node();
        if let Some(hits) = node.limits().orphaned_calls.hit(node.now()) {
            tracing::warn!(
                target: "hubwire::dispatch",
                hits,
                hub = %hub.name(),
                connection_id = %self.handler.connection().id(),
                "a connection handler without its connection is dropped: there are too many"
            );
        }
    }
}

impl Future for OrphanedHandler {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.counted.must_go(cx) {
            this.say_that_it_goes();
            return Poll::Ready(());
        }
        this.handler.poll(cx).map(drop)
    }
}
