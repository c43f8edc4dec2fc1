//! Prints the implementation of `Hub`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt;

use crate::errors::Errors;
use crate::model::{
    Function, Hook, HookKind, HookParameter, HubBlock, HubMethod, Outcome, Parameter, Passed,
};
use crate::parse;
use crate::spanning::{blame, located};
use crate::type_text::type_text;

/// `#[hub]`: the user's block, the implementation, and what is wrong with them.
pub(crate) fn expand(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    match parse::hub_block(arguments, item.clone(), &mut errors) {
        Some(hub) => quote!(#errors #hub),
        None => quote!(#errors #item),
    }
}

impl ToTokens for HubBlock {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.block.to_tokens(tokens);
        if !self.borrows {
            implementation(self).to_tokens(tokens);
        }
    }
}

fn implementation(hub: &HubBlock) -> TokenStream {
    let HubBlock {
        block,
        cfgs,
        hooks,
        methods,
        ..
    } = hub;
    let (generics, _, bounds) = block.generics.split_for_impl();
    let hub_type = &block.self_ty;
    let client = hub.client.as_ref().map_or_else(
        || quote!(::hubwire::__private::UntypedClient),
        ToTokens::to_token_stream,
    );
    let descriptions = methods.iter().map(description);
    let call = call(methods);
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, clippy::all, clippy::pedantic)]
        impl #generics ::hubwire::__private::Hub for #hub_type #bounds {
            type Client = #client;
            const METHODS: &'static [::hubwire::__private::Method] = &[#(#descriptions)*];
            #(#hooks)*
            #call
        }
    }
}

/// The entry of a method in `METHODS`.
fn description(method: &HubMethod) -> TokenStream {
    let cfgs = &method.function.cfgs;
    let name = &method.wire_name.text;
    let docs = &method.docs;
    let parameters = arguments(method).map(|(name, ty)| {
        let name = name.unraw().to_string();
        let type_name = type_text(ty);
        quote!(::hubwire::__private::Parameter::new(#name, #type_name),)
    });
    quote! {
        #(#cfgs)*
        ::hubwire::__private::Method::new(#name, &[#(#parameters)*], #docs),
    }
}

/// `Hub::call`: a table of all methods, in the order of `METHODS` and under the same `cfg`s.
fn call(methods: &[HubMethod]) -> TokenStream {
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

/// Decodes the arguments of one method, and runs it when the reply is polled.
///
/// Its variables have our hygiene, so that no parameter's name clashes with them.
fn call_of(method: &HubMethod) -> TokenStream {
    let names = arguments(method).map(|(name, _)| name);
    let types = arguments(method).map(|(_, ty)| blame(ty, "HubArgument", "Decoded"));
    let checks = arguments(method).map(|(_, ty)| ty);
    let result = result(&method.function).into_iter();
    let reply = reply(method);
    let span = Span::mixed_site();
    let context = takes_context(method).then(|| quote_spanned!(span=> let cx = call.context();));
    quote_spanned! {span=>
        |hub, call| {
            #(::hubwire::__private::assert_argument::<#checks>();)*
            #(::hubwire::__private::assert_result::<#result>();)*
            match call.bind::<(#(#types,)*)>() {
                ::core::result::Result::Ok((#(#names,)*)) => {
                    #context
                    #reply
                }
                ::core::result::Result::Err(error) => ::hubwire::__private::Reply::rejected(error),
            }
        }
    }
}

fn reply(method: &HubMethod) -> TokenStream {
    let function = &method.function;
    let passed = method.parameters.iter().map(|parameter| match parameter {
        Parameter::Argument { name, .. } => name.to_token_stream(),
        Parameter::Context(Passed::ByReference(span)) => quote_spanned!(located(*span)=> &cx),
        Parameter::Context(Passed::ByValue(span)) => quote_spanned!(located(*span)=> cx),
    });
    let rust_name = &function.rust_name;
    let span = located(rust_name.span());
    let hub = quote_spanned!(Span::mixed_site()=> &hub);
    let run = quote_spanned!(span=> Self::#rust_name(#hub, #(#passed),*));
    let run = awaited(function, run);
    let constructor = constructor(function);
    quote_spanned!(span=> ::hubwire::__private::Reply::#constructor(async move { #run }))
}

/// The type that must be serialized, where it can be seen.
fn result(function: &Function) -> Option<&Type> {
    match &function.outcome {
        Outcome::Fallible { success, .. } => success.as_deref(),
        Outcome::Value(ty) => ty.as_deref(),
    }
}

/// What makes the reply, with the types where the user wrote them.
fn constructor(function: &Function) -> TokenStream {
    let span = located(function.rust_name.span());
    match &function.outcome {
        Outcome::Fallible {
            error,
            success,
            written,
        } => {
            let unknown = quote_spanned!(located(*written)=> _);
            let written_or_unknown = |ty: &Option<Box<Type>>| match ty {
                Some(ty) => ty.to_token_stream(),
                None => unknown.clone(),
            };
            let (success, error) = (written_or_unknown(success), written_or_unknown(error));
            quote_spanned!(span=> fallible::<_, #success, #error>)
        }
        Outcome::Value(Some(ty)) => quote_spanned!(span=> value::<_, #ty>),
        Outcome::Value(None) => quote_spanned!(span=> value::<_, ()>),
    }
}

impl ToTokens for Hook {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let function = &self.function;
        let (cfgs, rust_name) = (&function.cfgs, &function.rust_name);
        let span = located(rust_name.span());
        let reason = (self.kind == HookKind::Disconnected)
            .then(|| quote_spanned!(span=> reason: &::hubwire::__private::DisconnectReason));
        let run = run_of(self);
        tokens.extend(quote_spanned! {span=>
            #(#cfgs)*
            #[allow(unused_variables)]
            async fn #rust_name(
                &self,
                cx: &::hubwire::__private::HubCallerContext<Self>,
                #reason
            ) -> ::hubwire::__private::HubResult {
                #run
            }
        });
    }
}

/// Calls the user's hook.
fn run_of(hook: &Hook) -> TokenStream {
    let function = &hook.function;
    let rust_name = &function.rust_name;
    let passed = hook.parameters.iter().map(|parameter| match parameter {
        HookParameter::Context(Passed::ByReference(span)) => quote_spanned!(located(*span)=> cx),
        HookParameter::Context(Passed::ByValue(span)) => {
            quote_spanned!(located(*span)=> ::core::clone::Clone::clone(cx))
        }
        HookParameter::Reason(span) => quote_spanned!(located(*span)=> reason),
    });
    let span = located(rust_name.span());
    let run = awaited(
        function,
        quote_spanned!(span=> Self::#rust_name(self, #(#passed),*)),
    );
    match function.outcome {
        Outcome::Fallible { written, .. } => quote_spanned! {located(written)=>
            ::core::result::Result::map_err(#run, ::hubwire::__private::HubError::from)
        },
        Outcome::Value(_) => quote!(#run; ::core::result::Result::Ok(())),
    }
}

/// The parameters that come from the wire.
fn arguments(method: &HubMethod) -> impl Iterator<Item = (&Ident, &Type)> {
    method
        .parameters
        .iter()
        .filter_map(|parameter| match parameter {
            Parameter::Argument { name, ty } => Some((name, &**ty)),
            Parameter::Context(_) => None,
        })
}

fn takes_context(method: &HubMethod) -> bool {
    let mut parameters = method.parameters.iter();
    parameters.any(|parameter| matches!(parameter, Parameter::Context(_)))
}

fn awaited(function: &Function, call: TokenStream) -> TokenStream {
    match function.is_async {
        false => call,
        true => quote!(#call.await),
    }
}
