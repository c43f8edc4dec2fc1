//! Methods that run when a connection begins or ends.

use syn::{FnArg, Ident, ImplItemFn, Type};

use super::outcome::return_type;
use super::parameter::lent;
use super::signature::{self, last_name};
use crate::attributes::cfgs;
use crate::errors::Errors;
use crate::model::{Function, Hook, HookKind, HookParameter};

/// Parses a hook.
pub(crate) fn hook(kind: HookKind, function: &ImplItemFn, errors: &mut Errors) -> Hook {
    signature::check(&function.sig, "a hook", "", errors);
    let returned = return_type(&function.sig.output);
    if let Some(ty @ Type::ImplTrait(_)) = returned {
        errors.at(ty, "a hook returns nothing or `HubResult`");
    }
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
            returned: returned.cloned().map(Box::new),
        },
        parameters,
    }
}

fn parameter(kind: HookKind, ty: &Type, errors: &mut Errors) -> Option<HookParameter> {
    let type_name = last_name(ty);
    match type_name.filter(|name| *name == "DisconnectReason") {
        Some(type_name) if kind == HookKind::Disconnected => return reason(ty, type_name, errors),
        Some(_) => {}
        None => {
            if let Some(ty) = lent(ty) {
                return Some(HookParameter::Lent(Box::new(ty.clone())));
            }
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
        HookKind::Connected => {
            "`on_connected` can take `&HubCallerContext<Self>`, `&Caller` and `&HubContext<Self>`"
        }
        HookKind::Disconnected => {
            "`on_disconnected` can take `&HubCallerContext<Self>`, `&Caller`, `&HubContext<Self>` \
             and `&DisconnectReason`"
        }
    }
}
