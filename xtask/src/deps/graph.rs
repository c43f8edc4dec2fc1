//! The crate graph as the checks see it, in an order that does not depend on hashes.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, Node, PackageId, camino::Utf8Path};

/// All packages in the lockfile and the edges between them.
#[derive(Default)]
pub(super) struct Graph {
    packages: Vec<Package>,
}

/// One version of one package.
pub(super) struct Package {
    name: String,
    folder: Option<String>,
    uses: Vec<Use>,
}

/// An edge of the graph.
#[derive(Clone, Copy)]
struct Use {
    package: usize,
    when: When,
}

/// When one package uses another. An edge may exist for both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// In anything that is shipped, or while that is built.
    Shipped,
    /// In tests, examples and benchmarks.
    Tested,
}

impl Graph {
    /// Reads the graph from cargo's metadata.
    pub(super) fn new(metadata: &Metadata) -> Result<Self> {
        let resolve = metadata
            .resolve
            .as_ref()
            .context("cargo metadata came without a resolve")?;
        let mut sorted: Vec<_> = metadata.packages.iter().collect();
        sorted.sort_by(|a, b| (&a.name, &a.version, &a.id).cmp(&(&b.name, &b.version, &b.id)));
        let index: BTreeMap<_, _> = sorted
            .iter()
            .enumerate()
            .map(|(at, p)| (&p.id, at))
            .collect();
        let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
        let packages = sorted.iter().map(|package| Package {
            name: package.name.to_string(),
            folder: folder(package, metadata),
            uses: nodes
                .get(&package.id)
                .map(|node| uses(node, &index))
                .unwrap_or_default(),
        });
        Ok(Self {
            packages: packages.collect(),
        })
    }

    pub(super) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Returns the crates of this workspace and their indices.
    pub(super) fn members(&self) -> impl Iterator<Item = (usize, &Package)> {
        self.packages
            .iter()
            .enumerate()
            .filter(|(_, package)| package.folder().is_some())
    }

    /// Returns what the package at `from` names in its manifest for use at `when`.
    pub(super) fn direct(&self, from: usize, when: When) -> impl Iterator<Item = &Package> {
        let uses = self.packages[from]
            .uses
            .iter()
            .filter(move |edge| edge.when == when);
        uses.map(|edge| &self.packages[edge.package])
    }

    /// Returns everything that is shipped with the packages at `from`, including themselves, each
    /// with the way to it.
    pub(super) fn shipped_with(&self, from: &[usize]) -> Vec<Way<'_>> {
        let mut came_from = vec![None; self.packages.len()];
        let mut queue: VecDeque<usize> = from.iter().copied().collect();
        for &root in from {
            came_from[root] = Some(root);
        }
        let mut found = Vec::new();
        while let Some(at) = queue.pop_front() {
            found.push(at);
            for edge in self.packages[at]
                .uses
                .iter()
                .filter(|edge| edge.when == When::Shipped)
            {
                if came_from[edge.package].is_none() {
                    came_from[edge.package] = Some(at);
                    queue.push_back(edge.package);
                }
            }
        }
        found.sort_unstable();
        found
            .into_iter()
            .map(|at| self.way(at, &came_from))
            .collect()
    }

    fn way(&self, to: usize, came_from: &[Option<usize>]) -> Way<'_> {
        let mut steps = vec![&self.packages[to]];
        let mut at = to;
        while let Some(before) = came_from[at].filter(|&before| before != at) {
            steps.push(&self.packages[before]);
            at = before;
        }
        steps.reverse();
        Way {
            package: &self.packages[to],
            steps,
        }
    }
}

/// A package and the shortest way to it.
pub(super) struct Way<'a> {
    pub(super) package: &'a Package,
    steps: Vec<&'a Package>,
}

impl std::fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.steps.iter().map(|package| package.name()).collect();
        f.write_str(&names.join(" -> "))
    }
}

impl Package {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the folder in this workspace, if the package is one of its crates.
    pub(super) fn folder(&self) -> Option<&str> {
        self.folder.as_deref()
    }
}

/// Returns the folder relative to the root of the workspace.
fn folder(package: &cargo_metadata::Package, metadata: &Metadata) -> Option<String> {
    if !metadata.workspace_members.contains(&package.id) {
        return None;
    }
    let folder = package
        .manifest_path
        .parent()
        .unwrap_or_else(|| Utf8Path::new(""));
    let folder = folder
        .strip_prefix(&metadata.workspace_root)
        .unwrap_or(folder);
    Some(folder.to_string())
}

fn uses(node: &Node, index: &BTreeMap<&PackageId, usize>) -> Vec<Use> {
    let mut uses = Vec::new();
    for dep in &node.deps {
        let Some(&package) = index.get(&dep.pkg) else {
            continue;
        };
        let tested = |kind: DependencyKind| kind == DependencyKind::Development;
        if dep.dep_kinds.iter().any(|info| !tested(info.kind)) {
            uses.push(Use {
                package,
                when: When::Shipped,
            });
        }
        if dep.dep_kinds.iter().any(|info| tested(info.kind)) {
            uses.push(Use {
                package,
                when: When::Tested,
            });
        }
    }
    uses.sort_by_key(|edge| edge.package);
    uses
}

#[cfg(test)]
pub(super) mod made_up {
    //! Graphs for the tests of the checks.

    use super::{Graph, Package, Use, When};

    impl Graph {
        /// Adds a crate of this workspace.
        pub(in super::super) fn member(self, name: &str, folder: &str) -> Self {
            self.package(name, Some(folder))
        }

        /// Adds a package from outside.
        pub(in super::super) fn library(self, name: &str) -> Self {
            self.package(name, None)
        }

        fn package(mut self, name: &str, folder: Option<&str>) -> Self {
            self.packages.push(Package {
                name: name.into(),
                folder: folder.map(Into::into),
                uses: Vec::new(),
            });
            self
        }

        /// Adds edges from the package `from`, for what is shipped.
        pub(in super::super) fn uses(self, from: &str, to: &[&str]) -> Self {
            self.edges(from, to, When::Shipped)
        }

        /// Adds edges from the package `from`, for its tests.
        pub(in super::super) fn tests_use(self, from: &str, to: &[&str]) -> Self {
            self.edges(from, to, When::Tested)
        }

        fn edges(mut self, from: &str, to: &[&str], when: When) -> Self {
            let from = self.at(from);
            for to in to {
                let package = self.at(to);
                self.packages[from].uses.push(Use { package, when });
            }
            self
        }

        fn at(&self, name: &str) -> usize {
            self.packages
                .iter()
                .position(|package| package.name == name)
                .unwrap_or_else(|| panic!("no package {name}"))
        }
    }
}
