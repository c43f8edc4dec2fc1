//! `#[hub]` on an `impl` block.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::{
    Attribute, Ident, ImplItem, ImplItemFn, Item, ItemImpl, Visibility, WherePredicate, parse_quote,
};

use super::marks::take_marks;
use super::{authorize, forgotten, helper, hook, hub_method};
use crate::attributes::cfgs;
use crate::errors::Errors;
use crate::model::{Helper, Hook, HookKind, HubBlock, HubMethod, Uncallable};
use crate::nearest::nearest;
use crate::options::{BlockOptions, MethodOptions, refuse, take_named};
use crate::spanning::Place;
use crate::wire_name::refuse_duplicates;

/// Parses the block; returns `None` if the item is not an `impl` block.
pub(crate) fn hub_block(
    arguments: TokenStream,
    item: TokenStream,
    errors: &mut Errors,
) -> Option<HubBlock> {
    let mut block = inherent_impl(item, errors)?;
    let options = BlockOptions::parse(arguments, errors);
    let authorize = authorize::authorize(&take_named(&mut block.attrs, "authorize"), errors);
    let mut hooks = Vec::new();
    let mut methods = Vec::new();
    let mut helpers = Vec::new();
    for item in &mut block.items {
        match item {
            ImplItem::Const(item) => refuse(&mut item.attrs, errors),
            ImplItem::Fn(function) => match role(function, errors) {
                Some(Role::Hook(hook)) => hooks.push(hook),
                Some(Role::Method(method)) => methods.push(method),
                Some(Role::Helper(helper)) => helpers.push(helper),
                None => {}
            },
            _ => {}
        }
    }
    take_for_granted_that_it_is_shared(&mut block);
    let names = methods.iter().map(|method| &method.wire_name);
    refuse_duplicates(names, |_| String::new(), errors);
    Some(HubBlock {
        borrows: block.generics.lifetimes().next().is_some(),
        cfgs: cfgs(&block.attrs),
        block,
        client: options.client,
        authorize,
        hooks,
        methods,
        helpers,
    })
}

fn inherent_impl(item: TokenStream, errors: &mut Errors) -> Option<ItemImpl> {
    const HELP: &str =
        "`#[hub]` goes on an `impl` block of a hub's own methods: `#[hub] impl ChatHub { .. }`";
    match syn::parse2(item.clone()) {
        Ok(Item::Impl(block)) => {
            if let Some((_, implemented, _)) = &block.trait_ {
                errors.at(implemented, HELP);
                return None;
            }
            refuse_lifetimes(&block, errors);
            Some(block)
        }
        Ok(Item::Fn(function)) => {
            let help = "`#[hub]` goes on the `impl` block; `#[hub(..)]` on a method works only inside such a block";
            errors.at(function.sig, help);
            None
        }
        Ok(Item::Struct(item)) => refuse_item(item.ident, HELP, errors),
        Ok(Item::Enum(item)) => refuse_item(item.ident, HELP, errors),
        Ok(Item::Trait(item)) => refuse_item(item.ident, HELP, errors),
        Ok(_) => refuse_item(item, HELP, errors),
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

/// Adds a bound that makes the compiler assume that a hub can be shared, which is asserted once.
///
/// The author of a generic hub writes the bounds.
fn take_for_granted_that_it_is_shared(block: &mut ItemImpl) {
    if block.generics.params.is_empty() {
        let place = Place::of(&block.self_ty);
        let ty = quote_spanned!(place.first=> Self);
        let bound = quote_spanned!(place.last=> ::hubwire::__private::HubValue<'every>);
        let bound: WherePredicate = parse_quote!(for<'every> #ty: #bound);
        block.generics.make_where_clause().predicates.push(bound);
    }
}

fn refuse_lifetimes(block: &ItemImpl, errors: &mut Errors) {
    for lifetime in block.generics.lifetimes() {
        let help =
            "a hub borrows nothing: one value serves all connections for as long as they last";
        errors.at(lifetime, help);
    }
}

enum Role {
    Hook(Hook),
    Method(HubMethod),
    Helper(Helper),
}

/// Removes our attributes from a function and parses it; returns `None` if it has errors or is not
/// a method.
fn role(function: &mut ImplItemFn, errors: &mut Errors) -> Option<Role> {
    errors
        .unless_any(|errors| {
            let options = MethodOptions::take(&mut function.attrs, errors);
            let authorize = take_named(&mut function.attrs, "authorize");
            forgotten::complete(function, errors);
            let name = function.sig.ident.clone();
            if options.skip.is_some() {
                helper::refuse_marks(function, &authorize, "a method with `#[hub(skip)]`", errors);
                return helper::helper(function, Uncallable::Skipped).map(Role::Helper);
            }
            if let Some(kind) = HookKind::from_name(&name) {
                let because = format!("`{name}` is a hook, which clients cannot call");
                helper::refuse_options(&options, &because, errors);
                helper::refuse_marks(function, &authorize, "a hook", errors);
                allow_our_rules(&mut function.attrs);
                return Some(Role::Hook(hook::hook(kind, function, errors)));
            }
            let is_public = matches!(function.vis, Visibility::Public(_));
            if name.to_string().starts_with("on_") && (options.name.is_none() || !is_public) {
                refuse_unknown_hook(&name, is_public, errors);
                return None;
            }
            if !is_public {
                let because = format!("clients cannot call `{name}`, which is not `pub`");
                helper::refuse_options(&options, &because, errors);
                helper::refuse_marks(function, &authorize, "a method that is not `pub`", errors);
                return helper::helper(function, Uncallable::NotPublic).map(Role::Helper);
            }
            let authorize = authorize::authorize(&authorize, errors);
            let marks = take_marks(function, errors);
            allow_our_rules(&mut function.attrs);
            let method = hub_method::hub_method(function, &options, &marks, errors);
            Some(Role::Method(HubMethod {
                authorize,
                ..method
            }))
        })
        .flatten()
}

/// Allows lints that would complain about our rules: methods are `pub`, take `&self` and own their
/// parameters.
///
/// The attribute comes first, so the user's own settings of these lints take precedence.
fn allow_our_rules(attributes: &mut Vec<Attribute>) {
    let allow = parse_quote! {
        #[allow(unreachable_pub, clippy::needless_pass_by_value, clippy::unused_self)]
    };
    attributes.insert(0, allow);
}

fn refuse_unknown_hook(name: &Ident, is_public: bool, errors: &mut Errors) {
    let text = name.to_string();
    let hook = nearest(&text, &HookKind::NAMES).unwrap_or_default();
    let otherwise = if is_public {
        "`#[hub(name = \"..\")]` makes it a method that clients call, `#[hub(skip)]` a helper"
    } else {
        "`#[hub(skip)]` makes it a helper; one that clients call is `pub` and has a `#[hub(name = \"..\")]`"
    };
    let message =
        format!("`{text}` begins with `on_` but is no hook: did you mean `{hook}`? {otherwise}");
    errors.at(name, message);
}
