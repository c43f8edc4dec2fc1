//! Whole sessions with a server in memory.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_properties::session::check(data));
