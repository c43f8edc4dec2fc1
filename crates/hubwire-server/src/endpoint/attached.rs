//! A token that a transport has taken, until its connection's end.

use std::sync::Arc;

use hubwire_core::ConnectionId;

use super::HubEndpoint;
use crate::connection::{ConnectionRequest, EndReason, Reader};
use crate::hub::Principal;
use crate::server::{ConnectionToken, HubRuntime, Slot};
use crate::transport::Socket;

/// A token in use; it is forgotten however the connection's task ends.
#[derive(Debug)]
pub(crate) struct Attached {
    hub: Arc<HubRuntime>,
    token: ConnectionToken,
    slot: Arc<Slot>,
}

impl Attached {
    pub(super) fn new(endpoint: &HubEndpoint, token: ConnectionToken, slot: Arc<Slot>) -> Self {
        Self {
            hub: Arc::clone(&endpoint.hub),
            token,
            slot,
        }
    }

    /// A connection without negotiation: nobody else ever learns its token.
    pub(crate) fn fresh(endpoint: &HubEndpoint, principal: Option<Principal>) -> Self {
        let server = endpoint.hub.server();
        let token = ConnectionToken::new(server.random().text::<16>());
        let id = ConnectionId::from(server.random().text::<16>());
        let slot = Arc::new(Slot::attached(endpoint.number, id, principal));
        server.table().insert(token.clone(), Arc::clone(&slot));
        Self::new(endpoint, token, slot)
    }

    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// Opens the connection over a socket whose upgrade is done.
    pub(crate) fn open(
        &self,
        endpoint: &HubEndpoint,
        request: ConnectionRequest,
        principal: Option<Principal>,
        socket: Socket,
    ) -> Box<Reader> {
        let principal = self.slot.principal().cloned().or(principal);
        let id = self.slot.id().clone();
        let (connection, reader) =
            endpoint
                .hub
                .open(&endpoint.options, id, principal, request, socket);
        self.slot.set_connection(&connection);
        if self.hub.server().is_draining() {
            connection.end(EndReason::Shutdown);
        }
        reader
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // A task that was cut off has neither closed its socket nor left its groups.
        if let Some(connection) = self.slot.take_connection() {
            drop(connection.outbound().close());
            self.hub.lifetime().forget(&connection);
        }
        self.hub.server().table().remove(&self.token);
    }
}
