//! Prints `Hub::call`: how a call's parameters are made.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;

use super::reply::reply;
use crate::model::{HubMethod, Items, Parameter};
use crate::spanning::{blame, located};

/// A table of all methods, in the order of `METHODS` and under the same `cfg`s.
pub(super) fn call(methods: &[HubMethod]) -> TokenStream {
    let calls = methods.iter().map(|method| {
        let cfgs = &method.function.cfgs;
        let call = call_of(method);
        quote!(#(#cfgs)* #call,)
    });
    quote! {
        fn call(
            self: ::hubwire::__private::Arc<Self>,
            method: usize,
            call: ::hubwire::__private::Call<'_, Self>,
        ) -> ::hubwire::__private::Reply {
            let calls: &[fn(
                ::hubwire::__private::Arc<Self>,
                ::hubwire::__private::Call<'_, Self>,
            ) -> ::hubwire::__private::Reply] = &[#(#calls)*];
            match calls.get(method) {
                ::core::option::Option::Some(run) => run(self, call),
                ::core::option::Option::None => ::hubwire::__private::Reply::unknown_method(),
            }
        }
    }
}

/// Makes the parameters of one method, and runs it when the reply is polled.
///
/// Its variables have our hygiene, so that no parameter's name clashes with them. Arguments are decoded
/// first: where they do not fit, nothing else is made.
fn call_of(method: &HubMethod) -> TokenStream {
    let arguments = || method.parameters.iter().filter_map(Parameter::argument);
    let names = arguments().map(|(name, _)| name);
    let types = arguments().map(|(_, ty)| blame(ty, "HubArgument", "Decoded"));
    let checks = checks(method);
    let specials = method.parameters.iter().filter_map(special);
    let context = takes_context(method)
        .then(|| quote_spanned!(Span::mixed_site()=> let cx = call.context();));
    let reply = reply(method);
    let span = Span::mixed_site();
    quote_spanned! {span=>
        |hub, call| {
            #(#checks)*
            match call.bind::<(#(#types,)*)>() {
                ::core::result::Result::Ok((#(#names,)*)) => {
                    #(#specials)*
                    #context
                    #reply
                }
                ::core::result::Result::Err(error) => ::hubwire::__private::Reply::rejected(error),
            }
        }
    }
}

/// Makes a parameter that is no argument, as the type that the user wrote.
fn special(parameter: &Parameter) -> Option<TokenStream> {
    let (name, ty, made) = match parameter {
        Parameter::CancellationToken { name, ty } => (name, ty, quote!(cancellation_token())),
        Parameter::StreamReader { name, ty, item } => {
            let item = blame(item, "HubStreamArgument", "Decoded");
            (name, ty, quote!(stream_reader::<#item>()))
        }
        Parameter::Argument { .. } | Parameter::Context(_) => return None,
    };
    let span = located(syn::spanned::Spanned::span(ty));
    let call = quote_spanned!(span=> call);
    Some(quote_spanned!(span=> let #name: #ty = #call.#made;))
}

/// Assertions that complain, at the types' own places, of what the wire cannot carry.
fn checks(method: &HubMethod) -> impl Iterator<Item = TokenStream> {
    let parameters = method.parameters.iter().filter_map(|parameter| {
        Some(match parameter {
            Parameter::Argument { ty, .. } => quote!(assert_argument::<#ty>),
            Parameter::StreamReader { item, .. } => quote!(assert_stream_argument::<#item>),
            Parameter::CancellationToken { .. } | Parameter::Context(_) => return None,
        })
    });
    let result = match &method.streamed {
        Some(streamed) => item(&streamed.items).map(|ty| quote!(assert_stream_item::<#ty>)),
        None => {
            let result = method.function.outcome.success();
            result.map(|ty| quote!(assert_result::<#ty>))
        }
    };
    let checks = parameters.chain(result);
    checks.map(|check| quote!(::hubwire::__private::#check();))
}

fn item(items: &Items) -> Option<&Type> {
    match items {
        Items::Fallible { success: ty, .. } | Items::Values(ty) => ty.as_deref(),
    }
}

fn takes_context(method: &HubMethod) -> bool {
    let mut parameters = method.parameters.iter();
    parameters.any(|parameter| matches!(parameter, Parameter::Context(_)))
}
