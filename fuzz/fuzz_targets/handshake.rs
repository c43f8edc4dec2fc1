//! Handshake requests and responses.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_properties::handshake::check(data));
