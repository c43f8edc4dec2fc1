//! Generates `Hub::resources` and `Hub::bind`, which create the parameters of calls.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::reply::reply;
use crate::model::{HubMethod, Parameter};
use crate::spanning::{Place, blame, located};

/// Generates the resources of each method; `None` if no method takes any.
pub(super) fn resources(methods: &[HubMethod]) -> Option<TokenStream> {
    let takes_any = |method: &HubMethod| method.parameters.iter().any(|it| resource(it).is_some());
    methods.iter().any(takes_any).then_some(())?;
    let made = methods.iter().map(|method| {
        let cfgs = &method.function.cfgs;
        let checks = method.parameters.iter().filter_map(stream_check);
        let resources = method.parameters.iter().filter_map(resource);
        quote! {
            #(#cfgs)*
            |builder| {
                #(::hubwire::__private::#checks();)*
                builder #(.#resources)* .build()
            },
        }
    });
    Some(quote! {
        fn resources(
            method: usize,
            builder: ::hubwire::__private::ResourcesBuilder<'_>,
        ) -> ::hubwire::__private::Resources {
            let methods: &[fn(
                ::hubwire::__private::ResourcesBuilder<'_>,
            ) -> ::hubwire::__private::Resources] = &[#(#made)*];
            match methods.get(method) {
                ::core::option::Option::Some(make) => make(builder),
                ::core::option::Option::None => builder.build(),
            }
        }
    })
}

fn resource(parameter: &Parameter) -> Option<TokenStream> {
    match parameter {
        Parameter::CancellationToken { .. } => Some(quote!(cancellation_token())),
        Parameter::StreamReader { item, .. } => {
            let item = blame(item, "HubStreamArgument", "Decoded");
            Some(quote!(stream_reader::<#item>()))
        }
        Parameter::Argument { .. } | Parameter::Lent { .. } => None,
    }
}

/// Generates the check of a stream's items. It is the same wherever the type is used, so the
/// compiler reports an error only once.
fn stream_check(parameter: &Parameter) -> Option<TokenStream> {
    match parameter {
        Parameter::StreamReader { item, .. } => Some(quote!(assert_stream_argument::<#item>)),
        _ => None,
    }
}

/// Generates a table of all methods, in the order of `METHODS` and with the same `cfg`s.
pub(super) fn bind(methods: &[HubMethod]) -> TokenStream {
    let binds = methods.iter().map(|method| {
        let cfgs = &method.function.cfgs;
        let bind = bind_of(method);
        quote!(#(#cfgs)* #bind,)
    });
    let bound = quote! {
        ::core::result::Result<::hubwire::__private::Reply, ::hubwire::__private::BindError>
    };
    quote! {
        fn bind(
            self: ::hubwire::__private::Arc<Self>,
            method: usize,
            call: ::hubwire::__private::Call<'_, Self>,
        ) -> #bound {
            #[allow(unused_imports)]
            use ::hubwire::__private::ReturnedValue as _;
            let methods: &[fn(
                ::hubwire::__private::Arc<Self>,
                ::hubwire::__private::Call<'_, Self>,
            ) -> #bound] = &[#(#binds)*];
            match methods.get(method) {
                ::core::option::Option::Some(bind) => bind(self, call),
                ::core::option::Option::None => {
                    ::core::result::Result::Ok(::hubwire::__private::Reply::unknown_method())
                }
            }
        }
    }
}

/// Generates the function that creates the parameters of one method, and the reply that runs it.
///
/// Its variables have mixed-site hygiene, so they cannot clash with names of parameters. Arguments
/// are decoded first: if they do not fit, nothing else is created.
fn bind_of(method: &HubMethod) -> TokenStream {
    let (types, names) = arguments(method);
    let checks = checks(method);
    let specials = specials(method);
    let reply = reply(method);
    let span = Span::mixed_site();
    quote_spanned! {span=>
        |hub, call| {
            #(#checks)*
            match call.arguments::<#types>() {
                ::core::result::Result::Ok(#names) => {
                    #(#specials)*
                    ::core::result::Result::Ok(#reply)
                }
                ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
            }
        }
    }
}

/// Generates the type that the arguments are bound to, and the pattern that takes it apart.
fn arguments(method: &HubMethod) -> (TokenStream, TokenStream) {
    let (defaults, required): (Vec<_>, Vec<_>) =
        method.parameters.iter().partition(|it| it.has_default());
    let tuples = |parameters: &[&Parameter], bound| {
        let arguments = || parameters.iter().filter_map(|it| it.argument());
        let types = arguments().map(|(_, ty)| blame(ty, bound, "Decoded"));
        let names = arguments().map(|(name, _)| name);
        (quote!((#(#types,)*)), quote!((#(#names,)*)))
    };
    let (types, names) = tuples(&required, "HubArgument");
    if defaults.is_empty() {
        return (types, names);
    }
    let (default_types, default_names) = tuples(&defaults, "HubDefaultArgument");
    (
        quote!(::hubwire::__private::WithDefaults<#types, #default_types>),
        quote!(::hubwire::__private::WithDefaults { required: #names, defaults: #default_names }),
    )
}

/// Generates the parameters that are not arguments. Streams are opened when the method runs.
fn specials(method: &HubMethod) -> impl Iterator<Item = TokenStream> {
    let mut streams = 0usize;
    method
        .parameters
        .iter()
        .filter_map(move |parameter| match parameter {
            Parameter::CancellationToken { name, ty } => {
                let span = located(syn::spanned::Spanned::span(ty));
                Some(quote_spanned!(span=> let #name: #ty = call.cancellation_token();))
            }
            Parameter::StreamReader { name, ty, item } => {
                let index = streams;
                streams += 1;
                let item = blame(item, "HubStreamArgument", "Decoded");
                let span = located(syn::spanned::Spanned::span(ty));
                Some(quote_spanned!(span=> let #name = call.stream_reader::<#item>(#index);))
            }
            Parameter::Lent { name, ty } => {
                let place = Place::of(ty);
                let context = quote_spanned!(Span::mixed_site()=> call.context());
                let lent = place.call(&quote_spanned!(place.last=> lent::<#ty, Self>), context);
                Some(quote_spanned!(place.last=> let #name = #lent;))
            }
            Parameter::Argument { .. } => None,
        })
}

/// Generates assertions that fail, at the type itself, for types that cannot be decoded.
fn checks(method: &HubMethod) -> impl Iterator<Item = TokenStream> {
    let parameters = method
        .parameters
        .iter()
        .filter_map(|parameter| match parameter {
            Parameter::Argument {
                ty,
                default: Some(_),
                ..
            } => Some(quote!(assert_default_argument::<#ty>)),
            Parameter::Argument { ty, .. } => Some(quote!(assert_argument::<#ty>)),
            _ => stream_check(parameter),
        });
    parameters.map(|check| quote!(::hubwire::__private::#check();))
}
