//! A subscriber that receives only log lines.

use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber, span};

/// Passes on each line of this level or above.
pub(crate) struct EachEvent<F> {
    pub(crate) level: Level,
    pub(crate) hand_on: F,
}

impl<F: Fn(&Event<'_>) + Send + Sync + 'static> Subscriber for EachEvent<F> {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // Other threads have other subscribers.
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        (self.hand_on)(event);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
