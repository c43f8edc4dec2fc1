//! `cargo xtask soak`: the soak test of the way out, for any duration and under the product's own
//! bounds.

use anyhow::{Result, ensure};

use crate::process;
use crate::workspace::Workspace;

/// Arguments of `cargo xtask soak`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seconds in which messages are sent
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Clients that read as fast as they are sent to
    #[arg(long, default_value_t = 500)]
    clients: usize,
    /// The seed that reproduces the plan of a run; a random one by default
    #[arg(long)]
    seed: Option<u64>,
}

/// Fewer clients would not fill the groups that the plan divides them into.
const FEWEST_CLIENTS: usize = 40;

/// Builds release and runs the integration test with these settings.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    ensure!(
        args.clients >= FEWEST_CLIENTS,
        "--clients must be at least {FEWEST_CLIENTS}"
    );
    let build = ["test", "--release", "--locked", "--package=hubwire"];
    let run = ["--test=soak", "--", "--nocapture"];
    let mut soak = workspace.cargo(build.into_iter().chain(run));
    soak.env("HUBWIRE_SOAK_SECONDS", args.seconds.to_string())
        .env("HUBWIRE_SOAK_CLIENTS", args.clients.to_string());
    if let Some(seed) = args.seed {
        soak.env("HUBWIRE_SOAK_SEED", seed.to_string());
    }
    process::run(&mut soak)
}
