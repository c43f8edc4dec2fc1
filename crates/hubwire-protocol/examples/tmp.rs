//! x
use hubwire_protocol::*;
use std::hint::black_box;
fn main() {
    println!(
        "{} {} {}",
        size_of::<HubMessage<'_>>(),
        size_of::<Headers<'_>>(),
        size_of::<ProtocolError>()
    );
    let rec =
        "{\"arguments\":[\"hello world\"],\"invocationId\":\"17\",\"target\":\"Echo\",\"type\":1}";
    let full = format!("{rec}\x1e");
    for _ in 0..10_000_000 {
        black_box(
            HubProtocol::Json
                .next_message(black_box(full.as_bytes()), Some(32768))
                .unwrap()
                .unwrap(),
        );
    }
}
