//! What a method returns, as its author wrote it.

use syn::{
    GenericArgument, PathArguments, PathSegment, ReturnType, Type, TypeImplTrait, TypeParamBound,
};

use super::borrow::{Borrows, is_static, owned};
use crate::errors::Errors;
use crate::model::Outcome;
use crate::type_text::type_text;

/// Reads the return type of a hub method.
pub(crate) fn outcome(output: &ReturnType, errors: &mut Errors) -> Outcome {
    let outcome = fallibility(output);
    if let Outcome::Value(Some(ty))
    | Outcome::Fallible {
        success: Some(ty), ..
    } = &outcome
    {
        check_result(ty, errors);
    }
    outcome
}

/// Whether the type is written `Result<..>` or `HubResult<..>`.
pub(crate) fn fallibility(output: &ReturnType) -> Outcome {
    let ReturnType::Type(_, ty) = output else {
        return Outcome::Value(None);
    };
    if let Type::Path(path) = &**ty
        && let Some(last) = path.path.segments.last()
        && (last.ident == "Result" || last.ident == "HubResult")
    {
        let mut types = type_arguments(last).cloned().map(Box::new);
        return Outcome::Fallible {
            success: types.next(),
            error: types.next(),
            written: last.ident.span(),
        };
    }
    Outcome::Value(Some(ty.clone()))
}

/// The types between the angle brackets.
fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    let arguments = arguments.into_iter().flatten();
    arguments.filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn check_result(ty: &Type, errors: &mut Errors) {
    const OWNED: &str = "results are owned, because they are sent after the method returned";
    let borrows = Borrows::of(ty);
    for generic in borrows.generics {
        refuse_impl_trait(generic, errors);
    }
    for lifetime in borrows.lifetimes {
        let message = format!("{OWNED}: `{}` borrows", type_text(ty));
        errors.push(syn::Error::new(lifetime.span(), message));
    }
    for reference in borrows.references {
        if !is_static(reference) {
            let (owned, written) = (owned(reference), type_text(reference));
            let message = format!("{OWNED}: write `{owned}` instead of `{written}`");
            errors.at(reference, message);
        }
    }
}

fn refuse_impl_trait(generic: &TypeImplTrait, errors: &mut Errors) {
    let is = |name: &str| generic.bounds.iter().any(|bound| is_trait(bound, name));
    let help = if is("Stream") || is("TryStream") {
        "streaming hub methods are not supported yet"
    } else if is("Future") {
        "write `async fn` instead of returning a future"
    } else {
        "a hub method says which type it returns"
    };
    errors.at(generic, help);
}

fn is_trait(bound: &TypeParamBound, name: &str) -> bool {
    let TypeParamBound::Trait(bound) = bound else {
        return false;
    };
    let last = bound.path.segments.last();
    last.is_some_and(|segment| segment.ident == name)
}
