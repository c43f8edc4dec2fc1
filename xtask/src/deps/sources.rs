//! Every package comes from crates.io or from this workspace.

use super::graph::{Graph, Source};

/// Lists the packages that come from elsewhere.
pub(super) fn check(graph: &Graph) -> Vec<String> {
    let mut problems = Vec::new();
    for package in graph.packages() {
        if let Source::Elsewhere(place) = package.source() {
            problems.push(format!(
                "{} {} comes from {place}, neither from crates.io nor from this workspace",
                package.name(),
                package.version()
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_from_elsewhere_is_listed() {
        let elsewhere = Source::Elsewhere("git+https://example.com/fork".into());
        let graph = Graph::default()
            .member("wire", "crates/wire")
            .library("bytes", "1.0.0")
            .package("fork", "2.0.0", Some("MIT"), elsewhere);
        assert_eq!(
            check(&graph),
            [
                "fork 2.0.0 comes from git+https://example.com/fork, neither from crates.io nor from this workspace"
            ]
        );
    }
}
