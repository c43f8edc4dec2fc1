//! SECURITY.md's table of attacks names the tests that there are, and the guide shows the code that they attack.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Tests that show only that the attacks would be noticed.
const CONTROLS: [&str; 4] = [
    "bad_tokens::a_good_token_is_a_user",
    "identity::the_same_user_with_another_token",
    "methods::a_method_with_the_role",
    "traced::a_secret_in_the_log_is_found",
];

/// Returns the tests of the attacks, each with its module.
fn tests() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks");
    let mut tests = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap();
        let source = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = source.lines().collect();
        for pair in lines.windows(2) {
            if matches!(pair[0], "#[test]" | "#[tokio::test]") {
                let name = pair[1]
                    .trim_start_matches("async ")
                    .trim_start_matches("fn ");
                let (name, _) = name.split_once('(').unwrap();
                tests.insert(format!("{module}::{name}"));
            }
        }
    }
    tests
}

/// What is attacked is what readers copy.
#[test]
fn the_guide_shows_the_check_of_hosts_that_is_attacked() {
    let guide = include_str!("../../../../docs/authentication.md");
    let (_, tested) = include_str!("../attacks/own_hosts.rs")
        .split_once("use ")
        .unwrap();
    let without_layout = |text: &str| text.split_whitespace().collect::<String>();
    let tested = without_layout(&tested.replace("pub(crate) ", ""));
    assert!(without_layout(guide).contains(&tested), "{tested}");
}

#[test]
fn every_attack_is_a_row_and_a_test() {
    let security = include_str!("../../../../SECURITY.md");
    let (_, table) = security.split_once("## Attacks").unwrap();
    let named = table.split('`').skip(1).step_by(2);
    let named = named.filter(|text| text.contains("::") && !text.contains(['=', ' ']));
    let named: BTreeSet<_> = named.map(str::to_owned).collect();
    let mut tests = tests();
    for control in CONTROLS {
        assert!(tests.remove(control), "{control}");
    }
    assert_eq!(named, tests);
}
