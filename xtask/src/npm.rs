//! npm packages, installed by lockfile when they are missing or out of date.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context, Result, bail};

use crate::{
    tools::{self, Tool},
    workspace::Workspace,
};

/// The folders with scripts that the applications serve to browsers.
const PAGES: &[&str] = &["apps/shopnest/page", "examples/first_app/page"];

/// Returns the folders in which the pages' packages are installed.
pub(crate) fn pages(workspace: &Workspace) -> Vec<PathBuf> {
    PAGES
        .iter()
        .map(|page| workspace.root().join(page))
        .collect()
}

/// Returns the `npm ci` command that `folder` needs, or `None` if its packages match its lockfile.
pub(crate) fn install(folder: &Path) -> Result<Option<Command>> {
    let lockfile = folder.join("package-lock.json");
    let Some(wanted) = modified(&lockfile)? else {
        bail!(
            "{} is missing: commit it next to its package.json",
            lockfile.display()
        );
    };
    // npm writes this file last, so an interrupted installation counts as none.
    let installed = modified(&folder.join("node_modules/.package-lock.json"))?;
    if installed.is_some_and(|installed| installed >= wanted) {
        return Ok(None);
    }
    let Some(npm) = Tool::Npm.find()? else {
        bail!(
            "{} needs its npm packages: {}",
            folder.display(),
            tools::advice(&[Tool::Npm])
        );
    };
    let mut command = Command::new(npm);
    command
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(folder);
    Ok(Some(command))
}

/// Returns when the file was last written; `None` if there is no such file.
fn modified(file: &Path) -> Result<Option<SystemTime>> {
    match fs::metadata(file).and_then(|metadata| metadata.modified()) {
        Ok(time) => Ok(Some(time)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot look at {}", file.display())),
    }
}
