//! The table of `docs/values.md`: each row is written and read in both protocols.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use hubwire::dotnet::{DateOnly, DateTimeOffset, Decimal, TimeOnly, TimeSpan};
use hubwire::protocol::{BindArguments, HubMessage, HubProtocol, json, messagepack};
use hubwire::{Binary, Naming, Timestamp, dotnet};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) const DOCUMENT: &str = include_str!("../../../../docs/values.md");

#[derive(Debug, Deserialize, PartialEq, Serialize)]
enum Weather {
    Sunny,
}

#[derive(Debug, Eq, Ord, PartialEq, PartialOrd, dotnet::Enum)]
enum Mood {
    Calm = 1,
    Happy = 2,
}

#[derive(Debug, PartialEq, dotnet::Enum)]
enum Access {
    Read = 1,
    Write = 2,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
enum Shape {
    Circle { radius: u8 },
    Empty,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Person {
    full_name: String,
    mood: Mood,
    #[serde(default)]
    age: Option<u8>,
}

fn person() -> Person {
    Person {
        full_name: "Ada".to_owned(),
        mood: Mood::Happy,
        age: None,
    }
}

/// Returns a row as in the document, after the columns about other languages.
fn row<T>(rust: &str, value: &T, naming: Naming) -> String
where
    T: Debug + DeserializeOwned + PartialEq + Serialize,
{
    let (as_json, as_messagepack) = written(value, naming);
    assert_eq!(
        &read::<T>(
            &call(HubProtocol::Json, value, naming),
            HubProtocol::Json,
            naming
        ),
        value
    );
    let binary = call(HubProtocol::MessagePack, value, naming);
    assert_eq!(&read::<T>(&binary, HubProtocol::MessagePack, naming), value);
    format!("| {rust} | `{as_json}` | `{as_messagepack}` |")
}

/// Returns the cells of a value that is only written.
fn row_out<T: Serialize>(rust: &str, value: &T) -> String {
    let (as_json, as_messagepack) = written(value, Naming::AsDeclared);
    format!("| {rust} | `{as_json}` | `{as_messagepack}` |")
}

fn written<T: Serialize>(value: &T, naming: Naming) -> (String, String) {
    let of = |protocol: HubProtocol| {
        let mut out = Vec::new();
        let mut writer = protocol.writer(&mut out).with_naming(naming);
        writer.completion_result("i", value).unwrap();
        let (message, _) = protocol.next_message(&out, None).unwrap().unwrap();
        let HubMessage::Completion(completion) = message else {
            panic!("no completion");
        };
        let hubwire::protocol::CompletionOutcome::Result(item) = completion.outcome else {
            panic!("no result");
        };
        let mut bytes = Vec::new();
        match protocol {
            HubProtocol::Json => json::write_value(&mut bytes, &item).unwrap(),
            HubProtocol::MessagePack => messagepack::write_value(&mut bytes, &item).unwrap(),
        }
        bytes
    };
    let text = String::from_utf8(of(HubProtocol::Json)).unwrap();
    let hex: Vec<String> = of(HubProtocol::MessagePack)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    (text, hex.join(" "))
}

/// Returns the value as the argument of a call.
fn call<T: Serialize>(protocol: HubProtocol, value: &T, naming: Naming) -> Vec<u8> {
    let item = serde_value(protocol, value, naming);
    let mut out = Vec::new();
    let mut writer = protocol.writer(&mut out);
    writer.stream_item("i", &item).unwrap();
    out
}

/// Returns the value as it is on the wire, to be passed on unchanged.
fn serde_value<T: Serialize>(
    protocol: HubProtocol,
    value: &T,
    naming: Naming,
) -> hubwire::protocol::RawItem<'static> {
    let mut out = Vec::new();
    let mut writer = protocol.writer(&mut out).with_naming(naming);
    writer.stream_item("i", value).unwrap();
    match protocol.next_message(&out, None).unwrap().unwrap().0 {
        HubMessage::StreamItem(item) => item.item.into_owned(),
        other => panic!("no item, but {other:?}"),
    }
}

fn read<T: DeserializeOwned>(message: &[u8], protocol: HubProtocol, naming: Naming) -> T {
    match protocol.next_message(message, None).unwrap().unwrap().0 {
        HubMessage::StreamItem(item) => item.item.with_naming(naming).decode().unwrap(),
        other => panic!("no item, but {other:?}"),
    }
}

fn rows() -> Vec<String> {
    let plain = Naming::AsDeclared;
    let dotnet_names = Naming::DotNet;
    let id = Uuid::parse_str("00112233-4455-6677-8899-aabbccddeeff").unwrap();
    let moment: Timestamp = "2020-01-02T03:04:05Z".parse().unwrap();
    let fraction: Timestamp = "2020-01-02T03:04:05.5Z".parse().unwrap();
    let mood_counts = BTreeMap::from([(Mood::Happy, 1)]);
    let access = dotnet::Flags::from(Access::Read) | Access::Write;
    let with_offset: DateTimeOffset = "2020-01-02T03:04:05+02:00".parse().unwrap();
    let price: Decimal = "1.10".parse().unwrap();
    let span: TimeSpan = "1.02:03:04.5".parse().unwrap();
    let day: DateOnly = "2020-01-02".parse().unwrap();
    let time: TimeOnly = "03:04:05".parse().unwrap();
    let prices = BTreeMap::from([(price, 1)]);
    let numbers = BTreeMap::from([(7, "seven".to_owned())]);
    vec![
        row("`bool`", &true, plain),
        row("`i32`, any integer in range", &-5_i32, plain),
        row("`i64` beyond 2^53", &9_007_199_254_740_993_i64, plain),
        row("`u64` beyond 2^63", &u64::MAX, plain),
        row("`f64`", &1.5_f64, plain),
        row("`f64`, whole", &3.0_f64, plain),
        row("`f32`", &1.5_f32, plain),
        row_out("`f64::NAN`", &f64::NAN),
        row_out("`f64::INFINITY`", &f64::INFINITY),
        row("`String`", &"a\u{1e}中".to_owned(), plain),
        row("`char`", &'x', plain),
        row("the same, `Naming::DotNet`", &'x', dotnet_names),
        row("`Option`, none", &None::<i32>, plain),
        row("`()`", &(), plain),
        row("`Vec`, slices", &vec![1, 2], plain),
        row("`Vec<u8>`", &vec![1_u8, 200], plain),
        row("[`Binary`]", &Binary::from(vec![1, 200]), plain),
        row("[`Timestamp`]", &moment, plain),
        row("[`Timestamp`] with a fraction", &fraction, plain),
        row("[`dotnet::DateTimeOffset`]", &with_offset, plain),
        row("[`dotnet::Decimal`]", &price, plain),
        row("[`dotnet::TimeSpan`]", &span, plain),
        row("[`dotnet::DateOnly`]", &day, plain),
        row("[`dotnet::TimeOnly`]", &time, plain),
        row("`uuid::Uuid`", &id, plain),
        row("`std::time::Duration`", &Duration::from_millis(1500), plain),
        row("a tuple", &(1, "a".to_owned()), plain),
        row("`BTreeMap<i32, _>`", &numbers, plain),
        row(
            "`BTreeMap<Decimal, _>`, `Naming::DotNet`",
            &prices,
            dotnet_names,
        ),
        row("an enum, unit variant", &Weather::Sunny, plain),
        row(
            "the same, `Naming::DotNetStringEnums`",
            &Weather::Sunny,
            Naming::DotNetStringEnums,
        ),
        row("[`dotnet::Enum`]", &Mood::Happy, plain),
        row("the same, `Naming::DotNet`", &Mood::Happy, dotnet_names),
        row(
            "the same as a key, `Naming::DotNet`",
            &mood_counts,
            dotnet_names,
        ),
        row(
            "[`dotnet::Open`] of a number without a name, `Naming::DotNet`",
            &dotnet::Open::<Mood>::Unknown(7),
            dotnet_names,
        ),
        row("[`dotnet::Flags`], `Naming::DotNet`", &access, dotnet_names),
        row(
            "an enum, variant with data",
            &Shape::Circle { radius: 2 },
            plain,
        ),
        row("the same, unit variant", &Shape::Empty, plain),
        row("a struct", &person(), plain),
        row("the same, `Naming::DotNet`", &person(), dotnet_names),
    ]
}

#[test]
fn the_document_says_what_is_written() {
    let rows = rows();
    let missing: Vec<&String> = rows
        .iter()
        .filter(|row| !DOCUMENT.contains(&***row))
        .collect();
    let all = rows.join("\n");
    assert!(
        missing.is_empty(),
        "docs/values.md lacks {missing:#?}\nall rows:\n{all}"
    );
    let (written, _) = DOCUMENT.split_once("\n## ").unwrap();
    let documented = written
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("` |"));
    assert_eq!(
        documented.count(),
        rows.len(),
        "a row of docs/values.md has no test"
    );
}

#[test]
fn what_is_missing_has_its_default_and_what_is_unknown_is_skipped() {
    for naming in [Naming::AsDeclared, Naming::DotNet] {
        let name = match naming {
            Naming::DotNet => "fullName",
            _ => "full_name",
        };
        let record = format!(
            "{{\"type\":1,\"target\":\"T\",\"arguments\":[{{\"{name}\":\"Ada\",\"more\":[1],\"mood\":\"Happy\"}}]}}\u{1e}"
        );
        let message = HubProtocol::Json.next_message(record.as_bytes(), None);
        let Some((HubMessage::Invocation(call), _)) = message.unwrap() else {
            panic!("not an invocation");
        };
        let (read,): (Person,) = call.arguments.with_naming(naming).bind().unwrap();
        assert_eq!(read, person());
        assert_eq!(<(Person,) as BindArguments>::COUNT, 1);
    }
}

#[test]
fn what_neither_protocol_has_is_refused() {
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        let mut out = Vec::new();
        let tuple_keys = BTreeMap::from([((1, 2), 3)]);
        let written = protocol.writer(&mut out).stream_item("i", &tuple_keys);
        assert_eq!(written.is_err(), protocol == HubProtocol::Json);
        out.clear();
        let written = protocol.writer(&mut out).stream_item("i", &u128::MAX);
        assert_eq!(written.is_err(), protocol == HubProtocol::MessagePack);
    }
}

#[derive(Debug, dotnet::Enum)]
enum OrderState {
    New = 1,
    Paid = 2,
}

/// The class of the document's example.
#[derive(Debug, Serialize)]
struct Order {
    id: i32,
    state: OrderState,
    total_price: Decimal,
    placed_at: DateTimeOffset,
    deliver_on: Option<DateOnly>,
}

#[test]
fn the_example_is_written_as_the_document_says() {
    let order = Order {
        id: 7,
        state: OrderState::Paid,
        total_price: "9.90".parse().unwrap(),
        placed_at: "2026-11-30T12:00:00+01:00".parse().unwrap(),
        deliver_on: None,
    };
    let (as_json, as_messagepack) = written(&order, Naming::DotNet);
    assert!(DOCUMENT.contains(&as_json), "{as_json}");
    // {"Id": 7, "State": "Paid", "TotalPrice": "9.90", "PlacedAt": [timestamp, 60], "DeliverOn": nil}
    assert_eq!(
        as_messagepack,
        "85 a2 49 64 07 a5 53 74 61 74 65 a4 50 61 69 64 aa 54 6f 74 61 6c 50 72 69 63 65 a4 39 2e 39 30 \
         a8 50 6c 61 63 65 64 41 74 92 d6 ff 6b 0d 65 40 3c a9 44 65 6c 69 76 65 72 4f 6e c0"
    );
}
