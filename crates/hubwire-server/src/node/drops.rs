//! Counting of the messages that were dropped or replaced because their clients were busy.

use hubwire_core::WhenBusy;

use super::metric::{Count, OUTBOUND_DROPPED};
use super::tally::Tally;

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
#[derive(Debug)]
pub(crate) struct Drops {
    drop_newest: Dropped,
    drop_oldest: Dropped,
    replaced: Dropped,
    volatile: Dropped,
}

#[derive(Debug)]
struct Dropped {
    reason: DropReason,
    messages: Tally,
    metric: Count,
}

impl Dropped {
    fn of(reason: DropReason) -> Self {
        Self {
            reason,
            messages: Tally::default(),
            metric: Count::new(&OUTBOUND_DROPPED, [reason.name().into()]),
        }
    }
}

impl Default for Drops {
    fn default() -> Self {
        Self {
            drop_newest: Dropped::of(DropReason::DropNewest),
            drop_oldest: Dropped::of(DropReason::DropOldest),
            replaced: Dropped::of(DropReason::Replaced),
            volatile: Dropped::of(DropReason::Volatile),
        }
    }
}

impl Drops {
    pub(crate) fn count(&self, reason: DropReason, messages: u64) {
        if messages > 0 {
            let dropped = self.of(reason);
            dropped.messages.count_many(messages);
            dropped.metric.add(messages);
        }
    }

    /// Logs how many messages were dropped, if that has changed since the last line about it.
    ///
    /// Hub code has asked for this, so nobody needs to be warned.
    pub(crate) fn say_the_rest(&self, now: u64) {
        for dropped in self.all() {
            if let Some(messages) = dropped.messages.rest(now) {
                let reason = dropped.reason.name();
                tracing::debug!(target: "hubwire::outbound", reason, messages, "messages to busy clients were dropped");
            }
        }
    }

    pub(crate) fn pass_on(&self) {
        for dropped in self.all() {
            dropped.metric.pass_on();
        }
    }

    fn all(&self) -> [&Dropped; 4] {
        [
            &self.drop_newest,
            &self.drop_oldest,
            &self.replaced,
            &self.volatile,
        ]
    }

    fn of(&self, reason: DropReason) -> &Dropped {
        match reason {
            DropReason::DropNewest => &self.drop_newest,
            DropReason::DropOldest => &self.drop_oldest,
            DropReason::Replaced => &self.replaced,
            DropReason::Volatile => &self.volatile,
        }
    }
}
