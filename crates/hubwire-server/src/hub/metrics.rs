//! The metrics of one hub: its calls, and what it refuses.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::metrics::{Histogram, SharedString};
use hubwire_core::HubName;

use super::{HandshakeReason, LetGo, RefusalReason, Warning};
use crate::node::{
    CONNECTIONS_LET_GO, Count, HANDSHAKE_REFUSALS, INVOCATION_DURATION, REFUSED_CALLS,
    REFUSED_STREAM_ITEMS, record,
};

/// How a call of a hub method ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallOutcome {
    Completed,
    Failed,
    /// Its client has cancelled the stream, or it was dropped with its connection.
    Cancelled,
}

impl CallOutcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The metrics of a hub. Handles of histograms are made when they are first needed.
#[derive(Debug)]
pub(crate) struct HubMetrics {
    hub: SharedString,
    calls: Box<[[OnceLock<Histogram>; 3]]>,
    refused: [Count; 7],
    refused_items: Count,
    handshakes: [Count; 6],
    let_go: [Count; 5],
}

impl HubMetrics {
    /// Creates the metrics of a hub with this number of methods.
    pub(crate) fn new(hub: &HubName, methods: usize) -> Self {
        let hub = SharedString::from(hub.to_string());
        let refused = RefusalReason::COUNTED
            .map(|reason| Count::new(&REFUSED_CALLS, [hub.clone(), reason.name().into()]));
        Self {
            calls: (0..methods).map(|_| Default::default()).collect(),
            refused,
            refused_items: Count::new(&REFUSED_STREAM_ITEMS, [hub.clone()]),
            handshakes: HandshakeReason::ALL
                .map(|reason| Count::new(&HANDSHAKE_REFUSALS, [reason.name().into()])),
            let_go: LetGo::ALL
                .map(|reason| Count::new(&CONNECTIONS_LET_GO, [reason.name().into()])),
            hub,
        }
    }

    /// Records a call that has ended now.
    ///
    /// The code of an exporter runs here, so no lock may be held.
    pub(crate) fn call_ended<'a>(
        &self,
        method: usize,
        name: impl FnOnce() -> &'a str,
        duration: Duration,
        outcome: CallOutcome,
    ) {
        let Some(histogram) = self
            .calls
            .get(method)
            .and_then(|it| it.get(outcome as usize))
        else {
            return;
        };
        record(|| {
            let handle = match histogram.get() {
                Some(handle) => handle,
                None => {
                    let labels = [
                        self.hub.clone(),
                        Arc::<str>::from(name()).into(),
                        outcome.name().into(),
                    ];
                    // Made outside of the lock, because an exporter makes it.
                    let handle = INVOCATION_DURATION.histogram(&labels);
                    histogram.get_or_init(|| handle)
                }
            };
            handle.record(duration);
        });
    }

    pub(crate) fn refused(&self, reason: RefusalReason) {
        if let Some(count) = self.refused.get(reason as usize) {
            count.add(1);
        }
    }

    /// Counts what is an event of its own in the metrics, too.
    pub(super) fn warned(&self, warning: Warning) {
        let count = match warning {
            Warning::HandshakeRefused(reason) => self.handshakes.get(reason as usize),
            Warning::LetGo(reason) => self.let_go.get(reason as usize),
            _ => None,
        };
        if let Some(count) = count {
            count.add(1);
        }
    }

    pub(crate) fn refused_item(&self) {
        self.refused_items.add(1);
    }

    pub(super) fn pass_on(&self) {
        let counts = self.refused.iter().chain(&self.handshakes);
        counts.chain(&self.let_go).for_each(Count::pass_on);
        self.refused_items.pass_on();
    }
}
