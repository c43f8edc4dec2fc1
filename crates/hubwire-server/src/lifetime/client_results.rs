//! Invocations of clients with pending results.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use hubwire_core::{ClientResultError, ConnectionId, HubName, RawClientResult};
use indexmap::IndexSet;
use tokio::sync::mpsc;
use tokio::time::Sleep;

use crate::node::{Limit, Node, Whose};

type Results = mpsc::UnboundedSender<(ConnectionId, RawClientResult)>;

/// The invocations of one hub that still wait for results of clients.
pub(crate) struct PendingClientResults {
    hub: HubName,
    /// How many results of one connection may be pending.
    limit: usize,
    node: Arc<Node>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    invocations: HashMap<u64, PendingInvocation>,
    /// The pending invocations of each connection.
    by_connection: HashMap<ConnectionId, IndexSet<u64>>,
}

struct PendingInvocation {
    /// The connections that have sent a result: a second one is ignored, as is a late one.
    completed: IndexSet<ConnectionId>,
    pending: IndexSet<ConnectionId>,
    /// Takes at most one result of each invoked connection.
    results: Results,
}

/// The outcome of receiving a client's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// The invocation is pending, but not for this connection.
    OfAnother,
    Taken,
    /// No such invocation is pending: it was abandoned or never existed.
    Unknown,
}

impl PendingClientResults {
    pub(crate) fn new(hub: HubName, node: Arc<Node>, limit: usize) -> Self {
        Self {
            hub,
            limit,
            node,
            state: Mutex::default(),
        }
    }

    /// Counts a result that a connection does not give, because of a limit.
    fn count(&self, limit: &Limit, connection_id: &ConnectionId) {
        let hub = &self.hub;
        limit.count_of(Whose { hub, connection_id });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an invocation of these connections; returns its id and the stream of results.
    ///
    /// For a connection that already has too many pending results, the result is that error.
    pub(crate) fn begin(
        self: &Arc<Self>,
        connections: impl Iterator<Item = ConnectionId>,
        timeout: Duration,
    ) -> (String, InvocationResults) {
        let (results, received) = mpsc::unbounded_channel();
        let mut state = self.lock();
        state.last += 1;
        let number = state.last;
        let mut pending = IndexSet::new();
        let mut refused = Vec::new();
        for connection_id in connections {
            let numbers = state
                .by_connection
                .entry(connection_id.clone())
                .or_default();
            if numbers.len() >= self.limit {
                refused.push(connection_id.clone());
                let limit = self.limit;
                let error = ClientResultError::TooManyPending {
                    connection_id: connection_id.clone(),
                    limit,
                };
                // The receiver is local and still exists.
                let _ = results.send((connection_id, Err(error)));
                continue;
            }
            numbers.insert(number);
            pending.insert(connection_id);
        }
        if !pending.is_empty() {
            let invocation = PendingInvocation {
                completed: IndexSet::new(),
                pending,
                results,
            };
            state.invocations.insert(number, invocation);
        }
        drop(state);
        for connection_id in &refused {
            self.count(&self.node.limits().pending_client_results, connection_id);
        }
        let results = InvocationResults {
            of: Arc::clone(self),
            number,
            received,
            timeout,
            time_is_up: Box::pin(tokio::time::sleep(timeout)),
        };
        (format!("s{number}"), results)
    }

    /// Returns whether the invocation still waits for this connection.
    pub(crate) fn is_pending(&self, id: &str, connection_id: &ConnectionId) -> bool {
        let state = self.lock();
        let invocation = number(id).and_then(|number| state.invocations.get(&number));
        invocation.is_some_and(|invocation| invocation.pending.contains(connection_id))
    }

    /// Records the result that a connection sent for an invocation id.
    pub(crate) fn complete(
        &self,
        connection_id: &ConnectionId,
        id: &str,
        result: RawClientResult,
    ) -> Receipt {
        let Some(number) = number(id) else {
            return Receipt::Unknown;
        };
        self.lock().complete(connection_id, number, result)
    }

    /// Completes all pending results of a connection, because it has ended.
    pub(crate) fn disconnected(&self, connection_id: &ConnectionId) {
        let mut state = self.lock();
        let numbers = state.by_connection.remove(connection_id);
        for number in numbers.unwrap_or_default() {
            let error = ClientResultError::Disconnected {
                connection_id: connection_id.clone(),
            };
            state.complete(connection_id, number, Err(error));
        }
    }

    /// Returns the number of invocations that wait for results.
    pub(crate) fn len(&self) -> usize {
        self.lock().invocations.len()
    }
}

impl State {
    fn complete(
        &mut self,
        connection_id: &ConnectionId,
        number: u64,
        result: RawClientResult,
    ) -> Receipt {
        let Some(invocation) = self.invocations.get_mut(&number) else {
            return Receipt::Unknown;
        };
        if !invocation.pending.swap_remove(connection_id) {
            return match invocation.completed.contains(connection_id) {
                true => Receipt::Unknown,
                false => Receipt::OfAnother,
            };
        }
        invocation.completed.insert(connection_id.clone());
        // The receiver may be dropped at this moment.
        let _ = invocation.results.send((connection_id.clone(), result));
        if invocation.pending.is_empty() {
            self.invocations.remove(&number);
        }
        self.forget(connection_id, number);
        Receipt::Taken
    }

    fn forget(&mut self, connection_id: &ConnectionId, number: u64) {
        if let Some(numbers) = self.by_connection.get_mut(connection_id) {
            numbers.swap_remove(&number);
            if numbers.is_empty() {
                self.by_connection.remove(connection_id);
            }
        }
    }

    /// Abandons an invocation; returns the connections with pending results.
    fn give_up(&mut self, number: u64) -> IndexSet<ConnectionId> {
        let invocation = self.invocations.remove(&number);
        let pending = invocation.map_or_else(IndexSet::new, |invocation| invocation.pending);
        for connection_id in &pending {
            self.forget(connection_id, number);
        }
        pending
    }
}

/// Returns the number after the `s`, which distinguishes our ids from those that clients choose.
fn number(id: &str) -> Option<u64> {
    let number: u64 = id.strip_prefix('s')?.parse().ok()?;
    // It must be exactly as we wrote it: without signs and leading zeros.
    (id == format!("s{number}")).then_some(number)
}

/// The results of one invocation; dropping it abandons the invocation.
pub(crate) struct InvocationResults {
    of: Arc<PendingClientResults>,
    number: u64,
    received: mpsc::UnboundedReceiver<(ConnectionId, RawClientResult)>,
    timeout: Duration,
    time_is_up: Pin<Box<Sleep>>,
}

impl InvocationResults {
    /// Completes the invocation for all connections that have not answered.
    fn time_out(&mut self) {
        let waited = self.timeout;
        let mut state = self.of.lock();
        let Some(invocation) = state.invocations.get(&self.number) else {
            return;
        };
        let results = invocation.results.clone();
        let pending = state.give_up(self.number);
        drop(state);
        for connection_id in pending {
            let limit = &self.of.node.limits().client_result_timeout;
            self.of.count(limit, &connection_id);
            let error = ClientResultError::TimedOut { waited };
            // `self` is the receiver.
            let _ = results.send((connection_id, Err(error)));
        }
    }
}

impl Stream for InvocationResults {
    type Item = (ConnectionId, RawClientResult);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(result) = self.received.poll_recv(cx) {
            return Poll::Ready(result);
        }
        if self.time_is_up.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.time_out();
        self.received.poll_recv(cx)
    }
}

impl Drop for InvocationResults {
    fn drop(&mut self) {
        self.of.lock().give_up(self.number);
    }
}

impl fmt::Debug for PendingClientResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingClientResults")
            .field("invocations", &self.len())
            .finish_non_exhaustive()
    }
}
