//! Values that panic when their text says so, and a count of the log lines about it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::each_event::EachEvent;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tracing::field::Field;
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level};

/// A text that panics while it is decoded, encoded, cloned or dropped, if it says so. The text `always`
/// panics in a drop even while another panic unwinds.
pub struct Bomb(pub String);

impl Bomb {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn go_off(&self, at: &str) {
        assert!(self.0 != at, "secret");
    }
}

impl<'de> Deserialize<'de> for Bomb {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bomb = Self(String::deserialize(deserializer)?);
        bomb.go_off("decode");
        Ok(bomb)
    }
}

impl Serialize for Bomb {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.go_off("encode");
        serializer.serialize_str(&self.0)
    }
}

impl Clone for Bomb {
    fn clone(&self) -> Self {
        self.go_off("clone");
        Self(self.0.clone())
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.go_off("always");
        // A second panic would abort the process, and hide the failure of the test.
        if !std::thread::panicking() {
            self.go_off("drop");
        }
    }
}

/// An error that panics while it is displayed or dropped, if its text says so.
pub struct Explosive(Bomb);

impl Explosive {
    pub fn at(text: &str) -> Self {
        Self(Bomb::new(text))
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        assert!(self.0.0 != "show", "secret");
        f.write_str("shown")
    }
}

impl fmt::Display for Explosive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f)
    }
}

impl fmt::Debug for Explosive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f)
    }
}

impl std::error::Error for Explosive {}

/// Counts the error lines and warnings of this thread for as long as it lives.
pub struct ErrorLines {
    count: Arc<AtomicUsize>,
    warnings: Arc<AtomicUsize>,
    _guard: DefaultGuard,
}

impl ErrorLines {
    pub fn counted() -> Self {
        let count = Arc::new(AtomicUsize::new(0));
        let warnings = Arc::new(AtomicUsize::new(0));
        let watching = Watching {
            error_lines: Arc::clone(&count),
            warnings: Arc::clone(&warnings),
            unwritable: None,
        };
        Self {
            _guard: watching.listen(),
            count,
            warnings,
        }
    }

    /// Returns the number of warnings since the last call.
    pub fn take_warnings(&self) -> usize {
        self.warnings.swap(0, Ordering::Relaxed)
    }

    /// Returns the number of error lines since the last call.
    pub fn take(&self) -> usize {
        self.count.swap(0, Ordering::Relaxed)
    }
}

/// Panics in this thread at each line of a target, for as long as it lives.
pub struct Unwritable {
    panics: Arc<AtomicUsize>,
    _guard: DefaultGuard,
}

impl Unwritable {
    pub fn target(target: &'static str) -> Self {
        let panics = Arc::new(AtomicUsize::new(0));
        let watching = Watching {
            error_lines: Arc::default(),
            warnings: Arc::default(),
            unwritable: Some((target, Arc::clone(&panics))),
        };
        Self {
            _guard: watching.listen(),
            panics,
        }
    }

    /// Returns how often it has panicked.
    pub fn panics(&self) -> usize {
        self.panics.load(Ordering::Relaxed)
    }
}

struct Watching {
    error_lines: Arc<AtomicUsize>,
    warnings: Arc<AtomicUsize>,
    unwritable: Option<(&'static str, Arc<AtomicUsize>)>,
}

impl Watching {
    fn listen(self) -> DefaultGuard {
        let each_event = EachEvent {
            level: Level::WARN,
            hand_on: move |event: &Event<'_>| self.see(event),
        };
        each_event.listen()
    }

    fn see(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let lines = match *metadata.level() {
            Level::ERROR => &self.error_lines,
            _ => &self.warnings,
        };
        lines.fetch_add(1, Ordering::Relaxed);
        // Formats the values like a subscriber that writes them, because a value may panic.
        event.record(&mut |_: &Field, value: &dyn fmt::Debug| drop(format!("{value:?}")));
        if let Some((target, panics)) = &self.unwritable
            && metadata.target() == *target
        {
            panics.fetch_add(1, Ordering::Relaxed);
            panic!("secret");
        }
    }
}
