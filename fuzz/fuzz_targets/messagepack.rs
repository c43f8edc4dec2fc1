//! Buffers of MessagePack hub messages.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../properties/messagepack.rs"]
mod messagepack;

fuzz_target!(|data: &[u8]| messagepack::check(data));
