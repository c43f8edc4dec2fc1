//! The attributes of a parameter: `#[argument]` and `#[hub(default)]`.

use syn::{Attribute, FnArg, Ident, ImplItemFn};

use crate::errors::Errors;
use crate::options::{ParameterOptions, refuse_on_self, take_named};

/// What the attributes of one parameter say.
pub(crate) struct Marks {
    /// Whether it is an argument, whatever its type is called.
    pub(crate) is_argument: bool,
    /// The `default` of a parameter that clients may leave out.
    pub(crate) default: Option<Ident>,
}

/// Removes our attributes from all parameters. Returns what they say, without those of `self`.
pub(crate) fn take_marks(function: &mut ImplItemFn, errors: &mut Errors) -> Vec<Marks> {
    let mut marks = Vec::new();
    for input in &mut function.sig.inputs {
        match input {
            FnArg::Receiver(receiver) => refuse_on_self(&mut receiver.attrs, errors),
            FnArg::Typed(parameter) => marks.push(Marks {
                is_argument: !take_named(&mut parameter.attrs, "argument").is_empty(),
                default: ParameterOptions::take(&mut parameter.attrs, errors).default,
            }),
        }
    }
    marks
}

/// Removes and reports our attributes on the parameters of `what`, which clients cannot call.
pub(crate) fn refuse_marks(function: &mut ImplItemFn, what: &str, errors: &mut Errors) {
    let mut refuse = |marks: Vec<Attribute>, name: &str| {
        for mark in marks {
            errors.at(
                mark,
                format!("clients cannot call {what}: leave out `{name}`"),
            );
        }
    };
    for input in &mut function.sig.inputs {
        let (FnArg::Typed(syn::PatType { attrs, .. })
        | FnArg::Receiver(syn::Receiver { attrs, .. })) = input;
        refuse(take_named(attrs, "argument"), "#[argument]");
        refuse(take_named(attrs, "hub"), "#[hub(..)]");
    }
}
