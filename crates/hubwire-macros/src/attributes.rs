//! Reading of `cfg` and documentation attributes.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// Returns the `#[cfg(..)]` attributes, which everything that is generated for the item must have
/// too.
pub(crate) fn cfgs(attributes: &[Attribute]) -> Vec<Attribute> {
    let is_cfg = |attribute: &&Attribute| attribute.path().is_ident("cfg");
    attributes.iter().filter(is_cfg).cloned().collect()
}

/// Returns the text of the doc comments, without the space after each `///`.
pub(crate) fn docs(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc_line).collect();
    let lines: Vec<&str> = lines
        .iter()
        .flat_map(|line| line.lines())
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    lines.join("\n").trim().to_owned()
}

/// Returns whether an item has Rust's own `#[deprecated]`.
pub(crate) fn is_deprecated(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("deprecated"))
}

/// Returns whether an item has documentation of any kind.
pub(crate) fn is_documented(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("doc"))
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(line),
            ..
        }) if pair.path.is_ident("doc") => Some(match line.value() {
            line if line.is_empty() => "\n".to_owned(),
            line => line,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn doc_lines_are_joined() {
        let attributes: Vec<Attribute> = vec![
            parse_quote!(#[doc = " Joins a room."]),
            parse_quote!(#[cfg(unix)]),
            parse_quote!(#[doc = ""]),
            parse_quote!(#[doc = "   - indented  "]),
            parse_quote!(#[doc(hidden)]),
        ];
        assert_eq!(docs(&attributes), "Joins a room.\n\n  - indented");
        assert_eq!(docs(&[]), "");
    }
}
