//! The files of the crate and the modules that they contain.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::FOLDER;

/// A file below the crate's `src`.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path below `src`, with slashes.
    pub(super) path: String,
    /// Its text, if it is Rust.
    pub(super) text: String,
}

impl Source {
    /// Returns its path from the root of the workspace.
    pub(super) fn place(&self) -> String {
        format!("{FOLDER}/{}", self.path)
    }

    /// Returns the file or folder directly below `src` that it is or lies in.
    pub(super) fn top(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// Returns the name of the module of this file or folder.
    pub(super) fn room(&self) -> &str {
        let top = self.top();
        top.strip_suffix(".rs").unwrap_or(top)
    }

    /// Returns the path of its module, beginning with the room; empty for lib.rs.
    pub(super) fn module(&self) -> Vec<&str> {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        match path {
            "lib" => Vec::new(),
            _ => path
                .strip_suffix("/mod")
                .unwrap_or(path)
                .split('/')
                .collect(),
        }
    }
}

/// Reads all files below `folder`, sorted by their paths.
///
/// # Errors
///
/// Returns an error if a file cannot be read.
pub(super) fn read(folder: &Path) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    collect(folder, "", &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn collect(folder: &Path, above: &str, found: &mut Vec<Source>) -> Result<()> {
    let unread = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(unread)? {
        let entry = entry.with_context(unread)?;
        let path = format!("{above}{}", entry.file_name().to_string_lossy());
        if entry.file_type().with_context(unread)?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), found)?;
            continue;
        }
        let mut text = String::new();
        if path.ends_with(".rs") {
            text = fs::read_to_string(entry.path())
                .with_context(|| format!("cannot read {FOLDER}/{path}"))?;
        }
        found.push(Source { path, text });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: String::new(),
        }
    }

    #[test]
    fn the_path_of_a_file_is_that_of_its_module() {
        assert_eq!(source("lib.rs").module(), Vec::<&str>::new());
        assert_eq!(source("hub.rs").module(), ["hub"]);
        assert_eq!(source("hub/mod.rs").module(), ["hub"]);
        assert_eq!(
            source("hub/caller/tests.rs").module(),
            ["hub", "caller", "tests"]
        );
    }

    #[test]
    fn a_file_belongs_to_what_lies_directly_below_src() {
        for path in ["hub.rs", "hub/mod.rs", "hub/caller/tests.rs", "hub"] {
            assert_eq!(source(path).room(), "hub");
        }
        assert_eq!(source("README.md").room(), "README.md");
    }
}
