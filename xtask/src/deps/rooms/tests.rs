//! Small crates and their problems.

use super::super::table::ROOMS;
use super::*;

const TABLE: &[Room] = &[
    Room {
        name: "server",
        may_use: &["hub", "node"],
    },
    Room {
        name: "hub",
        may_use: &["node"],
    },
    Room {
        name: "node",
        may_use: &[],
    },
];

const LIB: &str = "mod hub;\nmod node;\nmod server;\npub use server::{SignalR, Hubs as Houses};";

/// Returns the problems of a crate with `files`, without the folder in front.
fn problems_of(lib: &str, files: &[(&str, &str)]) -> Vec<String> {
    let with_lib = [("lib.rs", lib)];
    let files = with_lib.iter().chain(files);
    let sources: Vec<_> = files
        .map(|&(path, text)| Source {
            path: path.to_owned(),
            text: text.to_owned(),
        })
        .collect();
    let problems = problems(&sources, TABLE).expect("Rust");
    let folder = format!("{FOLDER}/");
    let short = |problem: &String| problem.strip_prefix(&folder).unwrap_or(problem).to_owned();
    problems.iter().map(short).collect()
}

#[test]
fn each_room_uses_only_rooms_further_down() {
    for (at, room) in ROOMS.iter().enumerate() {
        for used in room.may_use {
            let below = ROOMS[at + 1..].iter().any(|room| room.name == *used);
            assert!(below, "{} -> {used} does not go down", room.name);
        }
    }
}

#[test]
fn a_clean_set_passes() {
    let files = [
        (
            "hub.rs",
            "mod caller; use crate::node::Clock; use crate::hub::caller::Caller;",
        ),
        (
            "hub/caller.rs",
            "#[cfg(test)] mod tests { use super::*; use crate::hub::Items; }",
        ),
        (
            "hub/caller/tests.rs",
            "use super::super::super::node::{Clock, Limits};",
        ),
        ("node.rs", "//! Not crate::hub.\npub(crate) struct Clock;"),
        ("node/README.md", ""),
        ("server.rs", "use crate::{hub, node}; use crate::Houses;"),
    ];
    assert_eq!(problems_of(LIB, &files), [""; 0]);
}

#[test]
fn an_arrow_that_is_not_in_the_table_is_listed_with_what_is() {
    let files = [
        ("hub/caller.rs", "\n\nuse crate::server::Limits;"),
        ("node.rs", "use super::{hub::Hub};"),
    ];
    assert_eq!(
        problems_of(LIB, &files),
        [
            "hub/caller.rs:3: hub -> server is not in the table of rooms: hub may use node",
            "node.rs:1: node -> hub is not in the table of rooms: node may use nothing",
        ]
    );
}

#[test]
fn a_re_export_leads_to_the_room_that_the_name_comes_from() {
    let files = [(
        "hub.rs",
        "use crate::SignalR;\nuse super::Houses;\nuse crate::Hubs;",
    )];
    assert_eq!(
        problems_of(LIB, &files),
        [
            "hub.rs:1: hub -> server (crate::SignalR) is not in the table of rooms: hub may use node",
            "hub.rs:2: hub -> server (crate::Houses) is not in the table of rooms: hub may use node",
            "hub.rs:3: crate::Hubs leads to no room of the table",
        ]
    );
}

#[test]
fn tests_and_macros_are_held_too() {
    let files = [
        (
            "node/clock.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::hub::Hub;\n}",
        ),
        (
            "node/tests.rs",
            "fn f() {\n    matches!(x, super::super::hub::Hub)\n}",
        ),
    ];
    assert_eq!(
        problems_of(LIB, &files),
        [
            "node/clock.rs:3: node -> hub is not in the table of rooms: node may use nothing",
            "node/tests.rs:2: node -> hub is not in the table of rooms: node may use nothing",
        ]
    );
}

#[test]
fn what_hides_rooms_is_listed() {
    let text = "use crate::*;\nuse super as c;\nuse crate::options::Limit;\nsuper::super::x!();
        #[path = \"x.rs\"] mod x;";
    assert_eq!(
        problems_of(LIB, &[("server.rs", text)]),
        [
            "server.rs:1: crate::* hides which rooms are used: name them",
            "server.rs:2: the crate root under another name hides rooms: write crate::",
            "server.rs:3: crate::options leads to no room of the table",
            "server.rs:4: super leads out of the crate: write crate::",
            "server.rs:5: #[path] hides which room the code is in: write a mod",
        ]
    );
}

#[test]
fn the_root_may_name_every_room_but_not_itself() {
    let lib = format!("{LIB}\npub use crate::hub::Hub;\nextern crate self as other;");
    assert_eq!(
        problems_of(&lib, &[]),
        ["lib.rs:6: the crate root under another name hides rooms: write crate::"]
    );
}

#[test]
fn modules_and_rows_must_match() {
    let lib = "mod hub; mod node;\nmod options;";
    let files = [
        ("options.rs", "use crate::hub::Hub;"),
        ("stray/a.rs", ""),
        ("stray/b.rs", ""),
        ("notes.txt", ""),
    ];
    assert_eq!(
        problems_of(lib, &files),
        [
            "lib.rs:2: options has no row in the table of rooms: say what it may use",
            "stray: stray has no row in the table of rooms: say what it may use",
            "notes.txt: notes.txt has no row in the table of rooms: say what it may use",
            "lib.rs: the row of server is about no module: remove it",
        ]
    );
}

#[test]
fn a_name_of_a_module_without_a_row_leads_to_no_room() {
    let lib = format!("{LIB}\nmod options;\npub use options::Limit;");
    let problems = problems_of(&lib, &[("hub.rs", "use crate::Limit;")]);
    assert_eq!(
        problems[1..],
        ["hub.rs:1: crate::Limit leads to no room of the table"]
    );
}

#[test]
fn several_things_of_one_room_on_a_line_are_one_problem() {
    let files = [("node.rs", "use crate::{hub::Hub, hub::Items};")];
    assert_eq!(problems_of(LIB, &files).len(), 1);
}
