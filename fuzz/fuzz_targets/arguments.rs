//! Received arguments, bound to tuples of many types.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_properties::arguments::check(data));
