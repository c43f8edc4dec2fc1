//! Generates the marker type of a hub's client, and its proxy.

mod proxy_methods;
mod settings;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};

use crate::attributes::is_documented;
use crate::errors::Errors;
use crate::model::ClientTrait;
use crate::parse;

/// Expands `#[hub_client]` into the types that replace the user's trait, and the errors.
pub(crate) fn expand(arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    match parse::client_trait(arguments, item.clone(), &mut errors) {
        Some(client) => quote!(#errors #client),
        None => quote!(#errors #item),
    }
}

impl ToTokens for ClientTrait {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let proxy = format_ident!("{}Proxy", self.name);
        marker(self, &proxy).to_tokens(tokens);
        proxy_type(self, &proxy).to_tokens(tokens);
        conversions(self, &proxy).to_tokens(tokens);
        proxy_methods::proxy_methods(self, &proxy).to_tokens(tokens);
    }
}

/// Generates the type with the trait's name.
fn marker(client: &ClientTrait, proxy: &Ident) -> TokenStream {
    let ClientTrait {
        attributes,
        cfgs,
        name,
        visibility,
        ..
    } = client;
    let docs = (!is_documented(attributes)).then(|| {
        let text = "What a hub may call on its clients.";
        quote!(#[doc = #text])
    });
    let instead = [
        "",
        "`#[hub_client]` left this type in place of the trait: it names the client, is no bound, and has no value.",
        &format!(
            "What calls one client takes [`{proxy}<One>`]({proxy}), what calls any number of them"
        ),
        &format!("[`&{proxy}<R>`]({proxy}) with `R: Reach`."),
    ];
    quote! {
        #docs
        #(#attributes)*
        #(#[doc = #instead])*
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #visibility enum #name {}

        #(#cfgs)*
        #[automatically_derived]
        impl ::hubwire::__private::HubClient for #name {
            type Proxy<R: ::hubwire::__private::Reach> = #proxy<R>;
        }
    }
}

fn proxy_type(client: &ClientTrait, proxy: &Ident) -> TokenStream {
    let ClientTrait {
        cfgs, visibility, ..
    } = client;
    let docs = format!(
        "Calls the methods of [`{}`] on the clients that it was made for.",
        client.name
    );
    quote! {
        #[doc = #docs]
        #(#cfgs)*
        #[derive(::core::clone::Clone)]
        #visibility struct #proxy<R: ::hubwire::__private::Reach>(::hubwire::__private::Proxy<R>);

        #(#cfgs)*
        #[automatically_derived]
        impl<R: ::hubwire::__private::Reach> ::core::fmt::Debug for #proxy<R> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_tuple(::core::stringify!(#proxy)).field(&self.0).finish()
            }
        }
    }
}

/// Generates the conversions from and to the untyped proxy.
fn conversions(client: &ClientTrait, proxy: &Ident) -> TokenStream {
    let cfgs = &client.cfgs;
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl<R: ::hubwire::__private::Reach> ::core::convert::From<::hubwire::__private::Proxy<R>>
            for #proxy<R>
        {
            fn from(proxy: ::hubwire::__private::Proxy<R>) -> Self { Self(proxy) }
        }

        #(#cfgs)*
        #[automatically_derived]
        impl<R: ::hubwire::__private::Reach> ::core::convert::AsRef<::hubwire::__private::Proxy<R>>
            for #proxy<R>
        {
            fn as_ref(&self) -> &::hubwire::__private::Proxy<R> { &self.0 }
        }

        #(#cfgs)*
        #[automatically_derived]
        impl<R: ::hubwire::__private::Reach> ::core::ops::Deref for #proxy<R> {
            type Target = ::hubwire::__private::Proxy<R>;
            fn deref(&self) -> &::hubwire::__private::Proxy<R> { &self.0 }
        }
    }
}
