//! Prints the methods of a proxy that say how clients are called, and call none.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;

use crate::model::ClientTrait;

/// One of them, as the untyped proxy has it.
struct Setting {
    name: &'static str,
    docs: &'static str,
    receiver: TokenStream,
    /// The name of the argument, if there is one, and its type.
    argument: Option<(&'static str, TokenStream)>,
}

/// Prints them all, without those whose names the user's trait takes for methods of its own.
pub(super) fn methods(client: &ClientTrait) -> impl Iterator<Item = TokenStream> {
    let is_free = |setting: &Setting| {
        let mut names = client.methods.iter().map(|method| method.rust_name.unraw());
        names.all(|name| name != setting.name)
    };
    settings()
        .into_iter()
        .filter(is_free)
        .map(|setting| print(&setting, client))
}

fn settings() -> [Setting; 4] {
    [
        Setting {
            name: "with_timeout",
            docs: "Waits for client results at most this long, in place of the hub's `client_result_timeout`.",
            receiver: quote!(self),
            argument: Some(("timeout", quote!(::core::time::Duration))),
        },
        Setting {
            name: "latest",
            docs: "Sends only the latest message with this key to a client that is busy: it takes the place of a queued one.",
            receiver: quote!(&self),
            argument: Some((
                "key",
                quote!(impl ::core::convert::Into<::hubwire::__private::MessageKey>),
            )),
        },
        Setting {
            name: "volatile",
            docs: "Drops messages to a client that is busy.",
            receiver: quote!(&self),
            argument: None,
        },
        Setting {
            name: "when_busy",
            docs: "Says what becomes of messages to a client that is busy, in place of what the hub says.",
            receiver: quote!(&self),
            argument: Some(("when_busy", quote!(::hubwire::__private::WhenBusy))),
        },
    ]
}

fn print(setting: &Setting, client: &ClientTrait) -> TokenStream {
    let Setting {
        name,
        docs,
        receiver,
        argument,
    } = setting;
    let visibility = &client.visibility;
    let name = format_ident!("{name}");
    let (argument, ty) = match argument {
        Some((argument, ty)) => (Some(format_ident!("{argument}")), Some(ty)),
        None => (None, None),
    };
    let parameter = argument.as_ref().map(|argument| quote!(#argument: #ty));
    quote! {
        #[doc = #docs]
        #[must_use]
        #visibility fn #name(#receiver, #parameter) -> Self {
            Self(self.0.#name(#argument))
        }
    }
}
