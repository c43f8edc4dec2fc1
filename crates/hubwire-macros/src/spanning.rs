//! Generated code whose errors the compiler reports at the user's tokens.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;

/// Returns a span that shows errors at the user's tokens and resolves names as ours.
pub(crate) fn located(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// Generates `<ty as bound>::itself`, which is `ty` again, with the span of `ty`.
///
/// If `ty` does not satisfy `bound`, all errors about uses of this type are at this one place. The
/// compiler then reports them only once, even if an assertion has failed before.
pub(crate) fn blame(ty: &Type, bound: &str, itself: &str) -> TokenStream {
    let place = Place::of(ty);
    let open = quote_spanned!(place.first=> <);
    let bound = format_ident!("{bound}");
    let itself = Ident::new(itself, place.last);
    quote!(#open #ty as ::hubwire::__private::#bound>::#itself)
}

/// The spans of the first and the last token of a piece of code.
///
/// The span of an expression is that of its first and last tokens, and the compiler reports errors
/// with the same span only once.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Place {
    pub(crate) fn of(tokens: impl ToTokens) -> Self {
        let mut spans = tokens.into_token_stream().into_iter();
        let first = spans
            .next()
            .map_or_else(Span::call_site, |token| token.span());
        let last = spans.last().map_or(first, |token| token.span());
        Self { first, last }
    }

    /// Generates the call of `function`, a path within `::hubwire::__private`.
    pub(crate) fn call(self, function: &TokenStream, arguments: TokenStream) -> TokenStream {
        let open = quote_spanned!(self.first=> ::);
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(self.last);
        quote_spanned!(self.last=> #open hubwire::__private::#function #arguments)
    }

    /// Generates an expression with the value of `expression` and this span.
    pub(crate) fn put(self, expression: TokenStream) -> TokenStream {
        self.call(&quote_spanned!(self.last=> identity), expression)
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self {
            first: span,
            last: span,
        }
    }
}
