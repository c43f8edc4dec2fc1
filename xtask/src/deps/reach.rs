//! What a crate must not bring along, at any depth.

use super::{graph::Graph, table::Row};

/// Lists the forbidden packages that crates of this workspace ship with, and the way to each.
pub(super) fn check(graph: &Graph, table: &[Row]) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, member) in graph.members() {
        let Some(row) = table.iter().find(|row| row.is_about(member)) else {
            continue;
        };
        let forbidden = |name: &str| row.never_reaches.iter().any(|names| names.contains(&name));
        for way in graph.shipped_with(&[at]) {
            if forbidden(way.package.name()) {
                problems.push(format!(
                    "{} must never reach {}: {way}",
                    member.name(),
                    way.package.name()
                ));
            }
        }
    }
    problems
}

/// Lists the packages of the lockfile that are banned, whoever uses them.
pub(super) fn check_banned(graph: &Graph, banned: &[(&str, &str)]) -> Vec<String> {
    let mut problems = Vec::new();
    for package in graph.packages() {
        for (name, reason) in banned.iter().filter(|(name, _)| *name == package.name()) {
            problems.push(format!(
                "{name} {} is banned: {reason} (`cargo tree --invert {name}` shows who uses it)",
                package.version()
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::{
        super::table::{Crates, Libraries},
        *,
    };

    const TABLE: &[Row] = &[Row {
        crates: Crates::Published("wire"),
        may_use: &[],
        tests_may_use: &[],
        libraries: Libraries::Any,
        never_reaches: &[&["tokio"], &["http"]],
    }];

    fn graph() -> Graph {
        Graph::default()
            .member("wire", "crates/wire")
            .library("codec", "1.0.0")
            .library("tokio", "1.0.0")
            .uses("codec", &["tokio"])
    }

    #[test]
    fn a_forbidden_package_is_found_at_depth() {
        let graph = graph().uses("wire", &["codec"]);
        assert_eq!(
            check(&graph, TABLE),
            ["wire must never reach tokio: wire -> codec -> tokio"]
        );
    }

    #[test]
    fn tests_may_reach_it() {
        let graph = graph().tests_use("wire", &["codec"]);
        assert_eq!(check(&graph, TABLE), Vec::<String>::new());
    }

    #[test]
    fn a_banned_package_is_named_with_its_reason() {
        let problems = check_banned(&graph(), &[("tokio", "too good")]);
        assert!(
            problems[0].starts_with("tokio 1.0.0 is banned: too good"),
            "{problems:?}"
        );
    }
}
