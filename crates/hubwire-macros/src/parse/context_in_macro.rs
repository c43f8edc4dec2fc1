//! Uses of a missing `cx` inside the tokens of a macro call, which are not parsed yet.
//!
//! Only the macro knows what its tokens mean. Anything other than a plain use might bind `cx`, and
//! then nothing is reported.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::Macro;

/// Returns the first use of `cx` in a macro that does not seem to bind it.
pub(super) fn use_in(called: &Macro) -> Option<Span> {
    if is_of_code(called) {
        return None;
    }
    let mut seen = Seen::default();
    seen.read(&called.tokens, Place::Anywhere);
    seen.used.filter(|_| !seen.may_be_bound)
}

/// Returns whether the macro's tokens are not run in place.
fn is_of_code(called: &Macro) -> bool {
    let last = called.path.segments.last();
    last.is_some_and(|last| {
        let name = last.ident.to_string();
        name.contains("quote") || name == "stringify" || name == "macro_rules"
    })
}

#[derive(Default)]
struct Seen {
    used: Option<Span>,
    may_be_bound: bool,
}

/// The position of tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between the parentheses after a function's name.
    Arguments,
    Anywhere,
}

impl Seen {
    fn read(&mut self, tokens: &TokenStream, place: Place) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            let (before, after) = (&tokens[..at], &tokens[at + 1..]);
            match token {
                TokenTree::Ident(ident) if ident == "cx" => {
                    self.read_context(ident, before, after, place);
                }
                TokenTree::Group(group) => {
                    let is_call = group.delimiter() == Delimiter::Parenthesis && is_called(before);
                    let place = match group.delimiter() {
                        _ if is_call => Place::Arguments,
                        Delimiter::None => place,
                        _ => Place::Anywhere,
                    };
                    self.read(&group.stream(), place);
                }
                _ => {}
            }
        }
    }

    fn read_context(
        &mut self,
        ident: &Ident,
        before: &[TokenTree],
        after: &[TokenTree],
        place: Place,
    ) {
        if is_part_of_path(before, after) {
            return;
        }
        let is_argument = place == Place::Arguments && is_whole_argument(before, after);
        if is_argument || has_member(before, after) {
            self.used.get_or_insert_with(|| ident.span());
        } else {
            self.may_be_bound = true;
        }
    }
}

/// Returns whether this `cx` is a field, a function, a macro or a lifetime, or part of a longer
/// path.
fn is_part_of_path(before: &[TokenTree], after: &[TokenTree]) -> bool {
    let begins = match before {
        [.., first, second] if is(second, '.') => !is(first, '.'),
        [.., first, second] => is(first, ':') && is(second, ':'),
        [only] => is(only, '.'),
        [] => false,
    };
    let is_lifetime = before.last().is_some_and(|token| is(token, '\''));
    let goes_on = match after {
        [TokenTree::Group(group), ..] => group.delimiter() == Delimiter::Parenthesis,
        [first, TokenTree::Group(_), ..] if is(first, '!') => true,
        [first, second, ..] => is(first, ':') && is(second, ':'),
        _ => false,
    };
    begins || is_lifetime || goes_on
}

/// Returns whether this is `cx.name`.
fn has_member(before: &[TokenTree], after: &[TokenTree]) -> bool {
    let is_name = |token: &TokenTree| matches!(token, TokenTree::Ident(_));
    let ends_range = before.last().is_some_and(|token| is(token, '.'));
    matches!(after, [dot, name, ..] if is(dot, '.') && is_name(name)) && !ends_range
}

/// Returns whether this is a function's whole argument, `cx` or `&cx`.
fn is_whole_argument(before: &[TokenTree], after: &[TokenTree]) -> bool {
    let before = match before {
        [rest @ .., last] if is(last, '&') => rest,
        all => all,
    };
    let is_edge = |token: Option<&TokenTree>| token.is_none_or(|token| is(token, ','));
    is_edge(before.last()) && is_edge(after.first())
}

/// Returns whether the parentheses follow a lowercase name, as in a function call and unlike in a
/// pattern.
fn is_called(before: &[TokenTree]) -> bool {
    let [rest @ .., TokenTree::Ident(name)] = before else {
        return false;
    };
    let text = name.to_string();
    let is_declared = matches!(rest.last(), Some(TokenTree::Ident(keyword)) if keyword == "fn");
    let is_keyword = syn::parse_str::<Ident>(&text).is_err();
    text.starts_with(|first: char| first.is_lowercase() || first == '_')
        && !is_declared
        && !is_keyword
}

fn is(token: &TokenTree, punctuation: char) -> bool {
    matches!(token, TokenTree::Punct(it) if it.as_char() == punctuation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_used(written: &str) -> bool {
        let called: Macro = syn::parse_str(written).unwrap_or_else(|error| panic!("{error}"));
        use_in(&called).is_some()
    }

    #[test]
    fn plain_uses_are_seen() {
        for written in [
            r#"format!("{}", cx.connection_id())"#,
            r#"tracing::info!(id = %cx.connection_id(), "told")"#,
            r#"tokio::select! { biased; told = cx.clients().all().send("Told", ()) => {} }"#,
            "tokio::select! { _ = self.tell(cx) => {}, _ = tell(&cx, 1) => {} }",
            "vec![format!(\"{}\", cx.connection_id())]",
            "assert!(!cx.principal().is_some())",
            "select! { it = async { cx.groups().add(&id, it.cx).await } => {} }",
        ] {
            assert!(is_used(written), "{written}");
        }
    }

    #[test]
    fn what_may_be_a_binding_is_left_to_the_compiler() {
        for written in [
            "select! { cx = next() => cx.run() }",
            "select! { Some(cx) = next() => { tell(cx) } }",
            "select! { (cx, _) = next() => cx.run() }",
            "dbg!(list.iter().map(|cx| cx.run()))",
            "dbg!(list.iter().map(|&cx| cx.run()))",
            "dbg!(list.iter().map(|cx: &It| cx.run()))",
            "dbg!({ let cx = it(); cx.run() })",
            "dbg!({ let (cx) = it(); cx.run() })",
            "dbg!({ let mut cx = it(); cx.run() })",
            "dbg!(match it { It { cx } => cx.run() })",
            "dbg!(match it { Some(cx @ 1) => cx.run(), _ => 2 })",
            "dbg!({ for cx in all() { cx.run() } })",
            "dbg!({ fn run(cx: It) { cx.run() } })",
            "matches!(it, Some(cx) if cx.is_it())",
            "format!(\"{}\", cx)",
            "format!(\"{cx}\", cx = 1)",
        ] {
            assert!(!is_used(written), "{written}");
        }
    }

    #[test]
    fn what_is_no_value_of_that_name_is_no_use() {
        for written in [
            "dbg!(self.cx.run())",
            "dbg!(tell(self.cx))",
            "dbg!(cx::run())",
            "dbg!(other::cx.run())",
            "dbg!(cx(1).run())",
            "dbg!(cx!().run())",
            "dbg!(run::<'cx>())",
            "dbg!(0..cx.run())",
            "quote!(cx.run())",
            "quote_spanned!(span=> cx.run())",
            "stringify!(cx.run())",
        ] {
            assert!(!is_used(written), "{written}");
        }
    }
}
