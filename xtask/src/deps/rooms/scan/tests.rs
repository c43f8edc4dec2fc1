//! Small sources and what is found in them.

use super::*;

/// Returns what a file of the module `module` names, each with its line.
fn found_in(module: &[&str], text: &str) -> Vec<(usize, Of)> {
    let mentions = mentions(text, module).expect("Rust");
    let plain = mentions
        .into_iter()
        .map(|mention| (mention.line, mention.of));
    plain.collect()
}

/// Returns the names of the root that a file of the module `hub::caller` uses.
fn names(text: &str) -> Vec<String> {
    let name = |(_, of)| match of {
        Of::Item(name) => name,
        other => panic!("no item: {other:?}"),
    };
    let found = found_in(&["hub", "caller"], text);
    found.into_iter().map(name).collect()
}

#[test]
fn a_path_from_the_root_names_its_first_segment() {
    assert_eq!(names("use crate::node;"), ["node"]);
    assert_eq!(names("use crate::node::clock::Clock as C;"), ["node"]);
    assert_eq!(names("pub(crate) use crate::r#node::Clock;"), ["node"]);
    assert_eq!(
        names("fn f(x: &crate::node::Clock<crate::dispatch::Call>) -> <crate::X as T>::Y {}"),
        ["node", "dispatch", "X"]
    );
    assert_eq!(names("struct S(pub (crate::node::Clock, u8));"), ["node"]);
}

#[test]
fn a_group_names_the_first_segment_of_each_path() {
    assert_eq!(
        names("use crate::{node::{Clock, dispatch}, outbound, {hub::{self as h}, session::*},};"),
        ["node", "outbound", "hub", "session"]
    );
    assert_eq!(
        found_in(
            &["hub"],
            "use crate::{\n    node,\n    outbound::Queue,\n};"
        ),
        [
            (2, Of::Item("node".into())),
            (3, Of::Item("outbound".into()))
        ]
    );
}

#[test]
fn super_counts_where_it_climbs_to_the_root() {
    assert_eq!(names("use super::super::node::Clock;"), ["node"]);
    assert_eq!(names("use self::super::super::node;"), ["node"]);
    assert_eq!(
        names("use super::{super::{node, dispatch}, Items};"),
        ["node", "dispatch"]
    );
    assert_eq!(
        names("use super::node::Clock; use self::dispatch::X;"),
        [""; 0]
    );
    assert_eq!(
        found_in(&["hub"], "use super::node::Clock;"),
        [(1, Of::Item("node".into()))]
    );
}

#[test]
fn an_inline_module_lies_one_deeper() {
    let tests = "#[cfg(test)] mod tests { use super::*; use super::super::super::node; }";
    assert_eq!(names(tests), ["node"]);
    assert_eq!(
        names("mod a { mod b { use super::super::Items; } } use super::super::node;"),
        ["node"]
    );
    assert_eq!(
        names("fn f() { mod a { use super::super::super::node; } }"),
        ["node"]
    );
    assert_eq!(
        names("macro_rules! m { ($m:ident) => { mod $m { use super::super::X; } } }"),
        [""; 0]
    );
}

#[test]
fn macros_and_attributes_are_looked_into() {
    assert_eq!(
        names("macro_rules! m { ($x:expr) => { $x + crate::node::limit($x) } }"),
        ["node"]
    );
    assert_eq!(
        names("fn f() { select! { x = crate::node::wait() => super::super::dispatch::go(x) } }"),
        ["node", "dispatch"]
    );
    assert_eq!(
        names("macro_rules! m { () => { $crate::node::X } }"),
        ["node"]
    );
    assert_eq!(names("#[derive(crate::hub::Derived)] struct S;"), ["hub"]);
    assert_eq!(names("#![attribute(crate::node)]"), ["node"]);
    assert_eq!(
        names("macro_rules! m { ($room:ident) => { crate::$room::X } }"),
        ["$room"]
    );
}

#[test]
fn visibility_is_no_path() {
    assert_eq!(
        names("pub(crate) struct S { pub(super) x: u8, pub(self) y: u8 }"),
        [""; 0]
    );
    assert_eq!(
        names("pub(in crate::hub) fn f() {} pub(in super::super) fn g() {}"),
        [""; 0]
    );
    assert_eq!(
        names("extern crate alloc; fn f(&self) { self.node.dispatch() }"),
        [""; 0]
    );
}

#[test]
fn comments_and_literals_are_no_code() {
    let text =
        "//! [`crate::node`]\n/// [`crate::node`]\n// crate::node\n/* crate::node */ fn f() {
        print(\"crate::node\", r#\"crate::node\"#) }";
    assert_eq!(names(text), [""; 0]);
}

#[test]
fn a_glob_of_the_root_names_everything() {
    for text in ["use crate::*;", "use super::*;", "use crate::{*};"] {
        assert_eq!(found_in(&["hub"], text), [(1, Of::Everything)], "{text}");
    }
    assert_eq!(
        found_in(
            &["hub", "caller"],
            "use super::*; use super::super::hub::*;"
        )
        .len(),
        1
    );
}

#[test]
fn another_name_for_the_root_is_found() {
    for text in [
        "use crate as c;",
        "use super as c;",
        "use crate::{self as c};",
        "use super::{Caller, self as c};",
        "extern crate self as c;",
    ] {
        let found = found_in(&["hub"], text);
        assert!(found.contains(&(1, Of::Alias)), "{text}: {found:?}");
    }
    assert_eq!(names("use super as h; fn f() { g(self as u8) }"), [""; 0]);
}

#[test]
fn code_from_elsewhere_and_paths_out_of_the_crate_are_found() {
    assert_eq!(
        found_in(
            &["hub"],
            "#[path = \"../node/x.rs\"]\nmod x;\ninclude!(\"y.rs\");"
        ),
        [(1, Of::File("#[path]")), (3, Of::File("include!"))]
    );
    assert_eq!(
        found_in(&["hub"], "m! { super::super::node }"),
        [(1, Of::Outside)]
    );
    assert_eq!(
        names("fn path(path: &str) { include_str!(\"x\"); }"),
        [""; 0]
    );
}

#[test]
fn the_room_is_the_first_module_above() {
    let room = |module: &[&str]| {
        let mentions = mentions("mod node { use crate::X; }", module).expect("Rust");
        mentions[0].room.clone()
    };
    assert_eq!(room(&[]).as_deref(), Some("node"));
    assert_eq!(room(&["hub", "caller"]).as_deref(), Some("hub"));
    assert_eq!(mentions("use crate::X;", &[]).expect("Rust")[0].room, None);
}

#[test]
fn what_is_not_rust_is_refused_with_its_line() {
    let error = mentions("fn f() {\n} }", &["hub"]).expect_err("one brace too many");
    assert!(error.to_string().starts_with("line 2: "), "{error}");
}
