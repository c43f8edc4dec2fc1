//! Counting of the messages that were dropped or replaced because their clients were busy.

use hubwire_core::WhenBusy;

use super::tally::Tally;

/// The metric that counts every such message, with the reason in `reason`.
const METRIC: &str = "hubwire.outbound.dropped";

/// Why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DropReason {
    DropNewest,
    DropOldest,
    Replaced,
    Volatile,
}

impl DropReason {
    /// Returns the reason for which a message with this policy may be dropped itself, if it may.
    pub(crate) fn of(when_busy: &WhenBusy) -> Option<Self> {
        match when_busy {
            WhenBusy::DropNewest => Some(Self::DropNewest),
            WhenBusy::DropOldest => Some(Self::DropOldest),
            WhenBusy::Volatile => Some(Self::Volatile),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::DropNewest => "drop_newest",
            Self::DropOldest => "drop_oldest",
            Self::Replaced => "replaced",
            Self::Volatile => "volatile",
        }
    }
}

/// How many messages a node has dropped, by reason.
#[derive(Debug, Default)]
pub(crate) struct Drops {
    drop_newest: Tally,
    drop_oldest: Tally,
    replaced: Tally,
    volatile: Tally,
}

impl Drops {
    /// Counts dropped messages; no queue may be locked, because an exporter's code runs.
    pub(crate) fn count(&self, reason: DropReason, messages: u64) {
        if messages > 0 {
            self.tally(reason).count_many(messages);
            metrics::counter!(METRIC, "reason" => reason.name()).increment(messages);
        }
    }

    /// Logs how many messages were dropped, if that has changed since the last line about it.
    ///
    /// Hub code has asked for this, so nobody needs to be warned.
    pub(crate) fn say_the_rest(&self, now: u64) {
        use DropReason::{DropNewest, DropOldest, Replaced, Volatile};
        for reason in [DropNewest, DropOldest, Replaced, Volatile] {
            if let Some(messages) = self.tally(reason).rest(now) {
                let reason = reason.name();
                tracing::debug!(target: "hubwire::outbound", reason, messages, "messages to busy clients were dropped");
            }
        }
    }

    fn tally(&self, reason: DropReason) -> &Tally {
        match reason {
            DropReason::DropNewest => &self.drop_newest,
            DropReason::DropOldest => &self.drop_oldest,
            DropReason::Replaced => &self.replaced,
            DropReason::Volatile => &self.volatile,
        }
    }
}
