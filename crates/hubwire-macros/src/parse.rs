//! Parsing of the user's tokens into the [model](crate::model), which reports all errors.

mod authorize;
mod borrow;
mod client_trait;
mod context_in_macro;
mod dotnet_enum;
mod forgotten;
mod helper;
mod hook;
mod hub_block;
mod hub_method;
mod marks;
mod outcome;
mod parameter;
mod rename_rule;
mod signature;
mod stream;

pub(crate) use client_trait::client_trait;
pub(crate) use dotnet_enum::dotnet_enum;
pub(crate) use hub_block::hub_block;
