//! The public documentation names only the crate that users depend on.

use std::fs;
use std::path::Path;

const INNER: [&str; 5] = ["auth", "core", "macros", "protocol", "server"];

/// Finds the lines of documentation below a folder that show a crate behind the facade; link
/// targets are not shown.
fn lines_that_show_inner_crates(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lines_that_show_inner_crates(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let documentation = text.lines().filter(|line| {
            let line = line.trim_start();
            line.starts_with("///") || line.starts_with("//!")
        });
        found.extend(
            documentation
                .filter(|line| shows_inner_crate(line))
                .map(|line| format!("{}: {}", path.display(), line.trim())),
        );
    }
}

fn shows_inner_crate(line: &str) -> bool {
    INNER.iter().any(|inner| {
        let path = format!("hubwire_{inner}::");
        let shown = line.replace(&format!("]({path}"), "");
        shown.contains(&path)
    })
}

#[test]
fn examples_name_the_facade_alone() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for source in INNER.map(|inner| format!("hubwire-{inner}/src")) {
        lines_that_show_inner_crates(&crates.join(source), &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(shows_inner_crate("/// use hubwire_core::Clients;"));
}
