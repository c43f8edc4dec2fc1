//! Buffers of JSON hub messages.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../properties/messages.rs"]
mod messages;
#[path = "../properties/reference.rs"]
mod reference;

fuzz_target!(|data: &[u8]| messages::check(data));
