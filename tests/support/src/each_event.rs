//! A subscriber that handles only events, not spans.

use std::sync::OnceLock;

use tracing::subscriber::{DefaultGuard, Interest, set_default};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, span};

/// Passes on each event of this level or above.
pub struct EachEvent<F> {
    pub level: Level,
    pub hand_on: F,
}

impl<F: Fn(&Event<'_>) + Send + Sync + 'static> EachEvent<F> {
    /// Subscribes in this thread for as long as the guard lives.
    pub fn listen(self) -> DefaultGuard {
        ask_for_every_line();
        set_default(self)
    }
}

/// Makes `tracing` ask the subscriber of the current thread about each event.
///
/// `tracing` caches for each callsite whether any subscriber is interested. While there is a single
/// subscriber, a thread without a subscriber may reach a callsite first and disable it everywhere. With
/// two more subscribers, which no thread uses, `tracing` asks about each event.
pub(crate) fn ask_for_every_line() {
    static NOBODYS: OnceLock<[Dispatch; 2]> = OnceLock::new();
    NOBODYS.get_or_init(|| {
        [(); 2].map(|()| {
            Dispatch::new(EachEvent {
                level: Level::ERROR,
                hand_on: |_: &Event<'_>| {},
            })
        })
    });
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
