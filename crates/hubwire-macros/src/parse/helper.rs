//! Methods that clients cannot call, and attributes that have no meaning on them.

use syn::ext::IdentExt;
use syn::{Attribute, ImplItemFn};

use super::marks;
use crate::attributes::cfgs;
use crate::errors::Errors;
use crate::model::{Helper, Uncallable};
use crate::options::MethodOptions;
use crate::wire_name::pascal_case;

/// Parses a helper that a client might try to call; returns `None` for a function without `self`.
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

/// Reports options that determine how clients call a method. `because` is the reason why they
/// cannot.
pub(crate) fn refuse_options(options: &MethodOptions, because: &str, errors: &mut Errors) {
    if let Some(name) = &options.name {
        errors.at(name, format!("{because}: leave out the name"));
    }
    if let Some(stream) = &options.stream {
        errors.at(stream, format!("{because}: leave out `stream`"));
    }
    if let Some(deprecated) = &options.deprecated {
        let help = "leave out `deprecated`, or use Rust's own `#[deprecated]`";
        errors.at(deprecated, format!("{because}: {help}"));
    }
}

/// Removes and reports the attributes that have a meaning only on methods that clients call.
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
    marks::refuse_marks(function, what, errors);
}
