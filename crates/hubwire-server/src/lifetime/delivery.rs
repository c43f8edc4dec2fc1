//! The delivery of one message to its local receivers.

use std::collections::HashSet;
use std::sync::Arc;

use hubwire_core::{ConnectionId, EncodedMessage, OutgoingInvocation, SendError};
use hubwire_protocol::HubProtocol;

use crate::connection::Connection;
use crate::outbound::Pace;

/// The source of a message in the protocol of a receiver.
pub(crate) trait EncodedOnce {
    /// Returns what is available without running the sender's code.
    fn encoded_before(&self, protocol: HubProtocol) -> Before<'_>;

    /// Returns `None` if the message does not exist in this protocol.
    fn encoded(&self, protocol: HubProtocol) -> Result<Option<&EncodedMessage>, SendError>;
}

/// Whether a message is already encoded in a protocol.
#[derive(Debug)]
pub(crate) enum Before<'a> {
    Encoded(&'a EncodedMessage),
    /// The message does not exist in this protocol.
    Nothing,
    ToBeEncoded,
}

impl EncodedOnce for OutgoingInvocation<'_> {
    fn encoded_before(&self, protocol: HubProtocol) -> Before<'_> {
        match OutgoingInvocation::encoded_before(self, protocol) {
            Some(message) => Before::Encoded(message),
            None => Before::ToBeEncoded,
        }
    }

    fn encoded(&self, protocol: HubProtocol) -> Result<Option<&EncodedMessage>, SendError> {
        OutgoingInvocation::encoded(self, protocol).map(Some)
    }
}

/// Offers one message to one receiver after the other.
pub(crate) struct Delivery<'a, M> {
    message: &'a M,
    excluded: HashSet<&'a ConnectionId>,
    /// Receivers that were visited before the message was encoded in their protocol.
    deferred: Vec<Arc<Connection>>,
    pace: Pace,
}

impl<'a, M: EncodedOnce> Delivery<'a, M> {
    pub(crate) fn new(message: &'a M) -> Self {
        Self {
            message,
            excluded: HashSet::new(),
            deferred: Vec::new(),
            pace: Pace::GoOn,
        }
    }

    pub(crate) fn except(mut self, excluded: &'a [ConnectionId]) -> Self {
        self.excluded.extend(excluded);
        self
    }

    /// Offers the message to a receiver, which may be visited under a list's lock.
    ///
    /// If the message is not encoded in the receiver's protocol yet, because it is the first with
    /// that protocol and just connected, this is deferred to [`Delivery::finish`]: encoding runs
    /// the sender's code.
    pub(crate) fn offer(&mut self, connection: &Arc<Connection>) {
        if self.excluded.contains(connection.id()) {
            return;
        }
        match self.message.encoded_before(connection.protocol()) {
            Before::Encoded(message) => {
                self.pace = self.pace.max(connection.outbound().offer(message));
            }
            Before::Nothing => {}
            Before::ToBeEncoded => self.deferred.push(Arc::clone(connection)),
        }
    }

    /// Delivers to the deferred receivers and returns how the sender may continue. No lock may be
    /// held.
    pub(crate) fn finish(self) -> Result<Pace, SendError> {
        let mut pace = self.pace;
        for connection in self.deferred {
            if let Some(message) = self.message.encoded(connection.protocol())? {
                pace = pace.max(connection.outbound().offer(message));
            }
        }
        Ok(pace)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde::{Serialize, Serializer};

    use super::*;
    use crate::lifetime::tests::connection;

    /// Counts how often it is encoded.
    struct Counting<'a>(&'a AtomicUsize);

    impl Serialize for Counting<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            serializer.serialize_unit()
        }
    }

    #[test]
    fn nothing_is_encoded_while_receivers_are_visited() {
        let encoded = AtomicUsize::new(0);
        let arguments = (Counting(&encoded),);
        let message = OutgoingInvocation::new("News", &arguments);
        let members = [
            HubProtocol::MessagePack,
            HubProtocol::Json,
            HubProtocol::MessagePack,
        ];
        let members = members.map(|protocol| {
            let connection = connection();
            connection.set_protocol(protocol);
            connection
        });
        // As if the two with MessagePack were the first with that protocol and had just connected.
        message.encoded(HubProtocol::Json).unwrap();
        let mut delivery = Delivery::new(&message);
        members.iter().for_each(|member| delivery.offer(member));
        assert_eq!(encoded.load(Ordering::Relaxed), 1);
        let waiting = |member: &Arc<Connection>| member.outbound().messages();
        assert_eq!(members.each_ref().map(waiting), [0, 1, 0]);
        assert!(delivery.finish().is_ok());
        assert_eq!(encoded.load(Ordering::Relaxed), 2);
        assert_eq!(members.each_ref().map(waiting), [1, 1, 1]);
    }
}
