//! `#[authorize]` on a method or on a hub's block.

use quote::ToTokens;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token};

use crate::errors::Errors;
use crate::model::Authorize;
use crate::nearest::nearest;
use crate::options::{Entry, twice};

const KEYS: [&str; 3] = ["role", "roles", "policy"];

const FORMS: &str =
    "`#[authorize]` takes `role = \"..\"`, `roles = [\"..\", \"..\"]` and `policy = \"..\"`";

/// Parses attributes that must all be met.
pub(crate) fn authorize(attributes: &[Attribute], errors: &mut Errors) -> Vec<Authorize> {
    let attributes = attributes.iter();
    attributes.map(|it| one_of(it, errors)).collect()
}

fn one_of(attribute: &Attribute, errors: &mut Errors) -> Authorize {
    let mut authorize = Authorize::default();
    let tokens = match &attribute.meta {
        Meta::Path(_) => return authorize,
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => {
            errors.at(&pair.value, format!("{FORMS}, in parentheses"));
            return authorize;
        }
    };
    if let Ok(text) = syn::parse2::<LitStr>(tokens.clone()) {
        let help = format!("{FORMS}: did you mean `policy = {}`?", text.token());
        errors.at(text, help);
        return authorize;
    }
    let parser = Punctuated::<Entry, Token![,]>::parse_terminated;
    let mut roles_key = None;
    for entry in errors.take(parser.parse2(tokens)).into_iter().flatten() {
        read(entry, &mut authorize, &mut roles_key, errors);
    }
    authorize
}

fn read(
    Entry { key, value }: Entry,
    authorize: &mut Authorize,
    roles_key: &mut Option<Ident>,
    errors: &mut Errors,
) {
    let name = key.to_string();
    match (name.as_str(), roles_key.as_ref()) {
        ("role" | "roles", Some(before)) if *before == key => twice(&key, errors),
        ("role" | "roles", Some(_)) => errors.at(
            &key,
            "`role` and `roles` are both given: name all in one `roles = [..]` of which any will do, \
             or use a second `#[authorize]` if the user needs both",
        ),
        ("role", None) => {
            authorize.roles.extend(named(&key, value, errors));
            *roles_key = Some(key);
        }
        ("roles", None) => {
            authorize.roles = listed(&key, value, errors);
            *roles_key = Some(key);
        }
        ("policy", _) if authorize.policy.is_some() => errors.at(
            &key,
            "`policy` is given twice: use a second `#[authorize]` if both must be met",
        ),
        ("policy", _) => authorize.policy = named(&key, value, errors),
        _ => refuse_key(&key, errors),
    }
}

fn refuse_key(key: &Ident, errors: &mut Errors) {
    let name = key.to_string().to_lowercase();
    let known = nearest(&name, &KEYS).unwrap_or_default();
    let message = format!(
        "`#[authorize]` has no option `{key}`: did you mean `{known}`? It knows `role`, `roles` and `policy`"
    );
    errors.at(key, message);
}

/// Returns the name that is the value of `role` or `policy`.
fn named(key: &Ident, value: Option<Expr>, errors: &mut Errors) -> Option<Expr> {
    let help = match key == "role" {
        true => {
            "`role` is a string or a constant: `role = \"Admin\"`; for any of several, `roles = [\"Staff\", \"Admin\"]`"
        }
        false => "`policy` is a string or a constant: `policy = \"OfTheKitchen\"`",
    };
    match value {
        Some(value) => name(value, help, errors),
        None => {
            errors.at(key, help);
            None
        }
    }
}

/// Returns the names that are the value of `roles`.
fn listed(key: &Ident, value: Option<Expr>, errors: &mut Errors) -> Vec<Expr> {
    const HELP: &str = "`roles` is a list: `roles = [\"Staff\", \"Admin\"]`";
    match value {
        Some(Expr::Array(list)) if list.elems.is_empty() => {
            let help = "nobody has one of no roles: name at least one, or leave out `roles` for any signed-in user";
            errors.at(list, help);
            Vec::new()
        }
        Some(Expr::Array(list)) => {
            let roles = list.elems.into_iter();
            roles
                .filter_map(|role| name(role, "a role is a string or a constant", errors))
                .collect()
        }
        Some(value) => {
            errors.at(value, HELP);
            Vec::new()
        }
        None => {
            errors.at(key, HELP);
            Vec::new()
        }
    }
}

/// Returns the value if it is a text that is not empty, or the path of a constant.
fn name(value: Expr, help: &str, errors: &mut Errors) -> Option<Expr> {
    let refusal = match &value {
        Expr::Path(_) => None,
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => text
            .value()
            .trim()
            .is_empty()
            .then_some("a name cannot be empty"),
        _ => Some(help),
    };
    match refusal {
        None => Some(value),
        Some(message) => {
            errors.at(value.into_token_stream(), message);
            None
        }
    }
}
