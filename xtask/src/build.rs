//! `cargo xtask build`: the pages' npm packages, then the release binaries.

use std::process::Command;

use anyhow::Result;

use crate::{npm, process, workspace::Workspace};

/// Builds everything that `cargo xtask shopnest` and the suites with real peers run.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    for mut command in commands(workspace)? {
        process::run(&mut command)?;
    }
    Ok(())
}

/// Returns the commands of [`run`], for callers that run commands in their own way.
pub(crate) fn commands(workspace: &Workspace) -> Result<Vec<Command>> {
    let mut commands = page_commands(workspace)?;
    commands.push(binaries_command(workspace));
    Ok(commands)
}

/// Returns the `npm ci` commands that are due in the pages' folders.
pub(crate) fn page_commands(workspace: &Workspace) -> Result<Vec<Command>> {
    let due = npm::pages(workspace)
        .into_iter()
        .map(|page| npm::install(&page));
    due.filter_map(Result::transpose).collect()
}

/// Returns the release build of the applications.
pub(crate) fn binaries_command(workspace: &Workspace) -> Command {
    let packages = ["--package=shopnest", "--package=first_app"];
    workspace.cargo(
        ["build", "--release", "--locked"]
            .into_iter()
            .chain(packages),
    )
}
