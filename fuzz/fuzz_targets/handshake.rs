//! Handshake requests and responses.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../properties/handshake.rs"]
mod handshake;
#[path = "../properties/reference.rs"]
mod reference;

fuzz_target!(|data: &[u8]| handshake::check(data));
