//! The crate root: the modules that lib.rs declares, and the room that each re-exported name comes
//! from.

use anyhow::Result;
use proc_macro2::TokenTree;

use super::scan::lex;
use super::tokens::{after_ident, after_path_sep, after_punct, braces, ident, parts};

/// The content of lib.rs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Root {
    /// The modules and the lines that declare them.
    pub(super) modules: Vec<(String, usize)>,
    /// A name at the root, and the first segment of the path that it stands for.
    names: Vec<(String, String)>,
}

impl Root {
    /// Reads the text of lib.rs.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not Rust.
    pub(super) fn read(text: &str) -> Result<Self> {
        let tokens = lex(text)?;
        let mut root = Self::default();
        let mut rest = tokens.as_slice();
        while let Some((_, after)) = rest.split_first() {
            if let Some(declared) = after_ident(rest, "mod")
                && let Some((name, line, _)) = ident(declared)
            {
                root.modules.push((name, line));
            }
            // A private `use` counts too, because every module below sees it.
            if let Some(used) = after_ident(rest, "use") {
                let end = used.iter().position(is_semicolon).unwrap_or(used.len());
                root.names(None, &used[..end]);
            }
            rest = after;
        }
        Ok(root)
    }

    /// Returns where `crate::name` leads: to a module of the root, possibly through names of other
    /// modules.
    pub(super) fn origin(&self, name: &str) -> Option<&str> {
        let mut name = name;
        // At most as many steps as there are names, because they may refer to each other in a
        // circle.
        for _ in 0..=self.names.len() {
            if let Some((module, _)) = self.modules.iter().find(|(module, _)| module == name) {
                return Some(module);
            }
            let known = self.names.iter().find(|(known, _)| known == name);
            name = known.map(|(_, first)| first)?;
        }
        None
    }

    /// Collects what a `use` brings to the root; `from` is the first and the last segment before
    /// `rest`.
    fn names(&mut self, from: Option<(&str, &str)>, rest: &[TokenTree]) {
        if let Some((group, _)) = braces(rest) {
            for part in parts(&group) {
                self.names(from, part);
            }
            return;
        }
        let Some((segment, _, after)) = ident(rest) else {
            return;
        };
        if let (None, "crate" | "self", Some(after)) =
            (from, segment.as_str(), after_path_sep(after))
        {
            return self.names(None, after);
        }
        let last = match (segment.as_str(), from) {
            ("self", Some((_, last))) => last.to_owned(),
            _ => segment.clone(),
        };
        let first = from.map_or(segment, |(first, _)| first.to_owned());
        if let Some(after) = after_path_sep(after) {
            return self.names(Some((&first, &last)), after);
        }
        let renamed = after_ident(after, "as").and_then(ident);
        let name = renamed.map_or(last, |(name, _, _)| name);
        self.names.push((name, first));
    }
}

fn is_semicolon(token: &TokenTree) -> bool {
    after_punct(std::slice::from_ref(token), ';').is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Root {
        Root::read(text).expect("Rust")
    }

    #[test]
    fn modules_are_declared_with_or_without_a_body() {
        let root = root("mod hub;\n#[cfg(test)]\npub mod testing;\nmod node { mod inner; }");
        let modules = [("hub", 1), ("testing", 3), ("node", 4)];
        assert_eq!(
            root.modules,
            modules.map(|(name, line)| (name.to_owned(), line))
        );
    }

    #[test]
    fn a_name_comes_from_the_module_that_it_is_taken_from() {
        let root = root(
            "mod hub; mod node; pub use hub::Caller; use self::node::clock::{Clock, Timer as Alarm};
             pub(crate) use crate::{hub::{self as center, Items}, node::Limits};",
        );
        for (name, module) in [
            ("Caller", "hub"),
            ("Clock", "node"),
            ("Alarm", "node"),
            ("center", "hub"),
            ("Items", "hub"),
            ("Limits", "node"),
            ("node", "node"),
        ] {
            assert_eq!(root.origin(name), Some(module), "{name}");
        }
        assert_eq!(root.origin("Timer"), None);
    }

    #[test]
    fn a_name_may_stand_for_another_one() {
        let root = root("mod hub; pub use Caller as Peer; pub use hub::Caller;");
        assert_eq!(root.origin("Peer"), Some("hub"));
    }

    #[test]
    fn names_from_outside_and_in_a_circle_lead_nowhere() {
        let root = root("mod hub; use std::sync::Arc; use ::hub::Far; use a as b; use b as a;");
        for name in ["Arc", "Far", "a", "hubs"] {
            assert_eq!(root.origin(name), None, "{name}");
        }
    }
}
