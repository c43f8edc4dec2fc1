//! Asks clients for values, and waits for room where the one that is asked is slow.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use hubwire_core::{Arguments, ClientAnswers, ClientResultError, ConnectionId, Target};

use super::manager::DefaultHubLifetimeManager;
use crate::connection::Connection;

impl DefaultHubLifetimeManager {
    /// Calls a method on the clients of a target and hands on their answers.
    pub(super) fn ask(
        &self,
        target: &Target,
        method: &str,
        arguments: &dyn Arguments,
        timeout: Duration,
    ) -> Result<ClientAnswers, ClientResultError> {
        let connections = self.connections_of(target)?;
        if let (Target::Connection(connection_id), []) = (target, &*connections) {
            return Err(ClientResultError::UnknownConnection {
                connection_id: connection_id.clone(),
            });
        }
        let ids = connections.iter().map(|connection| connection.id().clone());
        let (id, question) = self.questions().ask(ids, timeout);
        let message = self.message(method, arguments).with_invocation_id(&id);
        let mut waiting = Vec::new();
        for connection in &connections {
            // One that ends hears nothing, and may have ended before it was asked.
            if connection.outbound().is_finished() {
                self.questions().disconnected(connection.id());
            }
            if !self.questions().is_asked(&id, connection.id()) {
                continue;
            }
            let encoded = message.encoded(connection.protocol())?;
            match target {
                Target::Connection(_) => {
                    let frame = encoded.web_socket_frame();
                    if !connection.try_send(&frame) {
                        waiting.push(Arc::clone(connection).send_when_room(frame));
                    }
                }
                _ => drop(connection.offer(encoded)),
            }
        }
        Ok(match waiting.pop() {
            None => ClientAnswers::new(question),
            Some(sending) => ClientAnswers::new(
                futures_util::stream::once(sending)
                    .filter_map(|()| std::future::ready(None))
                    .chain(question),
            ),
        })
    }

    /// Each connection of a target once, without those that are excluded.
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
