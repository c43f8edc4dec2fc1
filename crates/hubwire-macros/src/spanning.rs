//! Generated code that the compiler blames on the user's tokens.

use proc_macro2::{Ident, Span, TokenStream};
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
    let mut spans = ty.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    let last = spans.last().unwrap_or(first);
    let open = quote_spanned!(first=> <);
    let bound = format_ident!("{bound}");
    let itself = Ident::new(itself, last);
    quote!(#open #ty as ::hubwire::__private::#bound>::#itself)
}
