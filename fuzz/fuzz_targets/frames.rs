//! WebSocket frames of a client: every split gives the same result, and tokio-websockets agrees.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../properties/differential.rs"]
mod differential;
#[path = "../properties/frames.rs"]
mod frames;

fuzz_target!(|data: &[u8]| {
    frames::check(data);
    differential::check(data);
});
