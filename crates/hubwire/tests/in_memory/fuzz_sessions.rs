//! Replays the sessions that the fuzzer kept, each to its end.

use std::fs;
use std::path::Path;

use fuzz_properties::session;

#[test]
fn every_session_leaves_its_server_intact() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/session");
    let mut count = 0;
    for entry in fs::read_dir(corpus).expect("a corpus") {
        let path = entry.expect("an entry of the corpus").path();
        println!("{}", path.display());
        session::check(&fs::read(&path).expect("an input"));
        count += 1;
    }
    assert!(count > 0, "there are no sessions");
}
