//! Checks that every path from one room of `hubwire-server` to another is in the table.
//!
//! A room is a top-level module. A path counts wherever it is written, including tests and macros.
//! A path through a re-export of the crate root counts as a path to the origin of the name.

mod files;
mod root;
mod scan;
mod tokens;

use std::path::Path;

use anyhow::{Context, Result};

use self::{
    files::Source,
    root::Root,
    scan::{Mention, Of},
};
use super::table::Room;

/// The folder of the rooms, from the root of the workspace.
const FOLDER: &str = "crates/hubwire-server/src";

/// Lists the rooms and the paths between them that are not in the table.
///
/// # Errors
///
/// Returns an error if a file cannot be read or is not Rust.
pub(super) fn check(workspace: &Path, table: &[Room]) -> Result<Vec<String>> {
    problems(&files::read(&workspace.join(FOLDER))?, table)
}

fn problems(sources: &[Source], table: &[Room]) -> Result<Vec<String>> {
    let lib = sources.iter().find(|source| source.path == "lib.rs");
    let lib = lib.with_context(|| format!("no lib.rs in {FOLDER}"))?;
    let root = Root::read(&lib.text).with_context(|| lib.place())?;
    let mut problems = strangers(sources, &root, table);
    for source in sources {
        let mentions = scan::mentions(&source.text, &source.module());
        for mention in mentions.with_context(|| source.place())? {
            if let Some(fault) = fault(&mention, &root, table) {
                problems.push(format!("{}:{}: {fault}", source.place(), mention.line));
            }
        }
    }
    // One for each line, because a line may use several things of the same room.
    problems.dedup();
    Ok(problems)
}

/// Lists modules without a row and rows without a module.
fn strangers(sources: &[Source], root: &Root, table: &[Room]) -> Vec<String> {
    let has_row = |name: &str| table.iter().any(|room| room.name == name);
    let without_row =
        |name: &str| format!("{name} has no row in the table of rooms: say what it may use");
    let mut problems = Vec::new();
    for (name, line) in root.modules.iter().filter(|(name, _)| !has_row(name)) {
        problems.push(format!("{FOLDER}/lib.rs:{line}: {}", without_row(name)));
    }
    for source in sources.iter().filter(|source| source.path != "lib.rs") {
        let name = source.room();
        let is_declared = root.modules.iter().any(|(module, _)| module == name);
        if !has_row(name) && !is_declared {
            problems.push(format!("{FOLDER}/{}: {}", source.top(), without_row(name)));
        }
    }
    for room in table {
        if !root.modules.iter().any(|(module, _)| module == room.name) {
            let name = room.name;
            problems.push(format!(
                "{FOLDER}/lib.rs: the row of {name} is about no module: remove it"
            ));
        }
    }
    problems
}

/// Returns what is wrong with `mention`, if anything.
fn fault(mention: &Mention, root: &Root, table: &[Room]) -> Option<String> {
    let fault = match &mention.of {
        Of::Item(name) => return arrow(mention.room.as_deref()?, name, root, table),
        Of::Everything => "crate::* hides which rooms are used: name them",
        Of::Alias => "the crate root under another name hides rooms: write crate::",
        Of::Outside => "super leads out of the crate: write crate::",
        Of::File(way) => {
            return Some(format!(
                "{way} hides which room the code is in: write a mod"
            ));
        }
    };
    Some(fault.to_owned())
}

/// Returns what is wrong with the room `from` using `crate::name`, if anything.
fn arrow(from: &str, name: &str, root: &Root, table: &[Room]) -> Option<String> {
    let find = |name| table.iter().find(|room| room.name == name);
    let Some(to) = root.origin(name).and_then(find) else {
        return Some(format!("crate::{name} leads to no room of the table"));
    };
    // A room without a row is reported once, as a problem of its own.
    let row = find(from)?;
    if from == to.name || row.may_use.contains(&to.name) {
        return None;
    }
    let way = if name == to.name {
        String::new()
    } else {
        format!(" (crate::{name})")
    };
    let allowed = match row.may_use {
        [] => "nothing".to_owned(),
        rooms => rooms.join(", "),
    };
    Some(format!(
        "{from} -> {}{way} is not in the table of rooms: {from} may use {allowed}",
        to.name
    ))
}

#[cfg(test)]
mod tests;
