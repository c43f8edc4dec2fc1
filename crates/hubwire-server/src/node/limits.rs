//! Counting of how often limits are hit, with rate-limited logging: frequent hits would otherwise
//! fill the log.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field;

use super::guarded::{ConnectionLabel, Whose};
use super::metric::{Count, LIMIT_HITS};
use super::tally::Tally;

/// The limits of a server that peers can hit, named like the options that set them.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) answers: Limit,
    pub(crate) application_buffer: Limit,
    pub(crate) cancelled_streams: Limit,
    pub(crate) client_result_timeout: Limit,
    pub(crate) client_timeout: Limit,
    pub(crate) close_timeout: Limit,
    pub(crate) dead_peers: Limit,
    pub(crate) group_name: Limit,
    pub(crate) groups: Limit,
    pub(crate) handshake_timeout: Limit,
    pub(crate) kept_request: Limit,
    pub(crate) message_key: Limit,
    pub(crate) message_size: Limit,
    pub(crate) negotiated: Limit,
    pub(crate) negotiated_per_address: Limit,
    pub(crate) orphaned_calls: Limit,
    pub(crate) outbound: Limit,
    pub(crate) outbound_maximum: Limit,
    pub(crate) outbound_memory: Limit,
    pub(crate) pending_client_results: Limit,
    pub(crate) progress: Limit,
    pub(crate) running_calls: Limit,
    pub(crate) send_timeout: Limit,
    pub(crate) stream_buffer: Limit,
    pub(crate) streams: Limit,
    pub(crate) unflushed: Limit,
    /// All of these limits.
    all: List,
}

impl Default for Limits {
    fn default() -> Self {
        let mut all = List::default();
        Self {
            answers: all.that_delays("answer_buffer_size"),
            application_buffer: all.that_delays("application_maximum_buffer_size"),
            cancelled_streams: all.that_refuses("cancelled_stream_timeout"),
            client_result_timeout: all.that_refuses("client_result_timeout"),
            client_timeout: all.that_is_said_otherwise("client_timeout_interval"),
            close_timeout: all.that_refuses("web_socket_close_timeout"),
            dead_peers: all.that_is_said_otherwise("dead_peer_timeouts"),
            group_name: all.that_refuses("maximum_group_name_size"),
            groups: all.that_refuses("maximum_groups_per_connection"),
            handshake_timeout: all.that_is_said_otherwise("handshake_timeout"),
            kept_request: all.that_refuses("maximum_kept_request_size"),
            message_key: all.that_refuses("message_key_size"),
            message_size: all.that_is_said_otherwise("maximum_receive_message_size"),
            negotiated: all.that_refuses("negotiated_ids"),
            negotiated_per_address: all.that_refuses("maximum_negotiated_ids_per_address"),
            orphaned_calls: all.that_refuses("maximum_orphaned_calls"),
            outbound: all.that_delays("outbound_buffer_size"),
            outbound_maximum: all.that_is_said_otherwise("maximum_outbound_buffer_size"),
            outbound_memory: all.that_is_said_otherwise("maximum_outbound_memory"),
            pending_client_results: all.that_refuses("maximum_pending_client_results"),
            progress: all.that_is_said_otherwise("transport_progress_timeout"),
            running_calls: all.that_refuses("maximum_running_calls_per_client"),
            send_timeout: all.that_delays("transport_send_timeout"),
            stream_buffer: all.that_delays("stream_buffer_capacity"),
            streams: all.that_refuses("maximum_parallel_streams_per_client"),
            unflushed: all.that_delays("unflushed_size"),
            all,
        }
    }
}

impl Limits {
    /// Logs how often limits were hit since the last line about them.
    pub(crate) fn say_the_rest(&self, now: u64) {
        self.all.0.iter().for_each(|limit| limit.say_the_rest(now));
    }

    pub(crate) fn pass_on(&self) {
        self.all.0.iter().for_each(|limit| limit.pass_on());
    }
}

/// The limits that the sweep reports.
#[derive(Debug, Default)]
struct List(Vec<Limit>);

impl List {
    fn that_delays(&mut self, name: &'static str) -> Limit {
        self.one(name, Consequence::Delayed)
    }

    fn that_refuses(&mut self, name: &'static str) -> Limit {
        self.one(name, Consequence::Refused)
    }

    /// Creates a limit; the hub's warnings report its hits.
    fn that_is_said_otherwise(&mut self, name: &'static str) -> Limit {
        self.one(name, Consequence::SaidOtherwise)
    }

    fn one(&mut self, name: &'static str, consequence: Consequence) -> Limit {
        let limit = Limit::new(name, consequence);
        self.0.push(limit.clone());
        limit
    }
}

/// The consequence of hitting a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consequence {
    /// The peer waits, which is normal.
    Delayed,
    /// The peer is refused, cut short or disconnected, which an operator should know.
    Refused,
    /// The peer is refused or disconnected, which a line about its connection reports.
    SaidOtherwise,
}

/// How often a limit was hit, and when that was last logged; clones are the same limit.
#[derive(Clone, Debug)]
pub(crate) struct Limit(Arc<Hits>);

impl Deref for Limit {
    type Target = Hits;

    fn deref(&self) -> &Hits {
        &self.0
    }
}

impl Limit {
    /// Creates a limit that the sweep does not report.
    pub(crate) fn that_refuses(name: &'static str) -> Self {
        Self::new(name, Consequence::Refused)
    }

    fn new(name: &'static str, consequence: Consequence) -> Self {
        Self(Arc::new(Hits {
            name,
            consequence,
            hits: Tally::default(),
            metric: Count::new(&LIMIT_HITS, [name.into()]),
            hitter: Mutex::default(),
        }))
    }
}

#[derive(Debug)]
pub(crate) struct Hits {
    name: &'static str,
    consequence: Consequence,
    hits: Tally,
    metric: Count,
    /// The first connection that the log has not named yet.
    hitter: Mutex<Option<ConnectionLabel>>,
}

impl Hits {
    /// Counts a hit; the sweep will report it.
    pub(crate) fn count(&self) {
        self.hits.count();
        self.metric.add(1);
    }

    pub(crate) fn pass_on(&self) {
        self.metric.pass_on();
    }

    /// Counts a hit of a connection; the sweep names the first connection.
    pub(crate) fn count_of(&self, whose: Whose<'_>) {
        self.hitter()
            .get_or_insert_with(|| ConnectionLabel::from(whose));
        self.count();
    }

    fn hitter(&self) -> MutexGuard<'_, Option<ConnectionLabel>> {
        self.hitter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a hit; returns the total number of hits if it is time to log them.
    pub(crate) fn hit(&self, now: u64) -> Option<u64> {
        self.count();
        self.say(now)
    }

    /// Returns the total number of hits, if it is time to log them.
    pub(crate) fn say(&self, now: u64) -> Option<u64> {
        self.hits.say(now)
    }

    pub(crate) fn say_the_rest(&self, now: u64) {
        let Some(hits) = self.hits.rest(now) else {
            return;
        };
        let limit = self.name;
        match self.consequence {
            Consequence::Delayed => {
                tracing::debug!(target: "hubwire::limits", limit, hits, "a limit was hit");
            }
            Consequence::SaidOtherwise => {}
            Consequence::Refused => {
                let hitter = self.hitter().take();
                tracing::warn!(
                    target: "hubwire::limits",
                    limit,
                    hits,
                    hub = hitter.as_ref().map(|it| field::display(&it.hub)),
                    connection_id = hitter.as_ref().map(|it| field::display(&it.connection_id)),
                    "a limit was hit"
                );
            }
        }
    }
}
