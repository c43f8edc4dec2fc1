//! Generated code that the compiler blames on the user's tokens.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;

/// Errors show at the user's tokens, names resolve as ours.
pub(crate) fn located(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// `<ty as bound>::itself`, which is `ty` again and stands, to the compiler, where `ty` stands.
///
/// Where `ty` is not `bound`, nothing that uses this type is reported but its own place, and that only
/// once, although an assertion has said it before.
pub(crate) fn blame(ty: &Type, bound: &str, itself: &str) -> TokenStream {
    let place = Place::of(ty);
    let open = quote_spanned!(place.first=> <);
    let bound = format_ident!("{bound}");
    let itself = Ident::new(itself, place.last);
    quote!(#open #ty as ::hubwire::__private::#bound>::#itself)
}

/// Where something stands: its first token and its last.
///
/// An expression is where its own first and last tokens are, and errors of one place are reported once.
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

    /// Calls `function`, a path within `::hubwire::__private`.
    pub(crate) fn call(self, function: &TokenStream, arguments: TokenStream) -> TokenStream {
        let open = quote_spanned!(self.first=> ::);
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(self.last);
        quote_spanned!(self.last=> #open hubwire::__private::#function #arguments)
    }

    /// The value of `expression`, to stand here whatever it is made of.
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
