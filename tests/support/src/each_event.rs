//! A subscriber of log lines, and of nothing else.

use std::sync::OnceLock;

use tracing::subscriber::{DefaultGuard, Interest, set_default};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, span};

/// Hands on each line of this level or above.
pub struct EachEvent<F> {
    pub level: Level,
    pub hand_on: F,
}

impl<F: Fn(&Event<'_>) + Send + Sync + 'static> EachEvent<F> {
    /// Listens in this thread for as long as the guard lives.
    pub fn listen(self) -> DefaultGuard {
        ask_for_every_line();
        set_default(self)
    }
}

/// Makes `tracing` ask the subscriber of its thread about each line.
///
/// It keeps for each line whether anybody wants it. While there is a single subscriber, another
/// thread that comes to a line first has no subscriber and has the line ignored everywhere; with two
/// that no thread listens with, each line is asked for.
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
