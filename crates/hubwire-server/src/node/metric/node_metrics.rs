//! The metrics of a node's connections, and of what they carry.

use std::sync::atomic::{AtomicU32, Ordering};

use hubwire_protocol::Transport;

use super::{
    ACTIVE_CONNECTIONS, Count, INBOUND_BYTES, INBOUND_MESSAGES, Level, OUTBOUND_BYTES,
    OUTBOUND_MEMORY, OUTBOUND_MESSAGES, OUTBOUND_QUEUED_CONNECTIONS, OUTBOUND_UNFLUSHED,
    OUTBOUND_WRITES,
};
use crate::node::transport_tag;

/// What connections have carried since the last time this was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) inbound_bytes: u64,
    pub(crate) inbound_messages: u64,
    pub(crate) outbound_bytes: u64,
    pub(crate) outbound_messages: u64,
    pub(crate) outbound_writes: u64,
}

impl Traffic {
    pub(crate) fn add(&mut self, other: Self) {
        self.inbound_bytes += other.inbound_bytes;
        self.inbound_messages += other.inbound_messages;
        self.outbound_bytes += other.outbound_bytes;
        self.outbound_messages += other.outbound_messages;
        self.outbound_writes += other.outbound_writes;
    }
}

/// What a session has received, until the sweep takes it.
///
/// The numbers may wrap around only if a client sends 4 GiB between two sweeps.
#[derive(Debug, Default)]
pub(crate) struct Received {
    bytes: AtomicU32,
    messages: AtomicU32,
}

impl Received {
    #[expect(clippy::cast_possible_truncation, reason = "one read is far smaller")]
    pub(crate) fn add_bytes(&self, count: usize) {
        self.bytes.fetch_add(count as u32, Ordering::Relaxed);
    }

    pub(crate) fn add_messages(&self, count: u32) {
        self.messages.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn take(&self) -> Traffic {
        Traffic {
            inbound_bytes: u64::from(self.bytes.swap(0, Ordering::Relaxed)),
            inbound_messages: u64::from(self.messages.swap(0, Ordering::Relaxed)),
            ..Traffic::default()
        }
    }
}

/// The metrics of all connections of a node.
#[derive(Debug)]
pub(crate) struct NodeMetrics {
    long_polling: Level,
    server_sent_events: Level,
    web_sockets: Level,
    queued_connections: Level,
    outbound_memory: Level,
    outbound_unflushed: Level,
    inbound_bytes: Count,
    inbound_messages: Count,
    outbound_bytes: Count,
    outbound_messages: Count,
    outbound_writes: Count,
}

impl Default for NodeMetrics {
    fn default() -> Self {
        let active = |transport| Level::new(&ACTIVE_CONNECTIONS, [transport_tag(transport).into()]);
        Self {
            long_polling: active(Transport::LongPolling),
            server_sent_events: active(Transport::ServerSentEvents),
            web_sockets: active(Transport::WebSockets),
            queued_connections: Level::new(&OUTBOUND_QUEUED_CONNECTIONS, []),
            outbound_memory: Level::new(&OUTBOUND_MEMORY, []),
            outbound_unflushed: Level::new(&OUTBOUND_UNFLUSHED, []),
            inbound_bytes: Count::new(&INBOUND_BYTES, []),
            inbound_messages: Count::new(&INBOUND_MESSAGES, []),
            outbound_bytes: Count::new(&OUTBOUND_BYTES, []),
            outbound_messages: Count::new(&OUTBOUND_MESSAGES, []),
            outbound_writes: Count::new(&OUTBOUND_WRITES, []),
        }
    }
}

impl NodeMetrics {
    pub(crate) fn active_connections(&self, transport: Transport) -> &Level {
        match transport {
            Transport::LongPolling => &self.long_polling,
            Transport::ServerSentEvents => &self.server_sent_events,
            Transport::WebSockets => &self.web_sockets,
        }
    }

    pub(crate) fn queued_connections(&self) -> &Level {
        &self.queued_connections
    }

    pub(crate) fn outbound_memory(&self) -> &Level {
        &self.outbound_memory
    }

    pub(crate) fn outbound_unflushed(&self) -> &Level {
        &self.outbound_unflushed
    }

    pub(crate) fn carried(&self, traffic: Traffic) {
        self.inbound_bytes.add(traffic.inbound_bytes);
        self.inbound_messages.add(traffic.inbound_messages);
        self.outbound_bytes.add(traffic.outbound_bytes);
        self.outbound_messages.add(traffic.outbound_messages);
        self.outbound_writes.add(traffic.outbound_writes);
    }

    pub(crate) fn pass_on(&self) {
        self.long_polling.pass_on();
        self.server_sent_events.pass_on();
        self.web_sockets.pass_on();
        self.queued_connections.pass_on();
        self.outbound_memory.pass_on();
        self.outbound_unflushed.pass_on();
        for count in [
            &self.inbound_bytes,
            &self.inbound_messages,
            &self.outbound_bytes,
            &self.outbound_messages,
            &self.outbound_writes,
        ] {
            count.pass_on();
        }
    }
}
