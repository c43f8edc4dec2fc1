//! The return type of a method, as its author wrote it.

use syn::{
    GenericArgument, PathArguments, PathSegment, ReturnType, Type, TypeImplTrait, TypeParamBound,
};

use super::borrow::{Borrows, is_static, owned};
use crate::errors::Errors;
use crate::type_text::type_text;

/// A type that is written `Result<..>` or `HubResult<..>`, and its generic arguments.
pub(crate) struct WrittenResult<'a> {
    pub(crate) success: Option<&'a Type>,
    pub(crate) error: Option<&'a Type>,
}

/// Parses a type as a result; returns `None` if it is not written as one.
pub(crate) fn written_result(ty: &Type) -> Option<WrittenResult<'_>> {
    let Type::Path(path) = ungrouped(ty) else {
        return None;
    };
    let last = path.path.segments.last()?;
    (last.ident == "Result" || last.ident == "HubResult").then(|| {
        let mut types = type_arguments(last);
        WrittenResult {
            success: types.next(),
            error: types.next(),
        }
    })
}

/// Returns the return type, if one is written.
pub(crate) fn return_type(output: &ReturnType) -> Option<&Type> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(ty),
    }
}

/// Returns the type without parentheses, and without the invisible group that macros add.
pub(crate) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

/// Checks the return type of a method that does not stream.
pub(crate) fn check(returned: Option<&Type>, errors: &mut Errors) {
    let Some(ty) = returned else { return };
    match written_result(ty) {
        Some(WrittenResult { success, .. }) => {
            if let Some(success) = success {
                check_value(success, errors);
            }
        }
        None => check_value(ty, errors),
    }
}

/// Returns the types between the angle brackets.
pub(crate) fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
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

fn check_value(ty: &Type, errors: &mut Errors) {
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

pub(crate) fn refuse_impl_trait(generic: &TypeImplTrait, errors: &mut Errors) {
    let is = |name| has_bound(generic, name);
    let help = if is("Stream") {
        "a streaming method returns `impl Stream` itself or in a `HubResult`; \
         `#[hub(stream)]` says that a type of another form is a stream"
    } else if is("TryStream") {
        "write `impl Stream<Item = Result<T, E>>` instead of `impl TryStream`"
    } else if is("Future") {
        "write `async fn` instead of returning a future"
    } else {
        "a hub method says which type it returns"
    };
    errors.at(generic, help);
}

/// Returns whether `impl ..` names this trait.
pub(crate) fn has_bound(generic: &TypeImplTrait, name: &str) -> bool {
    generic.bounds.iter().any(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return false;
        };
        let last = bound.path.segments.last();
        last.is_some_and(|segment| segment.ident == name)
    })
}
