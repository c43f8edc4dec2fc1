//! Spans, and the lines within them, as a subscriber sees them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Level, Metadata, span};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::each_event::ask_for_every_line;

/// A span of Hubwire's.
#[derive(Clone, Debug)]
pub struct Seen {
    pub metadata: &'static Metadata<'static>,
    pub fields: BTreeMap<&'static str, String>,
    /// The name of the local parent.
    pub parent: Option<&'static str>,
    /// The names of the spans that it follows from.
    pub follows_from: Vec<&'static str>,
    /// The lines that were written in it.
    pub lines: Vec<String>,
    /// How often it has ended.
    pub ends: usize,
}

impl Seen {
    /// Returns the text of a field, which is empty if it was not recorded.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

#[derive(Default)]
struct State {
    spans: Vec<Seen>,
    /// The index of each open span; ids are used again after the end.
    open: BTreeMap<u64, usize>,
    outside: Vec<String>,
}

impl State {
    fn span(&mut self, id: &span::Id) -> &mut Seen {
        let index = self.open.get(&id.into_u64()).copied();
        let seen = index.and_then(|index| self.spans.get_mut(index));
        seen.expect("a span is used while it is open")
    }
}

/// The spans of this thread, at a level or above.
pub struct Spans {
    state: Arc<Mutex<State>>,
    _guard: DefaultGuard,
}

impl Spans {
    pub fn collect(level: Level) -> Self {
        ask_for_every_line();
        let state = Arc::<Mutex<State>>::default();
        let collector = Collector(Arc::clone(&state));
        let collected = Registry::default().with(collector);
        let collected = collected.with(LevelFilter::from(level));
        Self {
            state,
            _guard: set_default(collected),
        }
    }

    /// Returns the spans with this name.
    pub fn named(&self, name: &str) -> Vec<Seen> {
        let spans = lock(&self.state);
        let spans = spans.spans.iter();
        spans
            .filter(|span| span.metadata.name() == name)
            .cloned()
            .collect()
    }

    /// Returns the span with this name, which must be the only one.
    #[track_caller]
    pub fn one(&self, name: &str) -> Seen {
        let mut spans = self.named(name);
        assert_eq!(spans.len(), 1, "{spans:#?}");
        spans.remove(0)
    }

    /// Returns the lines that were written in no span.
    pub fn lines_outside(&self) -> Vec<String> {
        lock(&self.state).outside.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Collector(Arc<Mutex<State>>);

/// The message of a line.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl Layer<Registry> for Collector {
    fn on_new_span(
        &self,
        attributes: &span::Attributes<'_>,
        id: &span::Id,
        cx: Context<'_, Registry>,
    ) {
        let parent = cx.span(id).and_then(|span| span.parent());
        let mut seen = Seen {
            metadata: attributes.metadata(),
            fields: BTreeMap::new(),
            parent: parent.map(|parent| parent.name()),
            follows_from: Vec::new(),
            lines: Vec::new(),
            ends: 0,
        };
        attributes.record(&mut seen);
        let mut state = lock(&self.0);
        let index = state.spans.len();
        state.spans.push(seen);
        state.open.insert(id.into_u64(), index);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, _: Context<'_, Registry>) {
        values.record(lock(&self.0).span(id));
    }

    fn on_follows_from(&self, id: &span::Id, follows: &span::Id, _: Context<'_, Registry>) {
        let mut state = lock(&self.0);
        let name = state.span(follows).metadata.name();
        state.span(id).follows_from.push(name);
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, Registry>) {
        let mut message = Message::default();
        event.record(&mut message);
        let mut state = lock(&self.0);
        match cx.lookup_current() {
            Some(current) => state.span(&current.id()).lines.push(message.0),
            None => state.outside.push(message.0),
        }
    }

    fn on_close(&self, id: span::Id, _: Context<'_, Registry>) {
        let mut state = lock(&self.0);
        state.span(&id).ends += 1;
        state.open.remove(&id.into_u64());
    }
}
