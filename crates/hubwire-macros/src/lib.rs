//! The attributes of Hubwire, [`macro@hub`] and [`macro@hub_client`], and its derive, [`macro@Enum`].
//!
//! Each is read (`parse`) into a description (`model`) and printed (`expand_hub`, `expand_hub_client`, `expand_enum`).
//! What is printed could be typed by hand: it implements public traits and calls public functions, by
//! way of `::hubwire::__private`. Mistakes are collected and reported together, each at the tokens that
//! make it, beside an expansion that is as complete as possible, so that few errors follow from the first.

mod attributes;
mod errors;
mod expand_enum;
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

#[doc = include_str!("../docs/hub.md")]
#[proc_macro_attribute]
pub fn hub(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_hub::expand(arguments.into(), &item.into()).into()
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
