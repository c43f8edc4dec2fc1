//! Generates the methods of a proxy: pushes for every reach, and invocations of one client or of
//! several.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Type, Visibility};

use super::settings;
use crate::attributes::is_documented;
use crate::model::{ClientMethod, ClientTrait};
use crate::spanning::{Place, blame};

pub(super) fn proxy_methods(client: &ClientTrait, proxy: &Ident) -> TokenStream {
    let visibility = &client.visibility;
    let pushes = client
        .methods
        .iter()
        .filter(|method| method.result.is_none());
    let pushes = pushes.map(|method| push(method, visibility));
    let invocations = || {
        let methods = client.methods.iter();
        methods.filter_map(|method| Some((method, method.result.as_ref()?)))
    };
    let of_one = invocations().map(|(method, result)| invoke(method, result, visibility));
    let of_many = invocations().map(|(method, result)| invoke_each(method, result, visibility));
    let all = quote!(<R: ::hubwire::__private::Reach>);
    let pushes = block(
        client,
        &all,
        &quote!(#proxy<R>),
        settings::methods(client).chain(pushes),
    );
    let none = TokenStream::new();
    let one = quote!(#proxy<::hubwire::__private::One>);
    let many = quote!(#proxy<::hubwire::__private::Many>);
    let invocations = invocations().next().map(|_| {
        let of_one = block(client, &none, &one, of_one);
        let of_many = block(client, &none, &many, of_many);
        quote!(#of_one #of_many)
    });
    quote!(#pushes #invocations)
}

fn block(
    client: &ClientTrait,
    generics: &TokenStream,
    proxy: &TokenStream,
    methods: impl Iterator<Item = TokenStream>,
) -> TokenStream {
    let cfgs = &client.cfgs;
    quote! {
        #(#cfgs)*
        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl #generics #proxy {
            #(#methods)*
        }
    }
}

/// Generates a method that returns nothing.
fn push(method: &ClientMethod, visibility: &Visibility) -> TokenStream {
    let signature = signature(method);
    let docs = docs(
        method,
        "the clients",
        &["# Errors", "", "When an argument cannot be serialized."],
    );
    let start = start(method, "start_send", None);
    let attributes = &method.attributes;
    quote! {
        #(#attributes)*
        #docs
        #visibility async #signature -> ::core::result::Result<(), ::hubwire::__private::SendError> {
            let sending = { #start };
            sending.finish().await
        }
    }
}

/// Generates a method with a result that is invoked on one client.
fn invoke(method: &ClientMethod, result: &Type, visibility: &Visibility) -> TokenStream {
    let signature = signature(method);
    let docs = docs(
        method,
        "the client and waits for what it returns",
        &[
            "# Errors",
            "",
            "`ClientResultError` when the connection does not exist, ends or does not complete in time, when",
            "the client returns an error or nothing, and when its result is of another type.",
            "",
            "# Cancellation",
            "",
            "A dropped future gives the invocation up; the client is not told, and its result is ignored.",
        ],
    );
    let start = start(method, "start_invoke", Some(result));
    let place = Place::of(result);
    let invoking = place.put(quote_spanned!(place.last=> invoking));
    let start = quote_spanned!(place.last=> let invoking = { #start }; #invoking.await);
    let attributes = &method.attributes;
    quote! {
        #(#attributes)*
        #docs
        #visibility async #signature
            -> ::core::result::Result<#result, ::hubwire::__private::ClientResultError>
        {
            #start
        }
    }
}

/// Generates a method with a result that is invoked on each of several clients.
fn invoke_each(method: &ClientMethod, result: &Type, visibility: &Visibility) -> TokenStream {
    let signature = signature(method);
    let docs = docs(
        method,
        "each client and hands on what each returns",
        &[
            "Yields each client's result with its connection id, in the order in which results come.",
            "",
            "# Errors",
            "",
            "`ClientResultError` where nobody could be invoked; each client's own stands beside its",
            "connection id.",
            "",
            "# Cancellation",
            "",
            "Dropped results give the invocation up; late ones are ignored.",
        ],
    );
    let start = start(method, "start_invoke_each", Some(result));
    let attributes = &method.attributes;
    quote! {
        #(#attributes)*
        #docs
        #visibility #signature -> ::core::result::Result<
            ::hubwire::__private::ClientResults<#result>,
            ::hubwire::__private::ClientResultError,
        > {
            #start
        }
    }
}

/// Generates the signature up to the parameters.
fn signature(method: &ClientMethod) -> TokenStream {
    let ClientMethod {
        generics,
        rust_name,
        ..
    } = method;
    let parameters = method.parameters.iter().map(|parameter| {
        let (name, ty) = (&parameter.name, &parameter.ty);
        quote!(#name: #ty)
    });
    quote!(fn #rust_name #generics (&self, #(#parameters),*))
}

/// Generates the assertions that the types can be sent and received, and the call that queues the
/// message.
fn start(method: &ClientMethod, start: &str, result: Option<&Type>) -> TokenStream {
    let wire_name = &method.wire_name.text;
    let names = method.parameters.iter().map(|parameter| &parameter.name);
    let checks = method.parameters.iter().map(|parameter| &parameter.ty);
    let types = checks.clone().map(|ty| blame(ty, "ClientArgument", "Sent"));
    let place = match result {
        Some(ty) => Place::of(ty),
        None => Span::call_site().into(),
    };
    let start = Ident::new(start, place.last);
    let decoder = result.map(|ty| {
        quote_spanned!(place.last=> , ::hubwire::__private::expected::<#ty>().kind().decoder::<#ty>())
    });
    let kinds = result.map(|_| {
        quote! {
            #[allow(unused_imports)]
            use ::hubwire::__private::ExpectedValue as _;
        }
    });
    let any = result.map(|_| quote!(_,));
    let start = place.call(
        &quote_spanned!(place.last=> Proxy::#start::<#any (#(#types,)*)>),
        quote!(&self.0, #wire_name, &(#(#names,)*) #decoder),
    );
    quote! {
        #(::hubwire::__private::assert_client_argument::<#checks>();)*
        #kinds
        #start
    }
}

/// Generates the documentation that a method lacks: a first sentence if it has none, and the rest.
fn docs(method: &ClientMethod, whom: &str, rest: &[&str]) -> TokenStream {
    let first = format!("Calls `{}` on {whom}.", method.wire_name.text);
    let first = (!is_documented(&method.attributes)).then_some(first.as_str());
    let lines = first.into_iter().chain([""]).chain(rest.iter().copied());
    quote!(#(#[doc = #lines])*)
}
