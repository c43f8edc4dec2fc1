//! Types as text, as their author would write them.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;

/// Formats a type, or generics made of types, with the spaces that rustfmt would leave.
pub(crate) fn type_text(ty: impl ToTokens) -> String {
    let mut text = String::new();
    print(ty.to_token_stream(), &mut text);
    text
}

fn print(tokens: TokenStream, text: &mut String) {
    let mut after_word = false;
    for token in tokens {
        let is_word = matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_));
        if after_word && is_word {
            text.push(' ');
        }
        after_word = is_word;
        match token {
            TokenTree::Group(group) => {
                let (open, close) = delimiters(group.delimiter());
                text.push_str(open);
                print(group.stream(), text);
                text.truncate(text.trim_end().len());
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                '>' if text.ends_with('-') => text.push_str("> "),
                sign @ ('+' | '=') => text.extend([' ', sign, ' ']),
                sign @ (',' | ';') => text.extend([sign, ' ']),
                '-' => text.push_str(" -"),
                sign => text.push(sign),
            },
            word => text.push_str(&word.to_string()),
        }
    }
}

fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
        Delimiter::Parenthesis => ("(", ")"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_look_as_written() {
        for written in [
            "String",
            "()",
            "(u32,)",
            "(u32, String)",
            "Vec<Option<chat::Message>>",
            "HashMap<String, Vec<u8>>",
            "[u8; 4]",
            "&[u8]",
            "&mut str",
            "&'static str",
            "Cow<'static, str>",
            "Box<dyn Fn(u32) -> u32 + Send>",
            "<Self as Trait>::Item",
            "impl Iterator<Item = u32>",
        ] {
            let ty: syn::Type = syn::parse_str(written).unwrap();
            assert_eq!(type_text(&ty), written);
        }
    }
}
