//! Short names of types, without their paths.

use std::any::type_name;

/// Returns the name of a type without paths, including those of its generic arguments:
/// `Topic<Vec<Duration>>`.
pub(crate) fn short_type_name<T: ?Sized>() -> String {
    without_paths(type_name::<T>())
}

/// Removes everything in front of a `::`, back to the beginning of that path.
fn without_paths(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    // The start of the current path, and of the paths that enclose it as a generic argument.
    let mut start = 0;
    let mut outer = Vec::new();
    let mut rest = full;
    while let Some(next) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("::") {
            short.truncate(start);
            rest = behind;
            continue;
        }
        match next {
            '<' => outer.push(start),
            // Any other `>` is the head of an arrow.
            '>' if !short.ends_with('-') => start = outer.pop().unwrap_or_default(),
            _ => {}
        }
        short.push(next);
        if !is_of_path(next) {
            start = short.len();
        }
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
    }
    short
}

/// Returns whether a path continues: `{closure}` and `{impl#0}` are ordinary names, and a `>` ends
/// a part of a path.
fn is_of_path(next: char) -> bool {
    next.is_alphanumeric() || matches!(next, '_' | '{' | '}' | '#' | '>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_arguments_lose_their_paths_too() {
        for (full, short) in [
            ("shop::chat::ChatHub", "ChatHub"),
            ("ChatHub", "ChatHub"),
            ("a::Foo<b::B, c::Vec<d::e::D>>", "Foo<B, Vec<D>>"),
            ("a::Foo<(b::B, [c::C; 3]), &d::D>", "Foo<(B, [C; 3]), &D>"),
            ("a::Foo<dyn b::B + c::C>", "Foo<dyn B + C>"),
            ("a::Foo<fn(b::B) -> c::C, d::D>", "Foo<fn(B) -> C, D>"),
            ("a::method::{{closure}}::ChatHub", "ChatHub"),
            ("a::Foo<b::B>::method::Inner<c::C>", "Inner<C>"),
            ("<a::Foo<b::B> as c::C>::method::Inner", "Inner"),
            ("x::Größe<y::Ähre>", "Größe<Ähre>"),
            ("", ""),
        ] {
            assert_eq!(without_paths(full), short, "{full}");
        }
    }

    #[test]
    fn a_type_is_called_by_its_short_name() {
        struct Topic<T>(T);
        assert_eq!(short_type_name::<Topic<u8>>(), "Topic<u8>");
        let name = short_type_name::<Topic<Option<std::time::Duration>>>();
        assert_eq!(name, "Topic<Option<Duration>>");
    }
}
