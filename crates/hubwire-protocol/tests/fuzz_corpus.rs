//! The inputs that the fuzzers in `fuzz/` found worth keeping, held to the same properties.

use std::path::Path;
use std::{fs, panic};

use fuzz_properties::{arguments, differential, frames, handshake, messagepack, messages};

/// Checks every input of a target, and names the one that fails.
fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut count = 0;
    for entry in fs::read_dir(corpus.join(target)).expect("a corpus") {
        let path = entry.expect("an entry of the corpus").path();
        let input = fs::read(&path).expect("an input");
        let outcome = panic::catch_unwind(|| check(&input));
        assert!(outcome.is_ok(), "{} fails", path.display());
        count += 1;
    }
    assert!(count > 0, "no input for {target}");
}

#[test]
fn arguments_are_bound_one_by_one() {
    replay("arguments", arguments::check);
}

#[test]
fn any_cut_of_frames_gives_the_same() {
    replay("frames", frames::check);
}

#[test]
fn frames_are_to_us_what_they_are_to_tokio_websockets() {
    replay("frames", differential::check);
}

#[test]
fn handshakes_are_read_as_they_are_written() {
    replay("handshake", handshake::check);
}

#[test]
fn messages_are_read_as_they_are_written() {
    replay("messages", messages::check);
}

#[test]
fn messagepack_is_read_as_it_is_written() {
    replay("messagepack", messagepack::check);
}
