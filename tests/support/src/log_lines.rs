//! Log lines, as a subscriber without spans sees them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level};

use crate::each_event::EachEvent;

/// A line of the log.
#[derive(Debug, PartialEq, Eq)]
pub struct LogLine {
    pub level: Level,
    pub target: &'static str,
    pub message: String,
    pub fields: Vec<(&'static str, String)>,
}

impl LogLine {
    /// Returns the text of a field, which is empty if the line has no such field.
    pub fn field(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(of, _)| *of == name);
        field.map_or("", |(_, text)| text)
    }
}

impl Visit for LogLine {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.to_owned(),
            name => self.fields.push((name, value.to_owned())),
        }
    }
}

/// The lines that this thread logs at a level or above.
pub struct LogLines {
    lines: Arc<Mutex<Vec<LogLine>>>,
    _guard: DefaultGuard,
}

impl LogLines {
    pub fn written(level: Level) -> Self {
        let lines = Arc::<Mutex<Vec<LogLine>>>::default();
        let written = Arc::clone(&lines);
        let hand_on = move |event: &Event<'_>| {
            let mut line = LogLine {
                level: *event.metadata().level(),
                target: event.metadata().target(),
                message: String::new(),
                fields: Vec::new(),
            };
            if !line.target.starts_with("hubwire") {
                return;
            }
            event.record(&mut line);
            let mut lines = written.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(line);
        };
        Self {
            lines,
            _guard: EachEvent { level, hand_on }.listen(),
        }
    }

    /// Returns the lines since the last call.
    pub fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the line since the last call, which must be the only one.
    #[track_caller]
    pub fn one(&self) -> LogLine {
        let mut lines = self.take();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        lines.remove(0)
    }

    /// Returns the only line since the last call, which must name the hub and a connection.
    #[track_caller]
    pub fn one_of_a_connection(&self, hub: &str) -> LogLine {
        let line = self.one();
        assert_eq!(line.field("hub"), hub, "{line:?}");
        assert_eq!(line.field("connection_id").len(), 22, "{line:?}");
        line
    }
}
