//! The attributes [`macro@hub`], [`macro@authorize`] and [`macro@hub_client`] and the derive macro [`macro@Enum`] of
//! Hubwire.
//!
//! Each is parsed (`parse`) into a description (`model`), from which code is generated
//! (`expand_hub`, `expand_hub_client`, `expand_enum`). The generated code could be written by hand:
//! it implements public traits and calls public functions through `::hubwire::__private`. Errors
//! are collected and reported together, each at the tokens that cause it. The expansion is still as
//! complete as possible, which avoids further errors that follow from the first.

mod attributes;
mod errors;
mod expand_enum;
mod expand_hub;
mod expand_hub_client;
mod misplaced;
mod model;
mod nearest;
mod options;
mod parse;
mod spanning;
mod type_text;
mod wire_name;

use proc_macro::TokenStream;

#[doc = include_str!("../docs/hub.md")]
#[proc_macro_attribute]
pub fn hub(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_hub::expand(arguments.into(), &item.into()).into()
}

#[doc = include_str!("../docs/authorize.md")]
#[proc_macro_attribute]
pub fn authorize(_: TokenStream, item: TokenStream) -> TokenStream {
    misplaced::authorize(&item.into()).into()
}

#[doc = include_str!("../docs/hub_client.md")]
#[proc_macro_attribute]
pub fn hub_client(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_hub_client::expand(&arguments.into(), &item.into()).into()
}

#[doc = include_str!("../docs/enum.md")]
#[proc_macro_derive(Enum, attributes(serde))]
pub fn dotnet_enum(item: TokenStream) -> TokenStream {
    expand_enum::expand(item.into()).into()
}
