//! Parameters of a hub method: arguments, or what Hubwire provides for every call.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::{Pat, PatType, Type};

use super::borrow::{Borrows, owned};
use super::marks::Marks;
use super::outcome::{type_arguments, ungrouped};
use super::signature::{last_name, last_segment};
use crate::errors::Errors;
use crate::model::Parameter;
use crate::type_text::type_text;

/// The maximum length of the tuples of arguments that the runtime supports.
pub(crate) const MAXIMUM_ARGUMENTS: usize = 16;

/// Parses a parameter.
pub(crate) fn parameter(
    position: usize,
    input: &PatType,
    marks: &Marks,
    errors: &mut Errors,
) -> Option<Parameter> {
    if let Some(cfg) = input.attrs.iter().find(|a| a.path().is_ident("cfg")) {
        let help =
            "`#[cfg]` is not supported on the parameter of a hub method; put it on the method";
        errors.at(cfg, help);
    }
    if marks.is_argument {
        return argument(position, input, marks, errors);
    }
    let parameter = by_type(position, input, marks, errors)?;
    if let Some(default) = &marks.default {
        refuse_default(&parameter, default, errors);
    }
    Some(parameter)
}

/// Reports a default of what is no argument.
fn refuse_default(parameter: &Parameter, default: &Ident, errors: &mut Errors) {
    let message = match parameter {
        Parameter::Argument { .. } => return,
        Parameter::Lent { .. } | Parameter::CancellationToken { .. } => {
            "clients send no argument for this parameter: leave out `#[hub(default)]`"
        }
        Parameter::StreamReader { .. } => {
            "a client's stream cannot be left out: leave out `#[hub(default)]`, or add a method without the stream"
        }
    };
    errors.at(default, message);
}

/// Parses a parameter that is an argument unless its type says otherwise.
fn by_type(
    position: usize,
    input: &PatType,
    marks: &Marks,
    errors: &mut Errors,
) -> Option<Parameter> {
    match last_name(&input.ty).map(Ident::to_string).as_deref() {
        Some("CancellationToken") => cancellation_token(position, input, errors),
        Some("StreamReader") => stream_reader(position, input, errors),
        // Without the hub's type it is a type of the same name.
        Some("HubCallerContext") if is_owned_generic(&input.ty) => {
            let help = format!(
                "write `&{}`: the context of a call is lent, and a clone of it may be kept",
                type_text(&input.ty)
            );
            errors.at(&input.ty, &help);
            None
        }
        _ => match lent(&input.ty) {
            Some(ty) => lent_parameter(position, input, ty, errors),
            None => argument(position, input, marks, errors),
        },
    }
}

fn is_owned_generic(ty: &Type) -> bool {
    let is_reference = matches!(ungrouped(ty), Type::Reference(_));
    !is_reference && last_segment(ty).is_some_and(|it| type_arguments(it).next().is_some())
}

/// Returns the borrowed type of a parameter that a call may lend. Text and slices are never lent.
pub(crate) fn lent(ty: &Type) -> Option<&Type> {
    let Type::Reference(reference) = ungrouped(ty) else {
        return None;
    };
    let Type::Path(path) = ungrouped(&reference.elem) else {
        return None;
    };
    let is_unsized = ["str", "Path", "OsStr", "CStr"]
        .iter()
        .any(|name| path.path.is_ident(name));
    (!is_unsized && reference.mutability.is_none()).then_some(&*reference.elem)
}

fn lent_parameter(
    position: usize,
    input: &PatType,
    ty: &Type,
    errors: &mut Errors,
) -> Option<Parameter> {
    errors.unless_any(|errors| {
        refuse_borrows(ty, errors);
        Parameter::Lent {
            name: name(position, &input.pat),
            ty: Box::new(ty.clone()),
        }
    })
}

fn cancellation_token(position: usize, input: &PatType, errors: &mut Errors) -> Option<Parameter> {
    if let Type::Reference(_) = &*input.ty {
        let help =
            "the cancellation token is taken by value: write `CancellationToken` without the `&`";
        errors.at(&input.ty, help);
        return None;
    }
    Some(Parameter::CancellationToken {
        name: name(position, &input.pat),
        ty: input.ty.clone(),
    })
}

fn stream_reader(position: usize, input: &PatType, errors: &mut Errors) -> Option<Parameter> {
    if let Type::Reference(reference) = &*input.ty {
        let (owned, pattern) = (type_text(&reference.elem), name(position, &input.pat));
        let help = format!(
            "a stream of the client's is taken by value: write `mut {pattern}: {owned}`, to read it here"
        );
        errors.at(&input.ty, help);
        return None;
    }
    let Some(item) = last_segment(&input.ty).and_then(|segment| type_arguments(segment).next())
    else {
        let help = "say what is read: `StreamReader<T>`; `#[argument]` says that this is a type of your own";
        errors.at(&input.ty, help);
        return None;
    };
    errors.unless_any(|errors| {
        refuse_borrows(item, errors);
        Parameter::StreamReader {
            name: name(position, &input.pat),
            ty: input.ty.clone(),
            item: Box::new(item.clone()),
        }
    })
}

fn argument(
    position: usize,
    input: &PatType,
    marks: &Marks,
    errors: &mut Errors,
) -> Option<Parameter> {
    let ty = &input.ty;
    errors.unless_any(|errors| {
        refuse_borrows(ty, errors);
        Parameter::Argument {
            name: name(position, &input.pat),
            ty: ty.clone(),
            default: marks.default.clone(),
        }
    })
}

fn refuse_borrows(ty: &Type, errors: &mut Errors) {
    const OWNED: &str = "parameters are owned, because they are decoded from the wire";
    let borrows = Borrows::of(ty);
    for generic in borrows.generics {
        let help = "a hub method cannot be generic: say which type is decoded from the wire";
        errors.at(generic, help);
    }
    for lifetime in borrows.lifetimes {
        let message = format!("{OWNED}: `{}` borrows", type_text(ty));
        errors.push(syn::Error::new(lifetime.span(), message));
    }
    for reference in borrows.references {
        let (owned, written) = (owned(reference), type_text(reference));
        let message = match last_name(&reference.elem) {
            Some(name) if is_lent(name) => {
                format!("a call lends it for reading only: write `&{owned}` instead of `{written}`")
            }
            _ => format!(
                "{OWNED}: write `{owned}` instead of `{written}`, or leave out `pub` if clients do not call this"
            ),
        };
        errors.at(reference, message);
    }
}

/// Returns whether a type has the name of one that calls lend.
fn is_lent(name: &Ident) -> bool {
    ["Caller", "HubCallerContext", "HubContext"]
        .iter()
        .any(|lent| name == lent)
}

/// Returns the name of a parameter, or an invented one for a pattern.
pub(crate) fn name(position: usize, pattern: &Pat) -> Ident {
    match pattern {
        Pat::Ident(pattern) => pattern.ident.clone(),
        _ => format_ident!("argument_{position}", span = Span::mixed_site()),
    }
}
