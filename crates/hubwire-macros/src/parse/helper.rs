//! What is said in vain of a method that clients cannot call.

use syn::{Attribute, FnArg, ImplItemFn};

use crate::errors::Errors;
use crate::options::{MethodOptions, take_named};

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
