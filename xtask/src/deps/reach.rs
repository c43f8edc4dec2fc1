//! Checks what a crate must not bring along, at any depth.

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
            .library("codec")
            .library("tokio")
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
}
