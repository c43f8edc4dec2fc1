//! Calls that run on after their connection has ended.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hubwire_core::ConnectionId;

use super::running::RunningCall;
use crate::connection::Connection;
use crate::node::{OrphanedCall, Owner};

/// Polls the calls of an ended connection until each has ended or has been dropped because of the
/// limits.
pub(crate) fn run_out(
    calls: Vec<RunningCall>,
    connection: &Arc<Connection>,
) -> impl Future<Output = ()> + Send + use<> {
    let address = connection.request().remote_address();
    let owner = Owner::of(connection.user_id(), address.map(|it| it.ip()));
    let count = |call: RunningCall| {
        let counted = call.hub().node().orphaned_calls().enter(owner.clone());
        let connection_id = connection.id().clone();
        Orphan {
            call,
            counted,
            connection_id,
        }
    };
    let mut orphans: FuturesUnordered<_> = calls.into_iter().map(count).collect();
    async move { while orphans.next().await.is_some() {} }
}

struct Orphan {
    call: RunningCall,
    counted: OrphanedCall,
    connection_id: ConnectionId,
}

impl Orphan {
    fn say_that_it_goes(&self) {
        let (hub, method) = (self.call.hub(), self.call.method());
        let node = hub.node();
        if let Some(hits) = node.limits().orphaned_calls.hit(node.now()) {
            let method = hub.service().method_name(method);
            tracing::warn!(
                target: "hubwire::dispatch",
                hits,
                method,
                hub = %hub.name(),
                connection_id = %self.connection_id,
                "a call without its connection is dropped: there are too many"
            );
        }
    }
}

impl Future for Orphan {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.counted.must_go(cx) {
            this.say_that_it_goes();
            return Poll::Ready(());
        }
        Pin::new(&mut this.call).poll(cx).map(drop)
    }
}
