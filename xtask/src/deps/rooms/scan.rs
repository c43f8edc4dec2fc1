//! The paths of a source file that lead to the crate root, found in its tokens.
//!
//! It uses tokens, not syntax, because then a path is found anywhere, including macro bodies and
//! attributes. Literals are not searched, nor are comments, which the lexer drops or converts to
//! literals.

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::tokens::{
    after_ident, after_path_sep, after_punct, between, braces, ident, inside, parts,
};

/// A place where a file names something at the crate root.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mention {
    /// The room that contains it; `None` for lib.rs itself.
    pub(super) room: Option<String>,
    pub(super) line: usize,
    pub(super) of: Of,
}

/// The item that a [`Mention`] refers to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// The item of this name: `crate::name`.
    Item(String),
    /// All items: `crate::*`.
    Everything,
    /// The root itself, which hides later paths to it: `crate as c`.
    Alias,
    /// More `super`s than there are modules, as a macro for deeper modules may write.
    Outside,
    /// Code from a file that may be anywhere: `#[path = ".."]`, `include!(..)`.
    File(&'static str),
}

/// Lists what the file with this `text` names at the crate root; `module` is the path of its module.
///
/// # Errors
///
/// Returns an error if `text` is not Rust.
pub(super) fn mentions(text: &str, module: &[&str]) -> Result<Vec<Mention>> {
    let mut scanner = Scanner {
        module: module.iter().map(|&name| name.to_owned()).collect(),
        found: Vec::new(),
    };
    scanner.scan(&lex(text)?);
    Ok(scanner.found)
}

/// Returns the tokens of `text`.
///
/// # Errors
///
/// Returns an error if `text` is not Rust.
pub(super) fn lex(text: &str) -> Result<Vec<TokenTree>> {
    let tokens: TokenStream = text.parse().map_err(|error: proc_macro2::LexError| {
        anyhow!("line {}: {error}", error.span().start().line)
    })?;
    Ok(tokens.into_iter().collect())
}

struct Scanner {
    /// The modules that contain the current tokens, beginning with the room.
    module: Vec<String>,
    found: Vec<Mention>,
}

impl Scanner {
    fn scan(&mut self, mut rest: &[TokenTree]) {
        while let Some((first, after)) = rest.split_first() {
            rest = match first {
                TokenTree::Group(group) => {
                    self.scan(&inside(group));
                    after
                }
                TokenTree::Punct(punct) => self.punct(punct.as_char(), after),
                TokenTree::Ident(_) => self.ident(rest),
                TokenTree::Literal(_) => after,
            };
        }
    }

    fn punct<'a>(&mut self, punct: char, after: &'a [TokenTree]) -> &'a [TokenTree] {
        match punct {
            '#' => self.attribute(after_punct(after, '!').unwrap_or(after)),
            _ => after,
        }
    }

    /// Looks for a module's `path`; anything else in the brackets is scanned like all code.
    fn attribute<'a>(&mut self, rest: &'a [TokenTree]) -> &'a [TokenTree] {
        if let Some((attribute, _)) = between(Delimiter::Bracket, rest)
            && let Some((name, line, value)) = ident(&attribute)
            && name == "path"
            && after_punct(value, '=').is_some()
        {
            self.found(line, Of::File("#[path]"));
        }
        rest
    }

    /// Scans the identifier at the start of `rest` and returns what is still to be scanned.
    fn ident<'a>(&mut self, rest: &'a [TokenTree]) -> &'a [TokenTree] {
        let Some((name, line, after)) = ident(rest) else {
            return rest;
        };
        match name.as_str() {
            "self" => self.path(self.module.len(), line, after),
            "super" => self.climb(self.module.len(), line, after),
            "mod" => self.module(after),
            "pub" => match after {
                [TokenTree::Group(group), after @ ..] if is_restriction(group) => after,
                _ => after,
            },
            // `extern crate self as c`
            "crate" if after_ident(after, "self").is_some() => {
                self.found(line, Of::Alias);
                after
            }
            "crate" => self.path(0, line, after),
            "include" if after_punct(after, '!').is_some() => {
                self.found(line, Of::File("include!"));
                after
            }
            _ => after,
        }
    }

    /// Scans an inline module; its name may be a macro's argument.
    fn module<'a>(&mut self, after: &'a [TokenTree]) -> &'a [TokenTree] {
        let unmarked = after_punct(after, '$').unwrap_or(after);
        let Some((name, _, behind)) = ident(unmarked) else {
            return after;
        };
        let Some((body, behind)) = braces(behind) else {
            return behind;
        };
        self.module.push(name);
        self.scan(&body);
        self.module.pop();
        behind
    }

    /// Follows a path that has reached the module `depth` below the root.
    fn path<'a>(&mut self, depth: usize, line: usize, rest: &'a [TokenTree]) -> &'a [TokenTree] {
        if let Some(after) = after_path_sep(rest) {
            return self.use_tree(depth, after);
        }
        if depth == 0 && after_ident(rest, "as").is_some() {
            self.found(line, Of::Alias);
        }
        rest
    }

    /// Follows a path that continues with `super`.
    fn climb<'a>(&mut self, depth: usize, line: usize, after: &'a [TokenTree]) -> &'a [TokenTree] {
        match depth.checked_sub(1) {
            Some(depth) => self.path(depth, line, after),
            None => {
                self.found(line, Of::Outside);
                after
            }
        }
    }

    /// Follows what comes after `::`, which may be a group of paths.
    fn use_tree<'a>(&mut self, depth: usize, rest: &'a [TokenTree]) -> &'a [TokenTree] {
        if let Some((group, after)) = braces(rest) {
            for part in parts(&group) {
                self.use_tree(depth, part);
            }
            return after;
        }
        let (sign, segment) = match after_punct(rest, '$') {
            Some(after) => ("$", after),
            None => ("", rest),
        };
        match ident(segment) {
            Some((name, line, after)) if name == "super" => self.climb(depth, line, after),
            Some((_, _, after)) if depth > 0 => after,
            Some((name, line, after)) => {
                let of = match name.as_str() {
                    "self" => Of::Alias,
                    _ => Of::Item(format!("{sign}{name}")),
                };
                self.found(line, of);
                after
            }
            None => self.glob(depth, rest),
        }
    }

    fn glob<'a>(&mut self, depth: usize, rest: &'a [TokenTree]) -> &'a [TokenTree] {
        if let Some((star, after)) = rest.split_first()
            && after_punct(rest, '*').is_some()
            && depth == 0
        {
            self.found(star.span().start().line, Of::Everything);
            return after;
        }
        rest
    }

    fn found(&mut self, line: usize, of: Of) {
        let room = self.module.first().cloned();
        self.found.push(Mention { room, line, of });
    }
}

/// Returns whether the parentheses after a `pub` are a visibility. Otherwise they are a type.
fn is_restriction(group: &Group) -> bool {
    let tokens = inside(group);
    match ident(&tokens) {
        Some((name, _, after)) => {
            name == "in"
                || (matches!(name.as_str(), "crate" | "self" | "super") && after.is_empty())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests;
