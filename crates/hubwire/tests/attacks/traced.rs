//! Everything that this process logs, at every level and from every crate, and the secrets that must not be in it.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use tracing::Level;
use tracing_subscriber::fmt::format::FmtSpan;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Shorter texts may be in the log by chance.
const SHORTEST_SECRET: usize = 16;

/// Appends to what was logged.
struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        locked(&LOG).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn locked<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to keep what is logged, by `tracing` or by `log`.
pub(crate) fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(|| Log)
            .init();
    });
}

/// Declares that a text must not be logged, nor any of its parts between dots; returns the text.
pub(crate) fn secret(text: impl Into<String>) -> String {
    let text = text.into();
    // The first part of a token is its header, which is no secret.
    let parts = text
        .split('.')
        .skip(usize::from(text.matches('.').count() == 2));
    let parts = parts.filter(|part| part.len() >= SHORTEST_SECRET);
    locked(&SECRETS).extend(parts.map(str::to_owned));
    text
}

/// Returns how much has been logged so far.
pub(crate) fn position() -> usize {
    locked(&LOG).len()
}

/// Asserts that no secret of any test has been logged from this position on.
pub(crate) fn assert_hidden(from: usize) {
    let secrets = locked(&SECRETS).clone();
    let log = locked(&LOG)[from..].to_vec();
    if let Some(line) = line_with_any(&secrets, &log) {
        panic!("a secret was logged: {line}");
    }
}

/// Returns the first line that has one of these secrets.
fn line_with_any(secrets: &BTreeSet<String>, log: &[u8]) -> Option<String> {
    // The log is long, and hardly anything in it begins as a secret.
    let beginnings = secrets
        .iter()
        .map(|secret| &secret.as_bytes()[..SHORTEST_SECRET]);
    let beginnings: HashSet<&[u8]> = beginnings.collect();
    let mut windows = log.windows(SHORTEST_SECRET).enumerate();
    let (at, _) = windows.find(|(at, window)| {
        let is_secret = |secret: &String| log[*at..].starts_with(secret.as_bytes());
        beginnings.contains(window) && secrets.iter().any(is_secret)
    })?;
    Some(around(log, &log[at..]))
}

/// Returns the line that has this rest of the log.
fn around(log: &[u8], rest: &[u8]) -> String {
    let at = log.len() - rest.len();
    let is_end = |byte: &u8| *byte == b'\n';
    let begin = log[..at].iter().rposition(is_end).map_or(0, |it| it + 1);
    let end = rest.iter().position(is_end).unwrap_or(rest.len());
    String::from_utf8_lossy(&log[begin..at + end]).into_owned()
}

/// Returns the lines with all of these texts.
pub(crate) fn lines_with(texts: &[&str]) -> Vec<String> {
    let log = locked(&LOG).clone();
    let log = String::from_utf8_lossy(&log);
    let lines = log
        .lines()
        .filter(|line| texts.iter().all(|text| line.contains(text)));
    lines.map(str::to_owned).collect()
}

/// Asserts that this has been logged.
pub(crate) fn assert_logged(text: &str) {
    let log = locked(&LOG).clone();
    let is_logged = String::from_utf8_lossy(&log).contains(text);
    assert!(is_logged, "`{text}` was not logged");
}

#[test]
fn a_secret_in_the_log_is_found() {
    let secrets = BTreeSet::from(["0123456789abcdef".to_owned()]);
    let log = b"one\nx 0123456789abcdef y\nthree\n";
    let line = line_with_any(&secrets, log);
    assert_eq!(line.as_deref(), Some("x 0123456789abcdef y"));
    assert_eq!(line_with_any(&secrets, &log[..10]), None);
    begin();
    tracing::trace!(target: "another_crate", "this is kept");
    assert_logged("TRACE another_crate: this is kept");
}
