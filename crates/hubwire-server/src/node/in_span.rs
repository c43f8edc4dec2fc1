//! Foreign values whose polls and drop run inside a span.

use std::task::Poll;

use tracing::Span;
use tracing::span::Entered;

use super::{Guarded, Panic};

/// A span, if it is enabled. A disabled one takes a single word, because every call has one.
#[derive(Debug, Default)]
pub(crate) struct EnabledSpan(Option<Box<Span>>);

impl EnabledSpan {
    pub(crate) fn new(span: Span) -> Self {
        Self((!span.is_disabled()).then(|| Box::new(span)))
    }

    pub(crate) fn get(&self) -> Option<&Span> {
        self.0.as_deref()
    }

    pub(crate) fn enter(&self) -> Option<Entered<'_>> {
        self.get().map(Span::enter)
    }
}

/// A foreign value. Its span is entered while it is polled and while it is dropped, and ends after
/// that.
pub(crate) struct InSpan<T> {
    value: Guarded<T>,
    span: EnabledSpan,
}

impl<T> InSpan<T> {
    pub(crate) fn new(value: Guarded<T>, span: EnabledSpan) -> Self {
        Self { value, span }
    }

    /// Sets the span of a value that was not polled yet.
    pub(crate) fn set_span(&mut self, span: EnabledSpan) {
        self.span = span;
    }

    pub(crate) fn span(&self) -> &EnabledSpan {
        &self.span
    }

    /// Takes the span of a value that is done.
    pub(crate) fn take_span(&mut self) -> EnabledSpan {
        std::mem::take(&mut self.span)
    }

    /// Does the same as [`Guarded::poll_with`].
    pub(crate) fn poll_with<R>(
        &mut self,
        poll: impl FnOnce(&mut T) -> Poll<R>,
    ) -> Poll<Result<R, Panic>> {
        let _entered = self.span.enter();
        self.value.poll_with(poll)
    }

    /// Does the same as [`Guarded::drop_now`].
    pub(crate) fn drop_now(&mut self) -> Result<(), Panic> {
        let _entered = self.span.enter();
        self.value.drop_now()
    }
}

impl<T> Drop for InSpan<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            let _entered = self.span.enter();
            drop(value);
        }
    }
}
