//! The spans that a test has exported.

use std::sync::{Arc, Mutex};

use opentelemetry::propagation::TextMapCompositePropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Value, global};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

/// The spans that this thread has exported, and the targets of its lines.
pub(crate) struct Exported {
    exporter: InMemorySpanExporter,
    _provider: SdkTracerProvider,
    lines: Arc<Mutex<Vec<&'static str>>>,
    _guard: DefaultGuard,
}

impl Exported {
    /// Exports what these targets enable.
    pub(crate) fn of(targets: &str) -> Self {
        global::set_text_map_propagator(TextMapCompositePropagator::new(vec![
            Box::new(TraceContextPropagator::new()),
            Box::new(BaggagePropagator::new()),
        ]));
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let lines = Arc::<Mutex<_>>::default();
        let targets: Targets = targets.parse().unwrap();
        let subscriber = registry()
            .with(layer)
            .with(Lines(Arc::clone(&lines)))
            .with(targets);
        Self {
            exporter,
            _provider: provider,
            lines,
            _guard: set_default(subscriber),
        }
    }

    /// Returns the spans that have ended.
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.exporter.get_finished_spans().unwrap()
    }

    /// Returns the span with this name, which must be the only one.
    #[track_caller]
    pub(crate) fn one(&self, name: &str) -> SpanData {
        let mut spans = self.spans();
        spans.retain(|span| span.name == name);
        assert_eq!(spans.len(), 1, "{spans:#?}");
        spans.remove(0)
    }

    /// Returns the targets of all lines.
    pub(crate) fn lines(&self) -> Vec<&'static str> {
        self.lines.lock().unwrap().clone()
    }
}

struct Lines(Arc<Mutex<Vec<&'static str>>>);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.0.lock().unwrap().push(event.metadata().target());
    }
}

/// Returns the text of an attribute.
pub(crate) fn attribute<'a>(span: &'a SpanData, name: &str) -> Option<&'a str> {
    let attribute = span.attributes.iter().find(|it| it.key.as_str() == name)?;
    match &attribute.value {
        Value::String(text) => Some(text.as_str()),
        other => panic!("not a text: {other:?}"),
    }
}
