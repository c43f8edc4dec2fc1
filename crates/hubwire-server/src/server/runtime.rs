//! A built hub: its service, its options and its lifetime manager.

use std::sync::Arc;

use hubwire_core::{ConnectionId, HubLifetimeManager, HubName};

use super::Server;
use crate::connection::{Connection, ConnectionRequest, Identity, OutboundQueue, Reader};
use crate::hub::{HubService, Principal, UserIdProvider};
use crate::lifetime::DefaultHubLifetimeManager;
use crate::options::{EndpointOptions, HubOptions};
use crate::transport::{Socket, WebSocketReader};

/// What every connection of a hub shares.
#[derive(Debug)]
pub(crate) struct HubRuntime {
    pub(super) name: HubName,
    pub(super) service: Arc<dyn HubService>,
    pub(super) options: HubOptions,
    pub(super) lifetime: Arc<DefaultHubLifetimeManager>,
    pub(super) user_ids: Arc<dyn UserIdProvider>,
    pub(super) server: Arc<Server>,
}

impl HubRuntime {
    pub(crate) fn name(&self) -> &HubName {
        &self.name
    }

    pub(crate) fn service(&self) -> &dyn HubService {
        &*self.service
    }

    pub(crate) fn options(&self) -> &HubOptions {
        &self.options
    }

    pub(crate) fn lifetime(&self) -> &Arc<DefaultHubLifetimeManager> {
        &self.lifetime
    }

    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Opens a connection over a WebSocket whose upgrade is done.
    pub(crate) fn open(
        self: &Arc<Self>,
        endpoint: &Arc<EndpointOptions>,
        id: ConnectionId,
        principal: Option<Principal>,
        request: ConnectionRequest,
        socket: Socket,
    ) -> (Arc<Connection>, Box<Reader>) {
        let (reader, writer) = socket.split();
        let identity = Identity {
            user_id: self.user_ids.user_id(&request, principal.as_ref()),
            id,
            principal,
            request,
        };
        let connection = Connection::new(
            identity,
            Arc::clone(&self.lifetime) as Arc<dyn HubLifetimeManager>,
            Arc::clone(&self.server),
            OutboundQueue::new(self.options.outbound_buffer_size, writer),
            endpoint.transport_send_timeout,
        );
        let reader = Reader::new(
            Arc::clone(self),
            Arc::clone(endpoint),
            Arc::clone(&connection),
            WebSocketReader::new(reader),
        );
        (connection, Box::new(reader))
    }
}
