//! `#[hub_client]` on a trait.

use proc_macro2::{Ident, TokenStream};
use syn::{
    FnArg, Item, ItemTrait, Pat, PatType, ReturnType, Signature, TraitItem, TraitItemFn, Type,
};

use super::borrow::{Borrows, owned};
use super::parameter::{MAXIMUM_ARGUMENTS, name};
use super::signature::{is_shared_self, refuse_generics, refuse_qualifiers};
use crate::attributes::cfgs;
use crate::errors::Errors;
use crate::model::{ClientMethod, ClientParameter, ClientTrait};
use crate::options::MethodOptions;
use crate::type_text::type_text;
use crate::wire_name::{WireName, refuse_duplicates};

const WHAT: &str = "a client method";

/// Parses the trait; returns `None` if the item is not a trait.
pub(crate) fn client_trait(
    arguments: &TokenStream,
    item: TokenStream,
    errors: &mut Errors,
) -> Option<ClientTrait> {
    if !arguments.is_empty() {
        errors.at(arguments, "`#[hub_client]` has no options");
    }
    let item = declared_trait(item, errors)?;
    check_trait(&item, errors);
    let mut methods = Vec::new();
    for item in item.items {
        match item {
            TraitItem::Fn(function) => methods.extend(client_method(function, errors)),
            other => errors.at(other, "a hub's client has methods only"),
        }
    }
    refuse_overloads(&mut methods, errors);
    let names = methods.iter().map(|method| &method.wire_name);
    let otherwise = |name: &WireName| format!(", or leave it out and {}", untyped(name));
    refuse_duplicates(names, otherwise, errors);
    Some(ClientTrait {
        cfgs: cfgs(&item.attrs),
        attributes: item.attrs,
        visibility: item.vis,
        name: item.ident,
        methods,
    })
}

/// Removes and reports methods that are declared again with other parameters.
fn refuse_overloads(methods: &mut Vec<ClientMethod>, errors: &mut Errors) {
    let mut seen: Vec<Ident> = Vec::new();
    methods.retain(|method| {
        let name = &method.rust_name;
        let is_new = !cfgs(&method.attributes).is_empty() || !seen.contains(name);
        if !is_new {
            let untyped = untyped(&method.wire_name);
            errors.at(
                name,
                format!("`{name}` is declared twice: leave this one out and {untyped}"),
            );
        }
        seen.push(name.clone());
        is_new
    });
}

/// Returns the advice how to call a method with any arguments.
fn untyped(name: &WireName) -> String {
    format!(
        "send its arguments by name: `.as_ref().send(\"{}\", (..))`",
        name.text
    )
}

fn declared_trait(item: TokenStream, errors: &mut Errors) -> Option<ItemTrait> {
    const HELP: &str =
        "`#[hub_client]` goes on a trait: `#[hub_client] pub trait ChatClient { .. }`";
    match syn::parse2(item) {
        Ok(Item::Trait(item)) => Some(item),
        Ok(Item::Struct(item)) => refuse_item(&item.ident, HELP, errors),
        Ok(Item::Enum(item)) => refuse_item(&item.ident, HELP, errors),
        Ok(other) => refuse_item(&other, HELP, errors),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

fn refuse_item<T>(tokens: impl quote::ToTokens, help: &str, errors: &mut Errors) -> Option<T> {
    errors.at(tokens, help);
    None
}

fn check_trait(item: &ItemTrait, errors: &mut Errors) {
    if let Some(unsafety) = &item.unsafety {
        errors.at(unsafety, "a hub's client cannot be `unsafe`");
    }
    if !item.generics.params.is_empty() {
        errors.at(&item.generics, "a hub's client cannot be generic");
    }
    if let Some(bounds) = &item.generics.where_clause {
        errors.at(bounds, "a hub's client cannot be generic");
    }
    if !item.supertraits.is_empty() {
        let help = "a hub's client has no supertraits: list all its methods in one trait";
        errors.at(&item.supertraits, help);
    }
}

/// Parses a method. A method with errors is kept if it can still be called, which avoids further
/// errors at its callers.
fn client_method(mut function: TraitItemFn, errors: &mut Errors) -> Option<ClientMethod> {
    let options = MethodOptions::take(&mut function.attrs, errors);
    if let Some(skip) = &options.skip {
        errors.at(
            skip,
            "every method of a hub's client is on the wire; leave this one out",
        );
    }
    if let Some(stream) = &options.stream {
        errors.at(
            stream,
            "a client method does not stream: a client returns one result or none",
        );
    }
    if let Some(deprecated) = &options.deprecated {
        let help =
            "the server calls client methods itself: mark it with Rust's own `#[deprecated]`";
        errors.at(deprecated, help);
    }
    check_form(&function, errors);
    let signature = function.sig;
    let result = result(&signature.output, errors);
    let parameters = errors.unless_any(|errors| {
        check_receiver(&signature, errors);
        refuse_qualifiers(&signature, WHAT, errors);
        refuse_generics(&signature, WHAT, errors);
        if let Some(ty) = &result {
            refuse_borrowed_result(ty, errors);
        }
        parameters(&signature, errors)
    })?;
    Some(ClientMethod {
        attributes: function.attrs,
        wire_name: WireName::new(&signature.ident, options.name.as_ref(), errors),
        rust_name: signature.ident,
        generics: signature.generics,
        parameters,
        result,
    })
}

fn check_form(function: &TraitItemFn, errors: &mut Errors) {
    if let Some(asyncness) = &function.sig.asyncness {
        let help =
            "a client method is declared without `async`: the proxy's method of that name is async";
        errors.at(asyncness, help);
    }
    if let Some(body) = &function.default {
        let help = "a client method has no body: what it does is up to each client";
        errors.push(syn::Error::new(body.brace_token.span.open(), help));
    }
}

/// Returns the type that the client returns; `None` for a push.
fn result(output: &ReturnType, errors: &mut Errors) -> Option<Type> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    if matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty()) {
        errors.at(output, "leave out `-> ()`: a push returns nothing");
        return None;
    }
    Some((**ty).clone())
}

fn refuse_borrowed_result(ty: &Type, errors: &mut Errors) {
    const OWNED: &str = "a client result is owned, because it is decoded from the wire";
    let borrows = Borrows::of(ty);
    for generic in borrows.generics {
        let help = "a client method says which type the client returns";
        errors.at(generic, help);
    }
    for lifetime in borrows.lifetimes {
        let message = format!("{OWNED}: `{}` borrows", type_text(ty));
        errors.push(syn::Error::new(lifetime.span(), message));
    }
    for reference in borrows.references {
        let (owned, written) = (owned(reference), type_text(reference));
        let message = format!("{OWNED}: write `{owned}` instead of `{written}`");
        errors.at(reference, message);
    }
}

fn check_receiver(signature: &Signature, errors: &mut Errors) {
    match signature.receiver() {
        Some(receiver) if is_shared_self(receiver) => {}
        Some(receiver) => errors.at(receiver, "a client method takes `&self`"),
        None => errors.at(&signature.ident, "a client method needs `&self`"),
    }
}

fn parameters(signature: &Signature, errors: &mut Errors) -> Vec<ClientParameter> {
    let inputs = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Receiver(_) => None,
        FnArg::Typed(input) => Some(input),
    });
    if let Some(input) = inputs.clone().nth(MAXIMUM_ARGUMENTS) {
        let message = format!(
            "a client method has at most {MAXIMUM_ARGUMENTS} parameters; send a struct for more"
        );
        errors.at(input, message);
    }
    inputs
        .enumerate()
        .map(|(position, input)| parameter(position, input, errors))
        .collect()
}

fn parameter(position: usize, input: &PatType, errors: &mut Errors) -> ClientParameter {
    for attribute in &input.attrs {
        let help = if attribute.path().is_ident("hub") {
            "the server sends all arguments: leave out `#[hub(..)]`, and take an `Option` for what may be missing"
        } else {
            "a parameter of a client method has no attributes"
        };
        errors.at(attribute, help);
    }
    for generic in Borrows::of(&input.ty).generics {
        let help = "a client method cannot be generic: say which type is sent";
        errors.at(generic, help);
    }
    if !matches!(&*input.pat, Pat::Ident(_) | Pat::Wild(_)) {
        errors.at(&input.pat, "a parameter of a client method is a plain name");
    }
    ClientParameter {
        name: name(position, &input.pat),
        ty: (*input.ty).clone(),
    }
}
