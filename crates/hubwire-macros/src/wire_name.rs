//! The names of methods on the wire.

use proc_macro2::{Ident, Span};
use syn::LitStr;
use syn::ext::IdentExt;

use crate::errors::Errors;

/// The wire name of a method, with its Rust name.
#[derive(Debug)]
pub(crate) struct WireName {
    pub(crate) text: String,
    rust_name: Ident,
    span: Span,
}

impl WireName {
    /// Returns the given name, or else the Rust name in PascalCase.
    pub(crate) fn new(rust_name: &Ident, given: Option<&LitStr>, errors: &mut Errors) -> Self {
        let text = given.map_or_else(
            || pascal_case(&rust_name.unraw().to_string()),
            LitStr::value,
        );
        if text.is_empty() {
            let help = "no name on the wire can be made of this one; give it one with `#[hub(name = \"..\")]`";
            errors.at(rust_name, help);
        }
        Self {
            text,
            rust_name: rust_name.clone(),
            span: given.map_or_else(|| rust_name.span(), LitStr::span),
        }
    }
}

/// Reports wire names that two methods share.
///
/// Methods with the same Rust name have different `cfg`s, or are reported elsewhere. `otherwise` is
/// the alternative to renaming one of them.
pub(crate) fn refuse_duplicates<'a>(
    names: impl Iterator<Item = &'a WireName>,
    otherwise: impl Fn(&WireName) -> String,
    errors: &mut Errors,
) {
    let mut seen: Vec<&WireName> = Vec::new();
    for name in names {
        let earlier = seen.iter().find(|earlier| {
            earlier.rust_name != name.rust_name && earlier.text.eq_ignore_ascii_case(&name.text)
        });
        if let Some(earlier) = earlier {
            let message = format!(
                "`{}` and `{}` have the same name on the wire, `{}`, where case does not count; \
                 give one of them another with `#[hub(name = \"..\")]`{}",
                earlier.rust_name,
                name.rust_name,
                name.text,
                otherwise(name)
            );
            errors.push(syn::Error::new(name.span, message));
        }
        seen.push(name);
    }
}

/// Converts `join_room` to `JoinRoom`; digits and capitals stay.
pub(crate) fn pascal_case(rust_name: &str) -> String {
    let mut text = String::with_capacity(rust_name.len());
    for word in rust_name.split('_') {
        let mut letters = word.chars();
        text.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        text.push_str(letters.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    use quote::format_ident;

    use super::*;

    #[test]
    fn snake_case_becomes_pascal_case() {
        let cases = [
            ("join_room", "JoinRoom"),
            ("send", "Send"),
            ("get_item_2", "GetItem2"),
            ("v2_of_it", "V2OfIt"),
            ("utf8_bytes", "Utf8Bytes"),
            ("_private__name_", "PrivateName"),
            ("readURL_now", "ReadURLNow"),
            ("öffne_tür", "ÖffneTür"),
            ("ß", "SS"),
            ("__", ""),
        ];
        for (rust, wire) in cases {
            assert_eq!(pascal_case(rust), wire, "{rust}");
        }
    }

    #[test]
    fn raw_names_lose_their_prefix() {
        let mut errors = Errors::default();
        let name = WireName::new(&format_ident!("r#type"), None, &mut errors);
        assert_eq!(name.text, "Type");
    }

    #[test]
    fn the_given_name_stays_as_written() {
        let mut errors = Errors::default();
        let given = LitStr::new("join-room", Span::call_site());
        let name = WireName::new(&format_ident!("join_room"), Some(&given), &mut errors);
        assert_eq!(name.text, "join-room");
    }
}
