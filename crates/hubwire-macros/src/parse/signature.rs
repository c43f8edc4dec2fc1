//! The rules for every method, whatever its parameters and its result.

use syn::{GenericParam, Ident, PathSegment, Receiver, Signature, Type};

use crate::errors::Errors;

/// Checks the receiver, generics and qualifiers of `what` ("a hub method", "a hook"). `otherwise`
/// says what else can be done with a function without `self`.
pub(crate) fn check(signature: &Signature, what: &str, otherwise: &str, errors: &mut Errors) {
    match signature.receiver() {
        Some(receiver) if is_shared_self(receiver) => {}
        Some(receiver) => errors.at(
            receiver,
            format!("{what} takes `&self`: one hub value serves all connections"),
        ),
        None => errors.at(&signature.ident, format!("{what} needs `&self`{otherwise}")),
    }
    refuse_qualifiers(signature, what, errors);
    refuse_generics(signature, what, errors);
}

pub(crate) fn refuse_qualifiers(signature: &Signature, what: &str, errors: &mut Errors) {
    if let Some(unsafety) = &signature.unsafety {
        errors.at(unsafety, format!("{what} cannot be `unsafe`"));
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, format!("{what} cannot be `extern`"));
    }
}

/// Reports generics except lifetimes, which the wire does not depend on.
pub(crate) fn refuse_generics(signature: &Signature, what: &str, errors: &mut Errors) {
    for parameter in &signature.generics.params {
        if !matches!(parameter, GenericParam::Lifetime(_)) {
            let message = format!(
                "{what} cannot be generic: its types must be known to read and write the wire"
            );
            errors.at(parameter, message);
        }
    }
}

/// Returns whether the receiver is `&self` or `self: &Self`.
pub(crate) fn is_shared_self(receiver: &Receiver) -> bool {
    let Type::Reference(reference) = &*receiver.ty else {
        return false;
    };
    let is_self = matches!(&*reference.elem, Type::Path(path) if path.path.is_ident("Self"));
    is_self && reference.mutability.is_none()
}

/// Returns the type without references and parentheses.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        Type::Reference(reference) => bare(&reference.elem),
        other => other,
    }
}

/// Returns the last segment of a type's path, also behind references.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// Returns the last name in a type's path, also behind references.
pub(crate) fn last_name(ty: &Type) -> Option<&Ident> {
    last_segment(ty).map(|segment| &segment.ident)
}
