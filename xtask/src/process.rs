//! Commands: shown as a line of text, and run to their end on this terminal.

use std::{ffi::OsStr, fmt::Write, process::Command};

use anyhow::{Context, Result, bail};

/// Runs `command` with this process's terminal; Ctrl-C reaches both.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = describe(command);
    eprintln!("+ {line}");
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed with {status}");
    }
    Ok(())
}

/// Returns the command as one would type it, beginning with the folder and without its
/// environment.
pub(crate) fn describe(command: &Command) -> String {
    let mut line = String::new();
    if let Some(folder) = command.get_current_dir() {
        let _ = write!(line, "(in {}) ", folder.display());
    }
    let program = std::path::Path::new(command.get_program());
    line.push_str(&program.file_name().unwrap_or_default().to_string_lossy());
    for arg in command.get_args().map(OsStr::to_string_lossy) {
        if arg.contains(' ') {
            let _ = write!(line, " '{arg}'");
        } else {
            let _ = write!(line, " {arg}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reads_as_it_would_be_typed() {
        let mut command = Command::new("/usr/bin/node");
        command.args(["--test", "two words"]).current_dir("tests");
        assert_eq!(describe(&command), "(in tests) node --test 'two words'");
    }

    #[test]
    fn a_failing_command_is_named() {
        let error = run(&mut Command::new("false")).expect_err("`false` fails");
        assert_eq!(error.to_string(), "`false` failed with exit status: 1");
    }
}
