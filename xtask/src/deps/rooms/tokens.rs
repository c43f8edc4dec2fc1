//! Tokens in a form that patterns can match.

use proc_macro2::{Delimiter, Group, TokenTree};

/// Returns the identifier at the start of `rest` without the `r#` of a raw one, its line, and what
/// follows.
pub(super) fn ident(rest: &[TokenTree]) -> Option<(String, usize, &[TokenTree])> {
    let [TokenTree::Ident(ident), after @ ..] = rest else {
        return None;
    };
    let text = ident.to_string();
    let name = text.strip_prefix("r#").unwrap_or(&text).to_owned();
    Some((name, ident.span().start().line, after))
}

/// Returns what follows the identifier `expected`, if `rest` starts with it.
pub(super) fn after_ident<'a>(rest: &'a [TokenTree], expected: &str) -> Option<&'a [TokenTree]> {
    match rest {
        [TokenTree::Ident(ident), after @ ..] if ident == expected => Some(after),
        _ => None,
    }
}

/// Returns what follows the character `expected`, if `rest` starts with it.
pub(super) fn after_punct(rest: &[TokenTree], expected: char) -> Option<&[TokenTree]> {
    match rest {
        [TokenTree::Punct(punct), after @ ..] if punct.as_char() == expected => Some(after),
        _ => None,
    }
}

/// Returns what follows `::`, if `rest` starts with it.
pub(super) fn after_path_sep(rest: &[TokenTree]) -> Option<&[TokenTree]> {
    after_punct(after_punct(rest, ':')?, ':')
}

/// Returns the tokens between braces, if `rest` starts with them.
pub(super) fn braces(rest: &[TokenTree]) -> Option<(Vec<TokenTree>, &[TokenTree])> {
    between(Delimiter::Brace, rest)
}

/// Returns the tokens between `delimiter`s, if `rest` starts with them, and what follows.
pub(super) fn between(
    delimiter: Delimiter,
    rest: &[TokenTree],
) -> Option<(Vec<TokenTree>, &[TokenTree])> {
    match rest {
        [TokenTree::Group(group), after @ ..] if group.delimiter() == delimiter => {
            Some((inside(group), after))
        }
        _ => None,
    }
}

/// Returns the tokens that `group` encloses.
pub(super) fn inside(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

/// Returns the parts of `tokens` between commas.
pub(super) fn parts(tokens: &[TokenTree]) -> impl Iterator<Item = &[TokenTree]> {
    tokens.split(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
}
