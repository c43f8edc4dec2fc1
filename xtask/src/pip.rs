//! Python packages, installed by lists of exact versions and hashes.

use std::{path::Path, process::Command};

/// Returns the command that installs the packages of `requirements` into `folder`, where packages
/// that are there already are replaced.
pub(crate) fn install(requirements: &Path, folder: &Path) -> Command {
    let mut command = Command::new("python3");
    command
        .args(["-m", "pip", "install", "--quiet", "--require-hashes"])
        .args(["--only-binary=:all:", "--upgrade", "--requirement"])
        .arg(requirements)
        .arg("--target")
        .arg(folder);
    command
}

/// Returns whether pip can be called.
pub(crate) fn is_there() -> bool {
    Command::new("python3")
        .args(["-m", "pip", "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}
