//! Invoking clients for results.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use hubwire_core::{Arguments, ClientResultError, ConnectionId, RawClientResults, Target};

use super::manager::DefaultHubLifetimeManager;
use crate::connection::Connection;

impl DefaultHubLifetimeManager {
    /// Invokes a method on the clients of a target and returns their results.
    pub(super) fn invoke_clients(
        &self,
        target: &Target,
        method: &str,
        arguments: &dyn Arguments,
        timeout: Duration,
    ) -> Result<RawClientResults, ClientResultError> {
        let connections = self.connections_of(target)?;
        if let (Target::Connection(connection_id), []) = (target, &*connections) {
            return Err(ClientResultError::UnknownConnection {
                connection_id: connection_id.clone(),
            });
        }
        let ids = connections.iter().map(|connection| connection.id().clone());
        let (id, results) = self.client_results().begin(ids, timeout);
        let message = self.message(method, arguments).with_invocation_id(&id);
        for connection in &connections {
            let outbound = connection.outbound();
            // A connection that is ending receives nothing, and may have ended before the
            // invocation began.
            if outbound.is_finished() {
                self.client_results().disconnected(connection.id());
            }
            if !self.client_results().is_pending(&id, connection.id()) {
                continue;
            }
            let encoded = message.encoded(connection.protocol())?;
            // No matter how slow the client is: the caller waits only as long as the client's time
            // to respond.
            let _ = outbound.offer(encoded);
        }
        Ok(RawClientResults::new(results))
    }

    /// Returns each connection of a target once, without the excluded ones.
    fn connections_of(&self, target: &Target) -> Result<Vec<Arc<Connection>>, ClientResultError> {
        let excluded: HashSet<&ConnectionId> = match target {
            Target::AllExcept(ids) | Target::GroupExcept(_, ids) => ids.iter().collect(),
            _ => HashSet::new(),
        };
        let mut seen = HashSet::new();
        let mut connections = Vec::new();
        self.visit(target, |member| {
            if !excluded.contains(member.id()) && seen.insert(member.id().clone()) {
                connections.push(Arc::clone(member));
            }
        })?;
        Ok(connections)
    }
}
