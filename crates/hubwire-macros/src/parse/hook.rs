//! A method that runs around a connection's life.

use syn::{FnArg, Ident, ImplItemFn, Type};

use super::outcome::fallibility;
use super::parameter::context;
use super::signature::{self, last_name};
use crate::attributes::cfgs;
use crate::errors::Errors;
use crate::model::{Function, Hook, HookKind, HookParameter, Outcome};

/// Reads a hook.
pub(crate) fn hook(kind: HookKind, function: &ImplItemFn, errors: &mut Errors) -> Hook {
    signature::check(&function.sig, "a hook", "", errors);
    let outcome = fallibility(&function.sig.output);
    check_return_type(&outcome, errors);
    let mut parameters = Vec::new();
    for input in &function.sig.inputs {
        if let FnArg::Typed(input) = input {
            parameters.extend(parameter(kind, &input.ty, errors));
        }
    }
    Hook {
        kind,
        function: Function {
            rust_name: function.sig.ident.clone(),
            cfgs: cfgs(&function.attrs),
            is_async: function.sig.asyncness.is_some(),
            outcome,
        },
        parameters,
    }
}

fn parameter(kind: HookKind, ty: &Type, errors: &mut Errors) -> Option<HookParameter> {
    if let Some(type_name) = last_name(ty) {
        if type_name == "HubCallerContext" {
            return context(ty, type_name, errors).map(HookParameter::Context);
        }
        if type_name == "DisconnectReason" && kind == HookKind::Disconnected {
            return reason(ty, type_name, errors);
        }
    }
    errors.at(ty, known_parameters(kind));
    None
}

fn reason(ty: &Type, type_name: &Ident, errors: &mut Errors) -> Option<HookParameter> {
    let is_shared = matches!(ty, Type::Reference(reference) if reference.mutability.is_none());
    if !is_shared {
        errors.at(ty, "the reason is `&DisconnectReason`");
    }
    is_shared.then(|| HookParameter::Reason(type_name.span()))
}

fn known_parameters(kind: HookKind) -> &'static str {
    match kind {
        HookKind::Connected => "`on_connected` can take `&HubCallerContext<Self>` and nothing else",
        HookKind::Disconnected => {
            "`on_disconnected` can take `&HubCallerContext<Self>` and `&DisconnectReason`, and nothing else"
        }
    }
}

fn check_return_type(outcome: &Outcome, errors: &mut Errors) {
    let (Outcome::Fallible { success: ty, .. } | Outcome::Value(ty)) = outcome;
    if let Some(ty) = ty
        && !matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty())
    {
        errors.at(ty, "a hook returns nothing or `HubResult`");
    }
}
