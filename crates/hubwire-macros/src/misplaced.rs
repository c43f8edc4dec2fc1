//! `#[authorize]` where `#[hub]` does not read it.

use proc_macro2::{Span, TokenStream};
use quote::quote;

/// Returns the item with an error at the attribute.
///
/// Whoever is to be kept out must not get in because of a misplaced attribute, so it never
/// compiles.
pub(crate) fn authorize(item: &TokenStream) -> TokenStream {
    let message = "`#[authorize]` is read by `#[hub]`: put it below `#[hub]` on the `impl` block, \
                   or inside the block on a `pub` method, and not into a `cfg_attr`";
    let error = syn::Error::new(Span::call_site(), message).to_compile_error();
    quote!(#error #item)
}
