//! The locations of this workspace and its build products, and how cargo is called in it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

/// This workspace, independent of where `cargo xtask` was called.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    ci: bool,
}

impl Workspace {
    /// Finds the workspace by asking cargo, which respects `CARGO_TARGET_DIR` and configuration
    /// files.
    pub(crate) fn find() -> Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .no_deps()
            .exec()
            .context("cannot read the workspace: run this inside a clone of Hubwire")?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
            ci: env::var("CI").is_ok_and(|value| means_yes(&value)),
        })
    }

    /// Returns the folder of the root `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns whether this is an unattended run: nothing may be skipped, and nothing is built for
    /// debugging.
    pub(crate) fn is_ci(&self) -> bool {
        self.ci
    }

    /// Returns the target directory.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Returns where cargo puts the release build of binary `name`.
    pub(crate) fn release_binary(&self, name: &str) -> PathBuf {
        self.target.join("release").join(name)
    }

    /// Returns a cargo command at the root.
    pub(crate) fn cargo<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(args).current_dir(&self.root);
        if self.ci {
            // Halves the target folder; `.ci/run` says the same so that xtask itself is built once.
            command
                .env("CARGO_INCREMENTAL", "0")
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                .env("CARGO_PROFILE_RELEASE_DEBUG", "0");
        }
        command
    }
}

/// Returns whether the value of an environment variable means yes: `CI=false` and `CI=` mean no.
fn means_yes(value: &str) -> bool {
    !matches!(value, "" | "0" | "false")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_false_ci_variable_is_a_no() {
        assert!(means_yes("true"));
        assert!(means_yes("1"));
        assert!(!means_yes(""));
        assert!(!means_yes("false"));
    }
}
