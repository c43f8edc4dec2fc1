//! `cargo xtask`: builds, runs and tests Hubwire, with only Rust and npm installed.

mod bench;
mod build;
mod clock;
mod count;
mod deps;
mod npm;
mod pip;
mod process;
mod shopnest;
mod soak;
mod stream;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use crate::workspace::Workspace;

/// Build, run and test Hubwire.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Compare the server with the floor and with itself and write bench/RESULTS.md
    Bench(bench::Args),
    /// Install the pages' npm packages and build the release binaries
    Build,
    /// Count instructions and allocations and compare them with bench/counts.json
    Count(count::Args),
    /// Check the crate graph (edges and reach) and the server's rooms
    Deps,
    /// Build ShopNest and run it
    Shopnest(shopnest::Args),
    /// Soak the way out for ten minutes: clients that must lose nothing, next to slow and hostile ones
    Soak(soak::Args),
    /// Run the test suites; the last line is their sum
    Test(test::Args),
}

fn main() -> ExitCode {
    run(Cli::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(cli: Cli) -> Result<ExitCode> {
    let Some(command) = cli.command else {
        Cli::command().print_help()?;
        return Ok(ExitCode::SUCCESS);
    };
    let workspace = Workspace::find()?;
    match command {
        Command::Bench(args) => bench::run(&workspace, &args)?,
        Command::Build => build::run(&workspace)?,
        Command::Count(args) => count::run(&workspace, &args)?,
        Command::Deps => deps::run(&workspace)?,
        Command::Shopnest(args) => shopnest::run(&workspace, &args)?,
        Command::Soak(args) => soak::run(&workspace, &args)?,
        Command::Test(args) => return test::run(workspace, &args),
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_follows_shopnest_is_passed_to_it() {
        let line = [
            "cargo xtask",
            "shopnest",
            "--listen",
            "127.0.0.1:0",
            "--seed",
            "7",
        ];
        let Some(Command::Shopnest(args)) = Cli::parse_from(line).command else {
            panic!("not parsed as `shopnest`");
        };
        assert_eq!(args.forwarded(), ["--listen", "127.0.0.1:0", "--seed", "7"]);
    }
}
