//! Generates the implementation of `Hub`.

mod call;
mod reply;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;

use crate::errors::Errors;
use crate::model::{
    Authorize, Function, Helper, Hook, HookKind, HookParameter, HubBlock, HubMethod, Parameter,
    Uncallable,
};
use crate::parse;
use crate::spanning::{Place, located};
use crate::type_text::type_text;

/// Expands `#[hub]` into the user's block, the implementation, and the errors.
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
        authorize,
        hooks,
        methods,
        helpers,
        ..
    } = hub;
    let (generics, _, bounds) = block.generics.split_for_impl();
    let hub_type = &block.self_ty;
    let client = hub.client.as_ref().map_or_else(
        || quote!(::hubwire::__private::UntypedClient),
        ToTokens::to_token_stream,
    );
    let descriptions = methods.iter().map(description);
    let helpers = uncallable(helpers);
    let authorize = authorization(authorize)
        .map(|asked| quote!(const AUTHORIZE: &'static [::hubwire::__private::Authorize] = #asked;));
    let resources = call::resources(methods);
    let bind = call::bind(methods);
    let sharing = assertion_of_sharing(hub);
    quote! {
        #sharing

        #(#cfgs)*
        #[automatically_derived]
        impl #generics ::hubwire::__private::OneHubBlockHoldsAllMethods for #hub_type #bounds {}

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, clippy::all, clippy::pedantic)]
        impl #generics ::hubwire::__private::Hub for #hub_type #bounds {
            type Client = #client;
            const METHODS: &'static [::hubwire::__private::Method] = &[#(#descriptions)*];
            #helpers
            #authorize
            #(#hooks)*
            #bind
            #resources
        }
    }
}

/// Asserts once that a hub can be shared; the rest of the expansion assumes it.
///
/// The author of a generic hub writes the bounds.
fn assertion_of_sharing(hub: &HubBlock) -> Option<TokenStream> {
    let HubBlock { block, cfgs, .. } = hub;
    let hub_type = &block.self_ty;
    block.generics.params.is_empty().then(|| {
        quote! {
            #(#cfgs)*
            const _: () = ::hubwire::__private::assert_hub_value::<#hub_type>();
        }
    })
}

/// Generates the entry of a method in `METHODS`.
fn description(method: &HubMethod) -> TokenStream {
    let cfgs = &method.function.cfgs;
    let name = &method.wire_name.text;
    let docs = &method.docs;
    let parameters = method.parameters.iter().filter_map(parameter_description);
    let streaming = method.streamed.iter().map(|_| quote!(.streaming()));
    let deprecated = method.is_deprecated.then(|| quote!(.deprecated()));
    let authorized = authorization(&method.authorize).map(|asked| quote!(.authorized(#asked)));
    quote! {
        #(#cfgs)*
        ::hubwire::__private::Method::new(#name, &[#(#parameters,)*], #docs) #(#streaming)* #deprecated #authorized,
    }
}

/// Generates the list of what must be met, if there is anything.
fn authorization(authorize: &[Authorize]) -> Option<TokenStream> {
    let entries = authorize.iter().map(|Authorize { roles, policy }| {
        let roles = (!roles.is_empty()).then(|| quote!(.roles(&[#(#roles),*])));
        let policy = policy.as_ref().map(|name| quote!(.policy(#name)));
        quote!(::hubwire::__private::Authorize::new() #roles #policy)
    });
    let entries: Vec<_> = entries.collect();
    (!entries.is_empty()).then(|| quote!(&[#(#entries),*]))
}

/// Generates `HELPERS`, if there are any.
fn uncallable(helpers: &[Helper]) -> Option<TokenStream> {
    let entries = helpers.iter().map(|helper| {
        let Helper {
            cfgs,
            wire_name,
            uncallable,
            ..
        } = helper;
        let rust_name = helper.rust_name.unraw().to_string();
        let skipped = (*uncallable == Uncallable::Skipped).then(|| quote!(.skipped()));
        quote! {
            #(#cfgs)*
            ::hubwire::__private::Helper::new(#wire_name, #rust_name) #skipped,
        }
    });
    (!helpers.is_empty()).then(|| {
        quote! {
            const HELPERS: &'static [::hubwire::__private::Helper] = &[#(#entries)*];
        }
    })
}

/// Generates the entry of a parameter that is an argument.
fn parameter_description(parameter: &Parameter) -> Option<TokenStream> {
    let (name, ty, kind) = match parameter {
        Parameter::Argument { name, ty, default } => {
            let default = default.as_ref().map(|_| quote!(.with_default()));
            (name, ty, default)
        }
        Parameter::StreamReader { name, item, .. } => (name, item, Some(quote!(.stream()))),
        Parameter::CancellationToken { .. } | Parameter::Lent { .. } => return None,
    };
    let (name, type_name) = (name.unraw().to_string(), type_text(ty));
    Some(quote!(::hubwire::__private::Parameter::new(#name, #type_name) #kind))
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

/// Generates the call of the user's hook.
fn run_of(hook: &Hook) -> TokenStream {
    let function = &hook.function;
    let rust_name = &function.rust_name;
    let passed = hook.parameters.iter().map(|parameter| match parameter {
        HookParameter::Lent(ty) => {
            let place = Place::of(ty);
            let lent = place.call(
                &quote_spanned!(place.last=> lent::<#ty, Self>),
                quote_spanned!(located(place.last)=> ::core::clone::Clone::clone(cx)),
            );
            quote_spanned!(place.last=> &#lent)
        }
        HookParameter::Reason(span) => quote_spanned!(located(*span)=> reason),
    });
    let span = located(rust_name.span());
    let run = awaited(
        function,
        quote_spanned!(span=> Self::#rust_name(self, #(#passed),*)),
    );
    let place = match &function.returned {
        Some(ty) => Place::of(ty),
        None => span.into(),
    };
    let outcome = place.put(quote_spanned!(span=> outcome));
    quote_spanned! {span=>
        #[allow(unused_imports)]
        use ::hubwire::__private::ReturnedValue as _;
        let outcome = #run;
        ::hubwire::__private::returned_by(&outcome).kind().hook(#outcome)
    }
}

fn awaited(function: &Function, call: TokenStream) -> TokenStream {
    match function.is_async {
        false => call,
        true => quote!(#call.await),
    }
}
