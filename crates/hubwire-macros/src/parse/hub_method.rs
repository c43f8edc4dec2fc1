//! Methods that clients may call.

use syn::{FnArg, ImplItemFn, PatType};

use super::marks::Marks;
use super::parameter::{self, MAXIMUM_ARGUMENTS};
use super::{outcome, signature, stream};
use crate::attributes::{cfgs, docs, is_deprecated};
use crate::errors::Errors;
use crate::model::{Function, HubMethod, Parameter};
use crate::options::MethodOptions;
use crate::wire_name::WireName;

/// Parses a method; `marks` contains the attributes of each parameter except `self`.
pub(crate) fn hub_method(
    function: &ImplItemFn,
    options: &MethodOptions,
    marks: &[Marks],
    errors: &mut Errors,
) -> HubMethod {
    let otherwise =
        "; a helper is not `pub`, stands in another `impl` block or carries `#[hub(skip)]`";
    signature::check(&function.sig, "a hub method", otherwise, errors);
    let returned = outcome::return_type(&function.sig.output);
    let streamed = stream::streamed(returned, options.stream.as_ref(), errors);
    if streamed.is_none() {
        outcome::check(returned, errors);
    }
    HubMethod {
        function: Function {
            rust_name: function.sig.ident.clone(),
            cfgs: cfgs(&function.attrs),
            is_async: function.sig.asyncness.is_some(),
            returned: returned.cloned().map(Box::new),
        },
        wire_name: WireName::new(&function.sig.ident, options.name.as_ref(), errors),
        docs: docs(&function.attrs),
        is_deprecated: options.deprecated.is_some() || is_deprecated(&function.attrs),
        authorize: Vec::new(),
        parameters: parameters(function, marks, errors),
        streamed,
    }
}

fn parameters(function: &ImplItemFn, marks: &[Marks], errors: &mut Errors) -> Vec<Parameter> {
    let inputs = typed(function).zip(marks).enumerate();
    let parameters: Vec<(&PatType, Parameter)> = inputs
        .filter_map(|(position, (input, marks))| {
            let parameter = parameter::parameter(position, input, marks, errors)?;
            Some((input, parameter))
        })
        .collect();
    check_numbers(&parameters, errors);
    check_defaults(&parameters, errors);
    parameters
        .into_iter()
        .map(|(_, parameter)| parameter)
        .collect()
}

fn check_numbers(parameters: &[(&PatType, Parameter)], errors: &mut Errors) {
    let mut passed_once = |is_it: fn(&Parameter) -> bool, message: &str| {
        let all = parameters.iter().filter(|(_, parameter)| is_it(parameter));
        for (input, _) in all.skip(1) {
            errors.at(input, message);
        }
    };
    passed_once(
        |parameter| matches!(parameter, Parameter::CancellationToken { .. }),
        "the cancellation token is passed only once",
    );
    let is_argument = |(_, parameter): &&(_, Parameter)| parameter.argument().is_some();
    if let Some((input, _)) = parameters.iter().filter(is_argument).nth(MAXIMUM_ARGUMENTS) {
        let message = format!(
            "a hub method has at most {MAXIMUM_ARGUMENTS} parameters; take a struct for more"
        );
        errors.at(input, message);
    }
}

/// Reports parameters that may be left out although one behind them may not.
fn check_defaults(parameters: &[(&PatType, Parameter)], errors: &mut Errors) {
    let mut required = None;
    for (input, parameter) in parameters.iter().rev() {
        let Parameter::Argument { name, default, .. } = parameter else {
            continue;
        };
        match (default, required) {
            (None, _) => required = Some(name),
            (Some(_), None) => {}
            (Some(default), Some(required)) => {
                let pattern = &input.pat;
                let message = format!(
                    "only the last arguments can be left out, and `{required}` behind this one is required: \
                     move `{}` to the end, or mark `{required}` with `#[hub(default)]` too",
                    quote::quote!(#pattern)
                );
                errors.at(default, message);
            }
        }
    }
}

/// Returns the parameters except `self`.
fn typed(function: &ImplItemFn) -> impl Iterator<Item = &PatType> {
    function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Receiver(_) => None,
        FnArg::Typed(parameter) => Some(parameter),
    })
}
