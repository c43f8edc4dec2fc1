//! The codecs compared with the plain libraries: an invocation is read into its arguments, and
//! written.
//!
//! ```sh
//! cargo bench -p hubwire-protocol --bench codec             # prints nanoseconds and ratios
//! cargo bench -p hubwire-protocol --bench codec -- --check  # fails below 0.7
//! ```
//!
//! The library reads and writes the same bytes as a single value with a type that is known from
//! the start: `serde_json` an object, `rmp-serde` an array. A ratio of 1 means that finding the
//! target first, framing, limits and checks cost nothing. Rounds of both alternate; the median
//! counts.

#![allow(missing_docs, reason = "a benchmark has no public items")]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a benchmark measures real time and may panic"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use hubwire_protocol::{HubMessage, HubProtocol};
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(8);
const BAR: f64 = 0.7;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    number: u64,
    customer: String,
    items: Vec<Item>,
    note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    name: String,
    count: u32,
    price: f64,
}

type Arguments = (String, u32, Order);

#[derive(Serialize, Deserialize)]
struct JsonCall<'a> {
    r#type: u8,
    #[serde(rename = "invocationId")]
    invocation_id: Option<&'a str>,
    target: &'a str,
    arguments: Arguments,
}

#[derive(Serialize, Deserialize)]
struct PackedCall<'a>(
    u8,
    BTreeMap<String, String>,
    #[serde(borrow)] Option<&'a str>,
    &'a str,
    Arguments,
    Vec<String>,
);

fn arguments(items: usize) -> Arguments {
    let item = |at: usize| Item {
        name: format!("article number {at}"),
        count: at as u32,
        price: 19.99 + at as f64,
    };
    let order = Order {
        number: 123_456_789,
        customer: "Ada Lovelace".to_owned(),
        items: (0..items).map(item).collect(),
        note: None,
    };
    ("orders".to_owned(), 7, order)
}

fn read(protocol: HubProtocol, bytes: &[u8]) -> Arguments {
    match protocol.next_message(bytes, Some(1 << 20)) {
        Ok(Some((HubMessage::Invocation(call), _))) => call.arguments.bind().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn write(protocol: HubProtocol, arguments: &Arguments, out: &mut Vec<u8>) {
    out.clear();
    let mut writer = protocol.writer(out);
    writer
        .invocation(Some("12"), "PlaceOrder", arguments, &[])
        .unwrap();
}

/// Returns nanoseconds for one run of ours and one of theirs: the medians of alternating rounds.
fn compare(mut ours: impl FnMut(), mut theirs: impl FnMut()) -> (f64, f64) {
    let mut medians = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        medians[0].push(round(&mut ours));
        medians[1].push(round(&mut theirs));
    }
    let [ours, theirs] = medians.map(|mut rounds| {
        rounds.sort_by(f64::total_cmp);
        rounds[ROUNDS / 2]
    });
    (ours, theirs)
}

fn round(run: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut count = 0_u32;
    while start.elapsed() < ROUND {
        for _ in 0..50 {
            run();
        }
        count += 50;
    }
    start.elapsed().as_nanos() as f64 / f64::from(count)
}

fn main() -> ExitCode {
    let is_check = std::env::args().any(|argument| argument == "--check");
    let mut is_good = true;
    println!(
        "{:<34}{:>10}{:>10}{:>8}",
        "", "ours ns", "alone ns", "ratio"
    );
    let mut report = |name: String, (ours, theirs): (f64, f64)| {
        let ratio = theirs / ours;
        is_good &= ratio >= BAR;
        println!("{name:<34}{ours:>10.0}{theirs:>10.0}{ratio:>8.2}");
    };
    for items in [0, 2, 50] {
        let arguments = arguments(items);
        let mut out = Vec::new();

        write(HubProtocol::Json, &arguments, &mut out);
        let bytes = out.clone();
        let record = &bytes[..bytes.len() - 1];
        let reading = compare(
            || drop(black_box(read(HubProtocol::Json, black_box(&bytes)))),
            || {
                drop(black_box(
                    serde_json::from_slice::<JsonCall<'_>>(black_box(record)).unwrap(),
                ))
            },
        );
        report(format!("json read, {} bytes", bytes.len()), reading);
        let call = || JsonCall {
            r#type: 1,
            invocation_id: Some("12"),
            target: "PlaceOrder",
            arguments: arguments.clone(),
        };
        let call = call();
        let mut alone = Vec::new();
        let writing = compare(
            || write(HubProtocol::Json, black_box(&arguments), &mut out),
            || {
                alone.clear();
                serde_json::to_writer(&mut alone, black_box(&call)).unwrap();
            },
        );
        report(format!("json write, {} bytes", bytes.len()), writing);

        write(HubProtocol::MessagePack, &arguments, &mut out);
        let bytes = out.clone();
        let body = &bytes[if bytes.len() > 128 { 2 } else { 1 }..];
        let reading = compare(
            || drop(black_box(read(HubProtocol::MessagePack, black_box(&bytes)))),
            || {
                drop(black_box(
                    rmp_serde::from_slice::<PackedCall<'_>>(black_box(body)).unwrap(),
                ))
            },
        );
        report(format!("messagepack read, {} bytes", bytes.len()), reading);
        let call = PackedCall(
            1,
            BTreeMap::new(),
            Some("12"),
            "PlaceOrder",
            arguments.clone(),
            vec![],
        );
        let writing = compare(
            || write(HubProtocol::MessagePack, black_box(&arguments), &mut out),
            || {
                alone.clear();
                let mut serializer = rmp_serde::Serializer::new(&mut alone).with_struct_map();
                black_box(&call).serialize(&mut serializer).unwrap();
            },
        );
        report(format!("messagepack write, {} bytes", bytes.len()), writing);
    }
    if is_check && !is_good {
        eprintln!("a ratio is below {BAR}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
