//! Buffers of JSON hub messages.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_properties::messages::check(data));
