//! A method that clients cannot call, and what is said of it in vain.

use syn::ext::IdentExt;
use syn::{Attribute, FnArg, ImplItemFn};

use crate::attributes::cfgs;
use crate::errors::Errors;
use crate::model::{Helper, Uncallable};
use crate::options::{MethodOptions, take_named};
use crate::wire_name::pascal_case;

/// Reads a helper that somebody may take for a method that clients call; a function without `self` is none.
pub(crate) fn helper(function: &ImplItemFn, uncallable: Uncallable) -> Option<Helper> {
    function.sig.receiver()?;
    let rust_name = function.sig.ident.clone();
    Some(Helper {
        cfgs: cfgs(&function.attrs),
        wire_name: pascal_case(&rust_name.unraw().to_string()),
        rust_name,
        uncallable,
    })
}

/// Reports what says how clients call a method; `because` is why they cannot.
pub(crate) fn refuse_options(options: &MethodOptions, because: &str, errors: &mut Errors) {
    if let Some(name) = &options.name {
        errors.at(name, format!("{because}: leave out the name"));
    }
    if let Some(stream) = &options.stream {
        errors.at(stream, format!("{because}: leave out `stream`"));
    }
}

/// Reports, and takes away, the attributes that mean something on a method that clients call.
pub(crate) fn refuse_marks(
    function: &mut ImplItemFn,
    authorize: &[Attribute],
    what: &str,
    errors: &mut Errors,
) {
    for attribute in authorize {
        let message = format!("clients cannot call {what}: leave out `#[authorize]`");
        errors.at(attribute, message);
    }
    for input in &mut function.sig.inputs {
        let FnArg::Typed(parameter) = input else {
            continue;
        };
        for mark in take_named(&mut parameter.attrs, "argument") {
            errors.at(
                mark,
                format!("clients cannot call {what}: leave out `#[argument]`"),
            );
        }
    }
}
