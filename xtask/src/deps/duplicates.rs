//! The published crates bring each package once.

use super::{
    graph::Graph,
    table::{Crates, Row},
};

/// Lists the packages that the published crates ship in several versions without a reason in
/// `known`, and the entries of `known` that are true no more.
pub(super) fn check(graph: &Graph, table: &[Row], known: &[(&str, &str)]) -> Vec<String> {
    let published = |row: &&Row| matches!(row.crates, Crates::Published(_));
    let is_published = |package| {
        table
            .iter()
            .filter(published)
            .any(|row| row.is_about(package))
    };
    let roots = graph.members().filter(|(_, member)| is_published(member));
    let shipped = graph.shipped_with(&roots.map(|(at, _)| at).collect::<Vec<_>>());

    let mut problems = Vec::new();
    let mut doubled = Vec::new();
    for versions in shipped.chunk_by(|a, b| a.package.name() == b.package.name()) {
        if versions.len() == 1 {
            continue;
        }
        let name = versions[0].package.name();
        doubled.push(name);
        if !known.iter().any(|(known, _)| *known == name) {
            let ways: Vec<_> = versions
                .iter()
                .map(|way| format!("{} ({way})", way.package.version()))
                .collect();
            problems.push(format!(
                "{name} ships in several versions: {}",
                ways.join(", ")
            ));
        }
    }
    for (name, _) in known.iter().filter(|(name, _)| !doubled.contains(name)) {
        problems.push(format!(
            "{name} ships in one version now: remove it from DUPLICATES"
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::{super::table::Libraries, *};

    const TABLE: &[Row] = &[Row {
        crates: Crates::Published("wire"),
        may_use: &[],
        tests_may_use: &[],
        libraries: Libraries::Any,
        never_reaches: &[],
    }];

    fn graph() -> Graph {
        Graph::default()
            .member("wire", "crates/wire")
            .member("shop", "apps/shop")
            .library("base64", "0.22.0")
            .library("base64", "0.23.0")
            .library("jwt", "1.0.0")
            .uses("jwt", &["base64@0.22.0"])
            .uses("wire", &["base64@0.23.0"])
    }

    #[test]
    fn two_versions_are_listed_with_the_way_to_each() {
        assert_eq!(
            check(&graph().uses("wire", &["jwt"]), TABLE, &[]),
            [
                "base64 ships in several versions: 0.22.0 (wire -> jwt -> base64), 0.23.0 (wire -> base64)"
            ]
        );
    }

    #[test]
    fn a_known_duplicate_passes_until_it_is_gone() {
        let known = [("base64", "jwt has not moved yet")];
        assert_eq!(
            check(&graph().uses("wire", &["jwt"]), TABLE, &known),
            Vec::<String>::new()
        );
        assert_eq!(
            check(&graph(), TABLE, &known),
            ["base64 ships in one version now: remove it from DUPLICATES"]
        );
    }

    #[test]
    fn what_only_an_application_brings_is_its_own_affair() {
        assert_eq!(
            check(&graph().uses("shop", &["jwt"]), TABLE, &[]),
            Vec::<String>::new()
        );
    }
}
