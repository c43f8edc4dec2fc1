//! A token that a transport uses until the end of its connection.

use std::sync::Arc;

use hubwire_core::ConnectionId;
use hubwire_protocol::Transport;

use super::HubEndpoint;
use super::arrival_order::ArrivalOrder;
use super::connection_table::{ConnectionTable, ConnectionToken};
use super::slot::{Keep, Slot};
use crate::connection::{Connection, ConnectionRequest, DisconnectReason, Identity, Principal};
use crate::hub::{HubRuntime, TraceContext};
use crate::lifetime::DisconnectCount;
use crate::node::{ConnectionLabel, Whose, caught, guarded_step_of};
use crate::session::AnySession;
use crate::transport::TransportKind;

/// A token in use; it is removed however the connection's task ends.
#[derive(Debug)]
pub(crate) struct Attached {
    hub: Arc<HubRuntime>,
    table: Arc<ConnectionTable>,
    token: ConnectionToken,
    slot: Arc<Slot>,
    /// What came before is nothing to this connection.
    since: DisconnectCount,
}

impl Attached {
    /// `since` is the number of disconnections when it was not yet known whose the request is.
    pub(super) fn new(
        endpoint: &HubEndpoint,
        token: ConnectionToken,
        slot: Arc<Slot>,
        since: DisconnectCount,
    ) -> Self {
        Self {
            hub: Arc::clone(&endpoint.hub),
            table: Arc::clone(&endpoint.table),
            token,
            slot,
            since,
        }
    }

    /// Creates a connection without negotiation; its token is never given to anybody.
    pub(crate) fn fresh(
        endpoint: &HubEndpoint,
        principal: Option<Principal>,
        since: DisconnectCount,
    ) -> Self {
        let random = endpoint.hub.node().random();
        let token = ConnectionToken::new(random.text::<16>());
        let id = ConnectionId::from(random.text::<16>());
        let user = endpoint.current_user(principal);
        let slot = Slot::new(endpoint.number, id, user.principal.clone());
        slot.attach(Transport::WebSockets, &user, ArrivalOrder::default());
        let slot = Arc::new(slot);
        endpoint.table.insert(token.clone(), Arc::clone(&slot));
        Self::new(endpoint, token, slot, since)
    }

    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// Runs the step that opens a connection, and with it code of the application; returns `None`
    /// if that panics, and nothing is left of the connection then.
    pub(super) fn opened_by<T>(self, open: impl FnOnce(Self) -> T) -> Option<T> {
        let (node, label) = (
            Arc::clone(self.hub.node()),
            ConnectionLabel::from(self.whose()),
        );
        node.counting_panics(|| {
            guarded_step_of(label.whose(), "the opening of a connection", || open(self))
        })
    }

    /// Opens the connection of a transport.
    pub(crate) fn open(
        &self,
        endpoint: &HubEndpoint,
        request: ConnectionRequest,
        kind: &'static TransportKind,
    ) -> Arc<Connection> {
        let user = self.slot.user();
        let principal = user.principal.as_ref();
        let identity = Identity {
            user_id: self.hub.user_ids().user_id(&request, principal),
            user,
            request,
            transport: kind.transport,
        };
        let (id, bounds) = (self.slot.id().clone(), Arc::clone(&endpoint.bounds));
        let connection = self.hub.connection(id, identity, bounds, &kind.frames);
        self.slot.set_connection(&connection);
        self.hub.lifetime().arrive(&connection);
        self.hub.lifetime().make_up(&connection, self.since);
        if self.hub.node().is_draining() {
            connection.end(DisconnectReason::ServerShutdown);
        }
        connection
    }
}

const THE_TASK: &str = "the task of a connection";

/// Runs a session, after its transport has been opened, in a task of the node of its hub.
pub(crate) fn spawn_session(
    hub: &HubRuntime,
    slot: &Slot,
    opening: impl Future<Output = Option<(Attached, AnySession)>> + Send + 'static,
) {
    let label = ConnectionLabel {
        hub: hub.name().clone(),
        connection_id: slot.id().clone(),
    };
    let opener = TraceContext::current();
    let task = hub.node().spawn_session(async move {
        // The last safety net: dropping what was opened gives back its resources.
        let opened = caught(opening).await;
        match opened {
            Ok(Some((attached, session))) => {
                if let Err(panic) = caught(session.run(opener)).await {
                    panic.log_of(attached.whose(), THE_TASK);
                }
                drop(attached);
            }
            Ok(None) => {}
            Err(panic) => panic.log_of(label.whose(), THE_TASK),
        }
    });
    slot.set_task(task);
}

impl Drop for Attached {
    fn drop(&mut self) {
        let node = self.hub.node();
        let keep = match node.is_draining() {
            true => Keep::Nothing,
            false => Keep::ForTheLastPoll,
        };
        let (connection, ended) = self.slot.end(keep);
        let mut expires = node.now();
        // A task that was cut off has neither closed its transport nor left its groups.
        if let Some(connection) = connection {
            expires = node.after(connection.outbound().bounds().absence);
            self.give_back(&connection);
            guarded_step_of(self.whose(), "the drop of a connection", || {
                drop(connection);
            });
        }
        let limit = &node.limits().ended_tokens;
        self.table
            .end(&self.token, &self.slot, ended, expires, limit);
    }
}

impl Attached {
    fn whose(&self) -> Whose<'_> {
        Whose {
            hub: self.hub.name(),
            connection_id: self.slot.id(),
        }
    }

    /// Guards each step separately: anything that it wakes or drops may panic, and nothing below
    /// catches that.
    fn give_back(&self, connection: &Connection) {
        let (lifetime, whose) = (self.hub.lifetime(), self.whose());
        guarded_step_of(whose, "the end of sending", || connection.finish_sending());
        guarded_step_of(whose, "the drop of a way out", || {
            connection.outbound().close();
        });
        guarded_step_of(whose, "the end of a client's results", || {
            lifetime.client_results().disconnected(connection.id());
        });
        guarded_step_of(whose, "what a connection kept", || {
            connection.items().close();
        });
        guarded_step_of(whose, "the unregistering of a connection", || {
            lifetime.forget(connection);
        });
    }
}
