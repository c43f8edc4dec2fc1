//! Received arguments, bound to tuples of many types.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../properties/arguments.rs"]
mod arguments;

fuzz_target!(|data: &[u8]| arguments::check(data));
