//! Generates the run of one method, which owns everything that the method borrows.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::awaited;
use crate::model::{HubMethod, Opening, Parameter, Streamed};
use crate::spanning::{Place, located};

pub(super) fn reply(method: &HubMethod) -> TokenStream {
    let run = run(method);
    let opened = method.parameters.iter().filter_map(opened);
    let opened = quote!(#(#opened)*);
    let span = located(method.function.rust_name.span());
    if let Some(streamed) = &method.streamed {
        let stream = stream(streamed, &run);
        return quote_spanned! {span=>
            ::hubwire::__private::Reply::stream(move |sink| async move { #opened #stream })
        };
    }
    let returned = match &method.function.returned {
        Some(ty) => ty.to_token_stream(),
        None => quote!(()),
    };
    quote_spanned! {span=>
        ::hubwire::__private::returned::<#returned>()
            .kind()
            .reply::<#returned>(async move { #opened #run })
    }
}

/// Opens a client's stream, with the type that the user wrote.
fn opened(parameter: &Parameter) -> Option<TokenStream> {
    let Parameter::StreamReader { name, ty, .. } = parameter else {
        return None;
    };
    let span = located(syn::spanned::Spanned::span(ty));
    Some(quote_spanned!(span=> let #name: #ty = #name.open();))
}

/// Generates the call of the user's method.
fn run(method: &HubMethod) -> TokenStream {
    let function = &method.function;
    let passed = method.parameters.iter().map(|parameter| match parameter {
        Parameter::Argument { name, .. }
        | Parameter::CancellationToken { name, .. }
        | Parameter::StreamReader { name, .. } => name.to_token_stream(),
        Parameter::Lent { name, .. } => quote_spanned!(name.span()=> &#name),
    });
    let rust_name = &function.rust_name;
    let span = located(rust_name.span());
    let hub = quote_spanned!(Span::mixed_site()=> &hub);
    awaited(
        function,
        quote_spanned!(span=> Self::#rust_name(#hub, #(#passed),*)),
    )
}

/// Generates the loop over the method's stream, inside the run that owns what the stream borrows.
fn stream(streamed: &Streamed, run: &TokenStream) -> TokenStream {
    let place = Place::of(&streamed.ty);
    let span = located(place.first);
    let sent = place.call(
        &quote_spanned!(place.last=> hub_stream),
        place.put(quote_spanned!(span=> stream)),
    );
    let send = send(streamed);
    let drive = quote_spanned!(span=> let stream = #sent; #send);
    let Opening::ByType { error } = &streamed.opening else {
        return quote_spanned!(span=> let stream = #run; #drive);
    };
    let made = error.as_ref().map_or(place, Place::of);
    let made = made.put(quote_spanned!(span=> made));
    quote_spanned! {span=>
        let made = #run;
        let kind = ::hubwire::__private::returned_by(&made).kind();
        match kind.stream(#made) {
            ::core::result::Result::Ok(stream) => { #drive }
            ::core::result::Result::Err(error) => sink.fail(error),
        }
    }
}

/// Generates the sending of the items. Errors about items point at their type.
fn send(streamed: &Streamed) -> TokenStream {
    let whole = Place::of(&streamed.ty);
    let place = streamed.item.as_ref().map_or(whole, Place::of);
    let span = located(whole.first);
    let items = whole.call(
        &quote_spanned!(whole.last=> streamed_by),
        whole.put(quote_spanned!(span=> &stream)),
    );
    let sending = place.put(quote_spanned!(span=> items));
    quote_spanned! {span=>
        let items = #items;
        let send = items.kind().sending(#sending);
        sink.drive(stream, send).await
    }
}
