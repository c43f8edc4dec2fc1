//! The protocols that connections of a hub speak.

use std::sync::atomic::{AtomicBool, Ordering};

use hubwire_protocol::HubProtocol;

/// The protocols that any connection has spoken so far.
#[derive(Debug, Default)]
pub(super) struct ProtocolsInUse {
    json: AtomicBool,
    messagepack: AtomicBool,
}

impl ProtocolsInUse {
    pub(super) fn note(&self, protocol: HubProtocol) {
        self.flag(protocol).store(true, Ordering::Release);
    }

    pub(super) fn in_use(&self) -> impl Iterator<Item = HubProtocol> {
        let all = [HubProtocol::Json, HubProtocol::MessagePack].into_iter();
        all.filter(|protocol| self.flag(*protocol).load(Ordering::Acquire))
    }

    fn flag(&self, protocol: HubProtocol) -> &AtomicBool {
        match protocol {
            HubProtocol::Json => &self.json,
            HubProtocol::MessagePack => &self.messagepack,
        }
    }
}
