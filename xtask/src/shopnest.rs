//! `cargo xtask shopnest`: builds the demo shop and runs it in place of this process.

use std::{ffi::OsString, os::unix::process::CommandExt, process::Command};

use anyhow::{Context, Result};

use crate::{build, workspace::Workspace};

/// Arguments of `cargo xtask shopnest`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address to serve on, as in 127.0.0.1:8080
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Passed to ShopNest as they are
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

impl Args {
    /// Returns the command line of ShopNest.
    pub(crate) fn forwarded(&self) -> Vec<OsString> {
        let listen = self
            .listen
            .iter()
            .flat_map(|addr| ["--listen".into(), addr.into()]);
        listen.chain(self.args.iter().cloned()).collect()
    }
}

/// Builds, then replaces this process; signals and the exit code are then ShopNest's own.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    build::run(workspace)?;
    let binary = workspace.release_binary("shopnest");
    let error = Command::new(&binary).args(args.forwarded()).exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
}
