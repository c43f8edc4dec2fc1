//! Parses the enum of `#[derive(dotnet::Enum)]`.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Data, DataEnum, DeriveInput, Fields, LitStr};

use super::rename_rule::RenameRule;
use crate::errors::Errors;
use crate::model::{DotnetEnum, DotnetVariant};

/// Parses the enum; returns `None` if its variants cannot have numbers.
pub(crate) fn dotnet_enum(item: TokenStream, errors: &mut Errors) -> Option<DotnetEnum> {
    let item: DeriveInput = errors.take(syn::parse2(item))?;
    let Data::Enum(data) = &item.data else {
        let help = "`#[derive(dotnet::Enum)]` is for enums; other types derive serde's `Serialize` and `Deserialize`";
        errors.at(&item.ident, help);
        return None;
    };
    if !item.generics.params.is_empty() {
        errors.at(&item.generics, "an enum of .NET has no generic parameters");
        return None;
    }
    if data.variants.is_empty() {
        errors.at(&item.ident, "an enum without variants has no value");
        return None;
    }
    let mut rename_all = RenameRule::default();
    let mut name = item.ident.unraw().to_string();
    let known = "`rename = \"..\"` and `rename_all = \"..\"` on an enum";
    serde_options(&item.attrs, known, errors, |key, option| {
        match key {
            "rename" => name = text(option)?.value(),
            "rename_all" => rename_all = RenameRule::parse(&text(option)?)?,
            _ => return Ok(false),
        }
        Ok(true)
    });
    let has_data = errors
        .unless_any(|errors| refuse_data(data, errors))
        .is_none();
    let variants = data.variants.iter();
    let variants = variants.map(|variant| self::variant(variant, rename_all, errors));
    let variants: Vec<_> = variants.collect();
    refuse_duplicates(&variants, errors);
    Some(DotnetEnum {
        rust_name: item.ident,
        name,
        variants,
        has_data,
    })
}

fn refuse_data(data: &DataEnum, errors: &mut Errors) {
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            let help = "a variant of a .NET enum is a number and has no data; \
                 an enum with data derives serde's `Serialize` and `Deserialize`";
            errors.at(&variant.fields, help);
        }
    }
}

fn variant(variant: &syn::Variant, rename_all: RenameRule, errors: &mut Errors) -> DotnetVariant {
    let mut name = rename_all.apply(&variant.ident.unraw().to_string());
    let mut aliases = Vec::new();
    let known = "`rename = \"..\"` and `alias = \"..\"` on a variant; \
                 numbers of no variant are kept by `dotnet::Open<..>`";
    serde_options(&variant.attrs, known, errors, |key, option| {
        match key {
            "rename" => name = text(option)?.value(),
            "alias" => aliases.push(text(option)?.value()),
            _ => return Ok(false),
        }
        Ok(true)
    });
    DotnetVariant {
        rust_name: variant.ident.clone(),
        name,
        aliases,
    }
}

/// Parses `#[serde(..)]`. `take` handles a key, or returns `false` if it does not know the key.
fn serde_options(
    attributes: &[Attribute],
    known: &str,
    errors: &mut Errors,
    mut take: impl FnMut(&str, &ParseNestedMeta<'_>) -> syn::Result<bool>,
) {
    let of_serde = |attribute: &&Attribute| attribute.path().is_ident("serde");
    for attribute in attributes.iter().filter(of_serde) {
        let read = attribute.parse_nested_meta(|option| {
            let key = option.path.get_ident().map(ToString::to_string);
            let key = key.unwrap_or_default();
            if take(&key, &option)? {
                return Ok(());
            }
            Err(option.error(format!(
                "`#[derive(dotnet::Enum)]` does not honour `{key}`; of serde's attributes it knows {known}"
            )))
        });
        errors.take(read);
    }
}

/// Parses the string after `=`.
fn text(option: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    option.value()?.parse()
}

fn refuse_duplicates(variants: &[DotnetVariant], errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for variant in variants {
        let own: BTreeSet<&String> = variant.names().collect();
        for name in own {
            if !seen.insert(name) {
                let message = format!("two variants have the name `{name}`");
                errors.at(&variant.rust_name, message);
            }
        }
    }
}
