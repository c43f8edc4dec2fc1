//! Prints the run of one method, which owns all that the method borrows.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::awaited;
use crate::model::{Function, HubMethod, Items, Outcome, Parameter, Passed, Streamed};
use crate::spanning::{Place, located};

pub(super) fn reply(method: &HubMethod) -> TokenStream {
    let run = run(method);
    let opened = method.parameters.iter().filter_map(opened);
    let opened = quote!(#(#opened)*);
    let span = located(method.function.rust_name.span());
    if let Some(streamed) = &method.streamed {
        let stream = stream(&method.function.outcome, streamed, &run);
        return quote_spanned! {span=>
            ::hubwire::__private::Reply::stream(move |sink| async move { #opened #stream })
        };
    }
    let constructor = constructor(&method.function);
    quote_spanned!(span=> ::hubwire::__private::Reply::#constructor(async move { #opened #run }))
}

/// Opens a stream of the client's, as the type that the user wrote.
fn opened(parameter: &Parameter) -> Option<TokenStream> {
    let Parameter::StreamReader { name, ty, .. } = parameter else {
        return None;
    };
    let span = located(syn::spanned::Spanned::span(ty));
    Some(quote_spanned!(span=> let #name: #ty = #name.open();))
}

/// Calls the user's method.
fn run(method: &HubMethod) -> TokenStream {
    let function = &method.function;
    let passed = method.parameters.iter().map(|parameter| match parameter {
        Parameter::Argument { name, .. }
        | Parameter::CancellationToken { name, .. }
        | Parameter::StreamReader { name, .. } => name.to_token_stream(),
        Parameter::Context(Passed::ByReference(span)) => quote_spanned!(located(*span)=> &cx),
        Parameter::Context(Passed::ByValue(span)) => quote_spanned!(located(*span)=> cx),
    });
    let rust_name = &function.rust_name;
    let span = located(rust_name.span());
    let hub = quote_spanned!(Span::mixed_site()=> &hub);
    awaited(
        function,
        quote_spanned!(span=> Self::#rust_name(#hub, #(#passed),*)),
    )
}

/// Drives the stream that the method returns, inside the run that owns what it borrows.
fn stream(outcome: &Outcome, streamed: &Streamed, run: &TokenStream) -> TokenStream {
    let place = Place::of(&streamed.ty);
    let span = located(place.first);
    let sent = place.call(
        &quote_spanned!(place.last=> hub_stream),
        place.put(quote_spanned!(span=> stream)),
    );
    let send = send(streamed);
    let drive = quote_spanned!(span=> let stream = #sent; #send);
    let Outcome::Fallible { error, written, .. } = outcome else {
        return quote_spanned!(span=> let stream = #run; #drive);
    };
    let made = made(error.as_deref(), *written);
    quote_spanned! {span=>
        let made = #run;
        match #made {
            ::core::result::Result::Ok(stream) => { #drive }
            ::core::result::Result::Err(error) => sink.fail(error),
        }
    }
}

/// The stream that the method returned, or its error as one that may be held while others run.
fn made(error: Option<&Type>, written: Span) -> TokenStream {
    let place = error.map_or_else(|| written.into(), Place::of);
    let error = named_or_unknown(error, written);
    place.call(
        &quote_spanned!(place.last=> stream_or_error::<_, #error>),
        place.put(quote_spanned!(located(written)=> made)),
    )
}

/// Sends the items; of what is wrong with them the place of their type is told.
fn send(streamed: &Streamed) -> TokenStream {
    let whole = Place::of(&streamed.ty);
    let (Items::Fallible { success: ty, .. } | Items::Values(ty)) = &streamed.items;
    let place = ty.as_ref().map_or(whole, Place::of);
    let function = match &streamed.items {
        Items::Values(_) => quote_spanned!(place.last=> StreamSink::send_all),
        Items::Fallible { error, success } => {
            let success = named_or_unknown(success.as_deref(), whole.first);
            let error = named_or_unknown(error.as_deref(), whole.first);
            quote_spanned!(place.last=> StreamSink::try_send_all::<_, #success, #error>)
        }
    };
    let span = located(whole.first);
    let stream = place.put(quote_spanned!(span=> stream));
    let sending = place.call(&function, quote_spanned!(span=> sink, #stream));
    quote_spanned!(place.last=> #sending.await)
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
            let success = named_or_unknown(success.as_deref(), *written);
            let error = named_or_unknown(error.as_deref(), *written);
            quote_spanned!(span=> fallible::<_, #success, #error>)
        }
        Outcome::Value(Some(ty)) => quote_spanned!(span=> value::<_, #ty>),
        Outcome::Value(None) => quote_spanned!(span=> value::<_, ()>),
    }
}

fn named_or_unknown(ty: Option<&Type>, written: Span) -> TokenStream {
    match ty {
        Some(ty) => ty.to_token_stream(),
        None => quote_spanned!(located(written)=> _),
    }
}
