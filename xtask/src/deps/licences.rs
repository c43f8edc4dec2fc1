//! Everything that ships may be used under a licence of the list.

use anyhow::{Context, Result};
use spdx::{Expression, Licensee, ParseMode};

use super::graph::Graph;

/// Lists the packages that ship with a crate of this workspace under no licence of the list.
///
/// # Errors
///
/// When an entry of the list is no SPDX licence.
pub(super) fn check(graph: &Graph, allowed: &[&str]) -> Result<Vec<String>> {
    let allowed = AllowList::parse(allowed)?;
    let members: Vec<_> = graph.members().map(|(at, _)| at).collect();
    let mut problems = Vec::new();
    for way in graph.shipped_with(&members) {
        let package = way.package;
        if let Err(why) = allowed.accepts(package.licence()) {
            problems.push(format!(
                "{} {}: {why} ({way})",
                package.name(),
                package.version()
            ));
        }
    }
    Ok(problems)
}

/// Licences, each possibly with an exception, of which any one suffices.
struct AllowList(Vec<Licensee>);

impl AllowList {
    fn parse(allowed: &[&str]) -> Result<Self> {
        let parse = |licence: &&str| {
            Licensee::parse(licence)
                .with_context(|| format!("`{licence}` in the table is not an SPDX licence"))
        };
        Ok(Self(allowed.iter().map(parse).collect::<Result<_>>()?))
    }

    /// Whether the expression can be fulfilled with licences of the list alone.
    fn accepts(&self, expression: Option<&str>) -> Result<(), String> {
        let Some(text) = expression else {
            return Err("its manifest names no licence".into());
        };
        // Lax, for the slash that cargo allowed for OR before it took SPDX expressions.
        let expression = Expression::parse_mode(text, ParseMode::LAX)
            .map_err(|error| format!("licence `{text}` is no SPDX expression: {}", error.reason))?;
        let allows = |licence: &_| self.0.iter().any(|allowed| allowed.satisfies(licence));
        if !expression.evaluate(allows) {
            return Err(format!("licence `{text}` is not in the table"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::graph::Source, *};

    fn accepts(expression: &str) -> bool {
        let allowed = [
            "MIT",
            "Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
            "Unicode-3.0",
        ];
        let allowed = AllowList::parse(&allowed).expect("SPDX licences");
        allowed.accepts(Some(expression)).is_ok()
    }

    #[test]
    fn one_side_of_or_suffices() {
        assert!(accepts("MIT OR GPL-3.0-only"));
        assert!(accepts("Unlicense OR MIT"));
        assert!(!accepts("Unlicense OR GPL-3.0-only"));
    }

    #[test]
    fn both_sides_of_and_are_needed() {
        assert!(accepts("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!accepts("MIT AND GPL-3.0-only"));
        assert!(accepts("MIT AND Apache-2.0 OR GPL-3.0-only"));
        assert!(!accepts("GPL-3.0-only OR GPL-2.0-only AND MIT"));
    }

    #[test]
    fn an_exception_is_part_of_the_licence() {
        assert!(accepts("Apache-2.0 WITH LLVM-exception"));
        assert!(accepts("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only"));
        assert!(!accepts("GPL-2.0-only WITH Classpath-exception-2.0"));
        assert!(!accepts("MIT WITH LLVM-exception"));
    }

    #[test]
    fn the_slash_of_old_manifests_is_or() {
        assert!(accepts("MIT/Apache-2.0"));
        assert!(accepts("GPL-3.0-only/MIT"));
    }

    #[test]
    fn what_is_not_spdx_is_refused() {
        assert!(!accepts("My own licence"));
        assert!(!accepts(""));
    }

    #[test]
    fn tests_may_use_what_does_not_ship() {
        let graph = Graph::default()
            .member("wire", "crates/wire")
            .package("copyleft", "1.0.0", Some("GPL-3.0-only"), Source::CratesIo)
            .package("unnamed", "1.0.0", None, Source::CratesIo)
            .uses("wire", &["unnamed"])
            .tests_use("wire", &["copyleft"]);
        let problems = check(&graph, &["MIT"]).expect("SPDX licences");
        assert_eq!(
            problems,
            ["unnamed 1.0.0: its manifest names no licence (wire -> unnamed)"]
        );
    }
}
