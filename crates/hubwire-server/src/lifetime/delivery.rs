//! One message on its way to its local receivers.

use std::collections::HashSet;
use std::sync::Arc;

use hubwire_core::{ConnectionId, EncodedMessage, OutgoingInvocation, SendError};
use hubwire_protocol::HubProtocol;

use crate::connection::Connection;
use crate::outbound::Pace;

/// Where a delivery gets a message in the protocol of a receiver.
pub(crate) trait EncodedOnce {
    /// Nothing where the message does not exist in this protocol.
    fn encoded(&self, protocol: HubProtocol) -> Result<Option<&EncodedMessage>, SendError>;
}

impl EncodedOnce for OutgoingInvocation<'_> {
    fn encoded(&self, protocol: HubProtocol) -> Result<Option<&EncodedMessage>, SendError> {
        OutgoingInvocation::encoded(self, protocol).map(Some)
    }
}

/// Offers one message to receiver after receiver.
pub(crate) struct Delivery<'a, M> {
    message: &'a M,
    excluded: HashSet<&'a ConnectionId>,
    failed: Result<(), SendError>,
    pace: Pace,
}

impl<'a, M: EncodedOnce> Delivery<'a, M> {
    pub(crate) fn new(message: &'a M) -> Self {
        Self {
            message,
            excluded: HashSet::new(),
            failed: Ok(()),
            pace: Pace::GoOn,
        }
    }

    pub(crate) fn except(mut self, excluded: &'a [ConnectionId]) -> Self {
        self.excluded.extend(excluded);
        self
    }

    pub(crate) fn offer(&mut self, connection: &Arc<Connection>) {
        if self.failed.is_err() || self.excluded.contains(connection.id()) {
            return;
        }
        match self.message.encoded(connection.protocol()) {
            Ok(Some(encoded)) => self.pace = self.pace.max(connection.outbound().offer(encoded)),
            Ok(None) => {}
            Err(error) => self.failed = Err(error),
        }
    }

    /// How the sender goes on.
    pub(crate) fn finish(self) -> Result<Pace, SendError> {
        self.failed.map(|()| self.pace)
    }
}
