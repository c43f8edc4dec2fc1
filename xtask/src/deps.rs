//! `cargo xtask deps`: compares the crate graph and the rooms of the server with [`table`] and
//! lists what is not in it.

mod edges;
mod graph;
mod reach;
mod rooms;
mod table;

use anyhow::{Context, Result, bail};
use cargo_metadata::{CargoOpt, MetadataCommand};

use self::graph::Graph;
use crate::workspace::Workspace;

/// Checks the locked graph of all features on all platforms, and the rooms.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let metadata = MetadataCommand::new()
        .manifest_path(workspace.root().join("Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned()])
        .exec()
        .context("cannot read the crate graph: `cargo update --workspace` renews Cargo.lock")?;
    let graph = Graph::new(&metadata)?;
    let mut problems = check(&graph);
    problems.extend(rooms::check(workspace.root(), table::ROOMS)?);
    for problem in &problems {
        println!("deps: {problem}");
    }
    if !problems.is_empty() {
        bail!("see above where crates and rooms depart from xtask/src/deps/table.rs");
    }
    println!(
        "deps: {} packages and {} rooms are as xtask/src/deps/table.rs says",
        graph.packages().len(),
        table::ROOMS.len()
    );
    Ok(())
}

fn check(graph: &Graph) -> Vec<String> {
    let mut problems = edges::check(graph, table::CRATES);
    problems.extend(reach::check(graph, table::CRATES));
    problems
}
