//! Checks that every direct edge from a crate of this workspace is in the table.

use super::{
    graph::{Graph, Package, When},
    table::{Crates, Libraries, Row},
};

/// Lists crates without a row, rows without a crate, and edges that are in no row.
pub(super) fn check(graph: &Graph, table: &[Row]) -> Vec<String> {
    let mut problems = stale_rows(graph, table);
    for (at, member) in graph.members() {
        let Some(row) = table.iter().find(|row| row.is_about(member)) else {
            problems.push(format!("{} has no row: say what it may use", member.name()));
            continue;
        };
        let refused = |package: &&Package| package.name() != member.name() && !allows(row, package);
        for package in graph.direct(at, When::Shipped).filter(refused) {
            problems.push(format!(
                "{} -> {} is not in the table",
                member.name(),
                package.name()
            ));
        }
        let inside = graph
            .direct(at, When::Tested)
            .filter(|package| package.folder().is_some());
        let refused = inside
            .filter(|package| refused(package) && !row.tests_may_use.contains(&package.name()));
        for package in refused {
            problems.push(format!(
                "{} -> {} (in tests) is not in the table",
                member.name(),
                package.name()
            ));
        }
    }
    problems
}

fn stale_rows(graph: &Graph, table: &[Row]) -> Vec<String> {
    let unused = table
        .iter()
        .filter(|row| !graph.members().any(|(_, member)| row.is_about(member)));
    unused
        .map(|row| match row.crates {
            Crates::Published(name) => format!("the row of {name} is about no crate: remove it"),
            Crates::Under(prefix) => format!("the row of {prefix} is about no crate: remove it"),
        })
        .collect()
}

fn allows(row: &Row, package: &Package) -> bool {
    match (package.folder(), row.libraries) {
        (Some(_), _) => row.may_use.contains(&package.name()),
        (None, Libraries::Any) => true,
        (None, Libraries::Only(names)) => names.contains(&package.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Row] = &[
        Row {
            crates: Crates::Published("wire"),
            may_use: &[],
            tests_may_use: &["facade"],
            libraries: Libraries::Only(&["bytes"]),
            never_reaches: &[],
        },
        Row {
            crates: Crates::Published("facade"),
            may_use: &["wire"],
            tests_may_use: &[],
            libraries: Libraries::Any,
            never_reaches: &[],
        },
        Row {
            crates: Crates::Under("apps/"),
            may_use: &["facade"],
            tests_may_use: &[],
            libraries: Libraries::Any,
            never_reaches: &[],
        },
    ];

    fn graph() -> Graph {
        Graph::default()
            .member("wire", "crates/wire")
            .member("facade", "crates/facade")
            .member("shop", "apps/shop")
            .library("bytes")
            .library("tokio")
    }

    #[test]
    fn edges_of_the_table_pass() {
        let graph = graph()
            .uses("wire", &["bytes"])
            .tests_use("wire", &["facade", "tokio", "wire"])
            .uses("facade", &["wire", "tokio"])
            .uses("shop", &["facade", "tokio"]);
        assert_eq!(check(&graph, TABLE), Vec::<String>::new());
    }

    #[test]
    fn an_edge_inside_the_workspace_must_be_in_the_table() {
        let graph = graph().uses("wire", &["facade"]).uses("shop", &["wire"]);
        assert_eq!(
            check(&graph, TABLE),
            [
                "wire -> facade is not in the table",
                "shop -> wire is not in the table",
            ]
        );
    }

    #[test]
    fn tests_may_use_only_the_crates_they_name() {
        let graph = graph().tests_use("facade", &["shop"]);
        assert_eq!(
            check(&graph, TABLE),
            ["facade -> shop (in tests) is not in the table"]
        );
    }

    #[test]
    fn a_library_must_be_in_the_list_where_there_is_one() {
        let graph = graph().uses("wire", &["tokio"]);
        assert_eq!(check(&graph, TABLE), ["wire -> tokio is not in the table"]);
    }

    #[test]
    fn crates_and_rows_must_match() {
        let graph = Graph::default()
            .member("wire", "crates/wire")
            .member("shop", "apps/shop")
            .member("stray", "crates/stray");
        assert_eq!(
            check(&graph, TABLE),
            [
                "the row of facade is about no crate: remove it",
                "stray has no row: say what it may use",
            ]
        );
    }
}
