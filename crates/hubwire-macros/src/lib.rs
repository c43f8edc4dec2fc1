//! The attributes of Hubwire.

mod attributes;
mod errors;
mod expand_hub;
mod expand_hub_client;
mod model;
mod nearest;
mod options;
mod parse;
mod spanning;
mod type_text;
mod wire_name;

use proc_macro::TokenStream;

/// Makes a hub.
#[proc_macro_attribute]
pub fn hub(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_hub::expand(arguments.into(), &item.into()).into()
}

/// Makes a client.
#[proc_macro_attribute]
pub fn hub_client(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_hub_client::expand(&arguments.into(), &item.into()).into()
}
