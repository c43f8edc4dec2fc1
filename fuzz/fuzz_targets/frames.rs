//! WebSocket frames of a client: any cut gives the same, and tokio-websockets agrees.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    fuzz_properties::frames::check(data);
    fuzz_properties::differential::check(data);
});
