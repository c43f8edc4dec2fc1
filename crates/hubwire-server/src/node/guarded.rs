//! Guards around foreign code that may panic: hub code, serde impls, and drops of hub values.
//!
//! A panic ends what was guarded and nothing else. As everywhere in Rust, a panic in a drop during
//! another panic aborts the process.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Poll;

use futures_util::{FutureExt, TryFutureExt};
use hubwire_core::{ConnectionId, HubName};
use tokio_util::sync::CancellationToken;

use super::panics;

/// The text of a caught panic.
#[derive(Debug)]
pub(crate) struct Panic {
    text: String,
}

impl Panic {
    fn caught(payload: Box<dyn Any + Send>) -> Self {
        panics::count();
        let text = payload
            .downcast_ref::<&'static str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        // Even the payload is a foreign value, and so is the payload of a panic in its drop.
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(second);
        }
        Self {
            text: text.unwrap_or_else(|| "a panic without a text".to_owned()),
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Logs what panicked, if nothing else reports it.
    pub(crate) fn log(&self, what: &'static str) {
        panics::log(what, self, None);
    }

    /// Logs the panic of something that belongs to a connection.
    pub(crate) fn log_of(&self, whose: Whose<'_>, what: &'static str) {
        panics::log(what, self, Some(whose));
    }
}

/// The connection that guarded code belongs to, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose<'a> {
    pub(crate) hub: &'a HubName,
    pub(crate) connection_id: &'a ConnectionId,
}

/// The same, kept until the log has a line for it.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionLabel {
    pub(crate) hub: HubName,
    pub(crate) connection_id: ConnectionId,
}

impl ConnectionLabel {
    pub(crate) fn whose(&self) -> Whose<'_> {
        Whose {
            hub: &self.hub,
            connection_id: &self.connection_id,
        }
    }
}

impl From<Whose<'_>> for ConnectionLabel {
    fn from(whose: Whose<'_>) -> Self {
        Self {
            hub: whose.hub.clone(),
            connection_id: whose.connection_id.clone(),
        }
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Runs a step and catches its panic.
///
/// A panic may occur anywhere in the step. The state that it changes must be valid after that, or
/// must not be used again.
pub(crate) fn guarded<R>(step: impl FnOnce() -> R) -> Result<R, Panic> {
    catch_unwind(AssertUnwindSafe(step)).map_err(Panic::caught)
}

/// Runs one step of a sequence that must continue; its panic is logged.
pub(crate) fn guarded_step<R>(what: &'static str, step: impl FnOnce() -> R) -> Option<R> {
    guarded(step).map_err(|panic| panic.log(what)).ok()
}

/// Runs a step for a connection and logs its panic, so that what follows still runs.
pub(crate) fn guarded_step_of<R>(
    whose: Whose<'_>,
    what: &'static str,
    step: impl FnOnce() -> R,
) -> Option<R> {
    guarded(step)
        .map_err(|panic| panic.log_of(whose, what))
        .ok()
}

/// Cancels a token; hub code may wait on it with wakers of its own.
pub(crate) fn fire(whose: Option<Whose<'_>>, token: &CancellationToken) {
    if let Err(panic) = guarded(|| token.cancel()) {
        panics::log("the waking of who waits for a token", &panic, whose);
    }
}

/// Resolves like the future, or with the panic of one of its polls.
pub(crate) fn caught<F: Future>(future: F) -> impl Future<Output = Result<F::Output, Panic>> {
    let caught = AssertUnwindSafe(future).catch_unwind();
    caught.map_err(Panic::caught)
}

/// Resolves like the future, or with the panic of one of its polls or of its drop. If it is dropped
/// before, that is guarded, too.
pub(super) fn caught_whole<F: Future>(future: F) -> impl Future<Output = Result<F::Output, Panic>> {
    let mut run = Guarded::new(Box::pin(future));
    poll_fn(move |cx| run.poll_with(|run| run.as_mut().poll(cx)))
}

/// A foreign value; its drop is guarded wherever it happens.
pub(crate) struct Guarded<T> {
    /// `None` once the value was taken or dropped.
    value: Option<T>,
}

impl<T> Guarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Some(value) }
    }

    /// Polls the value and drops it when it is done. A panic of the poll or of the drop also ends
    /// it.
    pub(crate) fn poll_with<R>(
        &mut self,
        poll: impl FnOnce(&mut T) -> Poll<R>,
    ) -> Poll<Result<R, Panic>> {
        let Some(run) = &mut self.value else {
            return Poll::Pending;
        };
        let ended = match guarded(|| poll(run)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(ended)) => Ok(ended),
            Err(panic) => Err(panic),
        };
        Poll::Ready(match (ended, self.drop_now()) {
            (ended, Ok(())) => ended,
            (Ok(ended), Err(panic)) => {
                drop(Guarded::new(ended));
                Err(panic)
            }
            (Err(first), Err(second)) => {
                second.log("the drop of what had panicked");
                Err(first)
            }
        })
    }

    /// Returns the value, unless it was dropped.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Returns the value, unless it was dropped.
    pub(crate) fn into_inner(mut self) -> Option<T> {
        self.value.take()
    }

    /// Moves the value out, unless it was dropped; it stays guarded.
    pub(crate) fn take(&mut self) -> Option<Self> {
        self.value.take().map(Self::new)
    }

    /// Drops the value now, for a caller that can report a panic better.
    pub(crate) fn drop_now(&mut self) -> Result<(), Panic> {
        match self.value.take() {
            None => Ok(()),
            value => guarded(|| drop(value)),
        }
    }
}

/// Drops values one by one. The first panic then continues in the caller.
pub(crate) fn drop_each<T>(what: &'static str, values: impl IntoIterator<Item = Guarded<T>>) {
    let mut first = None;
    for mut value in values {
        let Some(value) = value.value.take() else {
            continue;
        };
        match catch_unwind(AssertUnwindSafe(|| drop(value))) {
            // A second panic while the first one unwinds would abort.
            Err(payload) if first.is_none() && !std::thread::panicking() => first = Some(payload),
            Err(payload) => Panic::caught(payload).log(what),
            Ok(()) => {}
        }
    }
    if let Some(payload) = first {
        resume_unwind(payload);
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        if let Err(panic) = self.drop_now() {
            panic.log("the drop of a value");
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Guarded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    /// Panics when it is dropped, even during another panic.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Self);
        }
    }

    #[test]
    fn a_payload_may_panic_without_end() {
        let panic = guarded(|| panic_any(Bomb)).unwrap_err();
        assert_eq!(panic.into_text(), "a panic without a text");
    }

    #[test]
    fn a_guarded_drop_may_panic_while_another_panic_unwinds() {
        let panic = guarded(|| {
            let _bomb = Guarded::new(Bomb);
            panic!("the first");
        });
        assert_eq!(panic.unwrap_err().into_text(), "the first");
    }

    #[tokio::test]
    async fn a_future_that_panics_resolves() {
        let resolved = caught(async { panic!("within") }).await;
        let resolved: Result<(), _> = resolved;
        assert_eq!(resolved.unwrap_err().into_text(), "within");
    }
}
