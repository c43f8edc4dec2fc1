//! The allocations that messages cost. This is a binary of its own because it counts in the
//! allocator.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use allocation_counter::{AllocationInfo, measure};
use hubwire_protocol::{
    Binary, Close, CompletionOutcome, HubMessage, HubProtocol, StreamItemWriter, Timestamp,
};
use serde::{Deserialize, Serialize};

const PROTOCOLS: [HubProtocol; 2] = [HubProtocol::Json, HubProtocol::MessagePack];

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i32,
    y: Option<f64>,
}

fn call(protocol: HubProtocol) -> Vec<u8> {
    let mut out = Vec::new();
    let arguments = (1, Point { x: 2, y: Some(0.5) }, true, [1_u64, 2]);
    let mut writer = protocol.writer(&mut out);
    writer
        .invocation(Some("7"), "Move", &arguments, &[])
        .unwrap();
    out
}

/// Returns the cost of the second of two runs.
fn second(mut run: impl FnMut()) -> AllocationInfo {
    run();
    measure(run)
}

#[test]
fn reading_a_call_costs_nothing() {
    // In JSON, serde_json allocates once for the enclosing brackets.
    for (protocol, allowed) in [(HubProtocol::Json, 1), (HubProtocol::MessagePack, 0)] {
        let bytes = call(protocol);
        let cost = second(|| {
            let message = protocol.next_message(&bytes, Some(1000)).unwrap().unwrap();
            assert!(matches!(message.0, HubMessage::Invocation(_)));
        });
        assert_eq!(cost.count_total, allowed, "{protocol:?}");
    }
}

#[test]
fn binding_costs_what_the_values_own() {
    for protocol in PROTOCOLS {
        let bytes = call(protocol);
        let (message, _) = protocol.next_message(&bytes, None).unwrap().unwrap();
        let HubMessage::Invocation(call) = message else {
            panic!()
        };
        let cost = second(|| {
            call.arguments
                .bind::<(i32, Point, bool, [u64; 2])>()
                .unwrap();
        });
        assert_eq!(cost.count_total, 0, "{protocol:?}");
    }
}

#[test]
fn writing_into_a_warm_buffer_costs_nothing() {
    let long = "x".repeat(300);
    for protocol in PROTOCOLS {
        let mut out = Vec::with_capacity(4096);
        let items = StreamItemWriter::new(protocol, &long).unwrap();
        let cost = second(|| {
            out.clear();
            items.write(&mut out, &Timestamp::MAX).unwrap();
            let mut writer = protocol.writer(&mut out);
            let arguments = ("room", &long, Point { x: 2, y: None }, [0_u8; 20]);
            writer.invocation(None, "Move", &arguments, &[]).unwrap();
            writer.stream_item("1", &Timestamp::MAX).unwrap();
            writer.completion_result("1", &5).unwrap();
            writer.completion_void("1");
            writer.completion_error("1", "bad");
            writer.cancel_invocation("1");
            writer.ping();
            writer.close(&Close {
                error: Some("bye".into()),
                allow_reconnect: true,
            });
            writer.ack(5);
        });
        assert_eq!(cost.count_total, 0, "{protocol:?}");
    }
}

/// Bytes are neither collected nor counted on the way.
#[test]
fn bytes_are_written_as_they_are_in_messagepack() {
    let picture = Binary::from(vec![7; 1000]);
    let mut out = Vec::with_capacity(4096);
    let cost = second(|| {
        out.clear();
        let mut writer = HubProtocol::MessagePack.writer(&mut out);
        writer.stream_item("1", &picture).unwrap();
    });
    assert_eq!(cost.count_total, 0);
}

/// Returns messages with these elements after the id; each announces much more than it has.
fn promises() -> Vec<Vec<u8>> {
    let values: [&[u8]; 8] = [
        b"\xdd\x3b\x9a\xca\0\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\x3b\x9a\xca\0\xa1a\x01",
        b"\xdb\x7f\xff\xff\xffx",
        b"\xc6\x7f\xff\xff\xffx",
        b"\xc9\x7f\xff\xff\xff\xff",
        b"\x91\xdd\x3b\x9a\xca\0\x01",
        b"\x81\xa1a\xdf\x3b\x9a\xca\0\x01",
    ];
    let bodies = values.iter().flat_map(|value| {
        [
            [b"\x96\x01\x80\xa11\xa1T\x91", *value].concat(),
            [b"\x96\x01\x80\xa11\xa1T", *value].concat(),
            [b"\x96\x01\x80\xa11\xa1T\x90", *value].concat(),
            [b"\x96\x01", *value].concat(),
            [b"\x94\x02\x80\xa11", *value].concat(),
            [b"\x95\x03\x80\xa11\x03", *value].concat(),
            [b"\x92\x07", *value].concat(),
        ]
    });
    bodies
        .map(|body| [&[body.len() as u8][..], &body].concat())
        .collect()
}

#[test]
fn what_is_only_promised_costs_nothing() {
    type Lists = (Vec<String>,);
    type Map = std::collections::BTreeMap<String, Vec<u64>>;

    for message in promises() {
        let cost = measure(|| {
            let Ok(Some((read, _))) = HubProtocol::MessagePack.next_message(&message, None) else {
                return;
            };
            match read {
                HubMessage::Invocation(call) => {
                    call.arguments.bind::<Lists>().unwrap_err();
                    call.arguments.bind::<(Map,)>().unwrap_err();
                    call.arguments.bind::<(String,)>().unwrap_err();
                    call.arguments.bind::<(Binary,)>().unwrap_err();
                    call.arguments.bind::<(Vec<[u64; 32]>,)>().unwrap_err();
                    call.arguments.bind::<(serde_json::Value,)>().unwrap_err();
                }
                HubMessage::StreamItem(item) => {
                    item.item.decode::<Vec<[u64; 32]>>().unwrap_err();
                    item.item.decode::<serde_json::Value>().unwrap_err();
                }
                HubMessage::Completion(completion) => {
                    assert!(!matches!(completion.outcome, CompletionOutcome::Result(_)));
                }
                _ => {}
            }
        });
        // The rest is the texts of the errors.
        assert!(cost.bytes_max < 8 * 1024, "{message:x?}: {cost:?}");
    }
}
