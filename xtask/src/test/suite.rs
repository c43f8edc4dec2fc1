//! The suites: what each needs and what it runs.

use std::{fmt, process::Command};

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::counts::{CargoTest, LastSum, NodeTest, Reader};
use crate::{
    build, deps, npm, pip,
    tools::{self, Tool},
    workspace::Workspace,
};

/// The suites in the order in which they run, those with the quickest results first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// `cargo fmt`: the code is formatted
    Format,
    /// `cargo clippy`: no warning in any target, nor where `testing` is left out
    Clippy,
    /// `cargo xtask deps`: the crate graph and the server's rooms are as designed
    Deps,
    /// `cargo deny`: licences, sources, bans and duplicates of packages from outside
    Deny,
    /// `cargo doc`: no warning, private items included
    Docs,
    /// `cargo test`: unit, property, integration and compile-fail tests, doctests
    Rust,
    /// `cargo xtask build`: pages and release binaries
    Build,
    /// `node --test` in tests/javascript: the official client against the release binaries
    Javascript,
    /// `node --test` in tests/browser: Chromium against the release binaries
    Browser,
    /// `tests/python`: pysignalr and signalrcore against the conformance server
    Python,
    /// `tests/replay`: recorded transcripts of ASP.NET Core, replayed to the conformance server
    Replay,
    /// `node --test` in tests/proxies: the official client through nginx and HAProxy
    Proxies,
    /// `cargo xtask count`: no more instructions or allocations than are stored
    Count,
    /// `cargo xtask bench --quick`: floods delay nobody else, and memory is given back
    Hostile,
}

impl Suite {
    /// Returns the tools that the suite needs.
    pub(crate) fn needs(self) -> &'static [Tool] {
        // Make builds jemalloc for the applications.
        match self {
            Self::Format | Self::Deps => &[],
            // For the network namespaces with slow lines.
            Self::Rust if cfg!(target_os = "linux") => &[Tool::Make, Tool::TrafficControl],
            Self::Deny => &[Tool::CargoDeny],
            Self::Clippy | Self::Docs | Self::Rust => &[Tool::Make],
            Self::Build => &[Tool::Make, Tool::Node, Tool::Npm],
            // It makes the certificates.
            Self::Javascript => &[Tool::Make, Tool::Node, Tool::Npm, Tool::OpenSsl],
            Self::Browser => &[
                Tool::Make,
                Tool::Node,
                Tool::Npm,
                Tool::OpenSsl,
                Tool::Chromium,
                Tool::Fonts,
            ],
            Self::Proxies => &[
                Tool::Node,
                Tool::Npm,
                Tool::Nginx,
                Tool::HaProxy,
                Tool::OpenSsl,
            ],
            Self::Python => &[Tool::Pip],
            Self::Replay => &[Tool::Python],
            Self::Count => &[Tool::Valgrind],
            Self::Hostile => &[Tool::Make, Tool::TaskSet],
        }
    }
}

/// The name on the command line.
impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("?", |value| value.get_name()))
    }
}

/// The commands of a suite.
pub(crate) struct Plan {
    /// Commands that run first and do not count, unless they fail.
    pub(crate) before: Vec<Command>,
    pub(crate) work: Work,
}

/// The part of a suite that counts.
pub(crate) enum Work {
    /// A check inside this program: one test.
    Check(fn(&Workspace) -> Result<()>),
    /// A command that counts as a single test.
    Whole(Command),
    /// A command with an output that tells how many tests it ran.
    Counted(Command, Box<dyn Reader>),
}

impl Suite {
    /// Returns what to run now, without packages and binaries that are up to date.
    pub(crate) fn plan(self, workspace: &Workspace) -> Result<Plan> {
        let mut before = Vec::new();
        let work = match self {
            Self::Format => {
                // This is a workspace of its own; ours includes only its properties.
                before =
                    vec![workspace.cargo(["fmt", "--manifest-path=fuzz/Cargo.toml", "--check"])];
                Work::Whole(workspace.cargo(["fmt", "--all", "--check"]))
            }
            Self::Clippy => {
                before = pages_if_possible(workspace)?;
                // What is compiled for tests alone must leave the rest whole, and without warnings.
                for features in ["--features=", "--features=tls"] {
                    let without_testing = ["clippy", "--package=hubwire", "--no-default-features"];
                    let options = [features, "--locked", "--", "-D", "warnings"];
                    before.push(workspace.cargo(without_testing.into_iter().chain(options)));
                }
                let lint = [
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--all-features",
                    "--locked",
                ];
                Work::Whole(workspace.cargo(lint.into_iter().chain(["--", "-D", "warnings"])))
            }
            Self::Deps => Work::Check(deps::run),
            Self::Deny => Work::Whole(deny(workspace)?),
            Self::Docs => {
                before = pages_if_possible(workspace)?;
                let private = "--document-private-items";
                let mut doc = workspace.cargo(["doc", "--workspace", "--no-deps", private]);
                doc.arg("--locked").env("RUSTDOCFLAGS", "-D warnings");
                Work::Whole(doc)
            }
            Self::Rust => {
                before = pages_if_possible(workspace)?;
                let all = [
                    "test",
                    "--workspace",
                    "--all-features",
                    "--locked",
                    "--no-fail-fast",
                ];
                let test = workspace.cargo(all);
                Work::Counted(test, Box::<CargoTest>::default())
            }
            Self::Build => {
                before = build::page_commands(workspace)?;
                Work::Whole(build::binaries_command(workspace))
            }
            Self::Javascript | Self::Browser => {
                return self.node_plan(workspace, build::commands(workspace)?);
            }
            Self::Proxies => return self.node_plan(workspace, Vec::new()),
            Self::Python => return Ok(python_plan(workspace)),
            Self::Replay => {
                before = vec![conformance_server(workspace)];
                let mut replay = Command::new("python3");
                replay
                    .args(["-u", "tests/replay/replay.py", "--server"])
                    .arg(workspace.release_binary("conformance-server"))
                    .current_dir(workspace.root());
                Work::Counted(replay, Box::<LastSum>::default())
            }
            Self::Count => Work::Whole(xtask(workspace, &["count"])?),
            Self::Hostile => Work::Whole(xtask(workspace, &["bench", "--quick"])?),
        };
        Ok(Plan { before, work })
    }

    /// Returns `node --test` in the suite's folder, against release binaries that are up to date:
    /// those that `before` builds, and the conformance server.
    fn node_plan(self, workspace: &Workspace, mut before: Vec<Command>) -> Result<Plan> {
        let folder = workspace.root().join("tests").join(self.to_string());
        before.push(conformance_server(workspace));
        before.extend(npm::install(&folder)?);
        let mut node = Command::new("node");
        node.args(["--test", "--test-reporter=spec"])
            .current_dir(folder)
            .env("SHOPNEST_BIN", workspace.release_binary("shopnest"))
            .env(
                "CONFORMANCE_SERVER_BIN",
                workspace.release_binary("conformance-server"),
            )
            .env("FIRST_APP_BIN", workspace.release_binary("first_app"));
        if self == Self::Proxies {
            // One of its files waits for more than a minute, and does nothing else.
            node.arg("--test-concurrency=2");
        }
        if self.needs().contains(&Tool::Chromium) {
            node.envs(
                Tool::Chromium
                    .find()?
                    .map(|chromium| ("CHROMIUM", chromium)),
            );
        }
        Ok(Plan {
            before,
            work: Work::Counted(node, Box::<NodeTest>::default()),
        })
    }
}

/// Returns the tests of Python's clients, which are installed inside the target directory.
fn python_plan(workspace: &Workspace) -> Plan {
    let folder = workspace.root().join("tests/python");
    let packages = workspace.target().join("tools/python");
    let mut before = vec![conformance_server(workspace)];
    before.push(pip::install(&folder.join("requirements.txt"), &packages));
    let mut python = Command::new("python3");
    python
        .args(["-u", "run.py"])
        .current_dir(folder)
        .env("PYTHONPATH", packages)
        .env(
            "CONFORMANCE_SERVER_BIN",
            workspace.release_binary("conformance-server"),
        );
    Plan {
        before,
        work: Work::Counted(python, Box::<LastSum>::default()),
    }
}

fn deny(workspace: &Workspace) -> Result<Command> {
    let program = Tool::CargoDeny.find()?.context("cargo-deny is missing")?;
    let mut deny = Command::new(program);
    deny.args(["--locked", "check", "bans", "licenses", "sources"])
        .current_dir(workspace.root());
    Ok(deny)
}

/// Returns a command that runs this program again.
fn xtask(workspace: &Workspace, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).current_dir(workspace.root());
    Ok(command)
}

/// Returns the release build of the server that the drivers of other clients' tests need.
fn conformance_server(workspace: &Workspace) -> Command {
    workspace.cargo(["build", "--release", "--locked", "--package=conformance"])
}

/// The applications embed their pages, so the packages come first. Without npm, suites that need
/// it report that, and cargo reports whether the others do.
fn pages_if_possible(workspace: &Workspace) -> Result<Vec<Command>> {
    if Tool::Npm.find()?.is_none() {
        println!(
            "the pages' packages are left as they are: {}",
            tools::advice(&[Tool::Npm])
        );
        return Ok(Vec::new());
    }
    build::page_commands(workspace)
}
