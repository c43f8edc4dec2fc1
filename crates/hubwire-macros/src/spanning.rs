//! Generated code that the compiler blames on the user's tokens.

use proc_macro2::Span;

/// Errors show at the user's tokens, names resolve as ours.
pub(crate) fn located(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}
