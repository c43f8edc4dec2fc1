//! Values encoded and decoded in both protocols, and what hostile values must not be able to do.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use hubwire::dotnet::{self, DateOnly, DateTimeOffset, Decimal, Flags, Open, TimeOnly, TimeSpan};
use hubwire::protocol::{HubMessage, HubProtocol, RawItem};
use hubwire::{Binary, Naming, Timestamp};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NAMINGS: [Naming; 3] = [
    Naming::AsDeclared,
    Naming::DotNet,
    Naming::DotNetStringEnums,
];
const PROTOCOLS: [HubProtocol; 2] = [HubProtocol::Json, HubProtocol::MessagePack];

fn there_and_back<T>(value: &T) -> Result<(), String>
where
    T: Debug + DeserializeOwned + PartialEq + Serialize,
{
    let mut faults = Vec::new();
    for naming in NAMINGS {
        for protocol in PROTOCOLS {
            let place = format!("{protocol:?} {naming:?} {value:?}");
            let item = match RawItem::encode(protocol, naming, value) {
                Ok(item) => item,
                Err(error) => {
                    faults.push(format!(
                        "{place}: not written: {:?}",
                        std::error::Error::source(&error).map(ToString::to_string)
                    ));
                    continue;
                }
            };
            match item.decode::<T>() {
                Ok(read) if &read == value => {}
                Ok(read) => faults.push(format!("{place}: read as {read:?}")),
                Err(error) => faults.push(format!(
                    "{place}: not read: {:?} {item:?}",
                    std::error::Error::source(&error).map(ToString::to_string)
                )),
            }
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

#[track_caller]
fn check<T>(value: &T)
where
    T: Debug + DeserializeOwned + PartialEq + Serialize,
{
    if let Err(faults) = there_and_back(value) {
        panic!("{faults}");
    }
}

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, dotnet::Enum)]
#[repr(i64)]
enum Edge {
    Least = i64::MIN,
    MinusOne = -1,
    None = 0,
    One = 1,
    Two = 2,
    Most = i64::MAX,
}

fn edge() -> impl Strategy<Value = Edge> {
    prop_oneof![
        Just(Edge::Least),
        Just(Edge::MinusOne),
        Just(Edge::None),
        Just(Edge::One),
        Just(Edge::Two),
        Just(Edge::Most)
    ]
}

/// No names are the same under every naming in both protocols, so aliases take their place.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Inner {
    edge: Edge,
    open: Open<Edge>,
    flags: Flags<Edge>,
    decimal: Decimal,
    span: TimeSpan,
    date: DateOnly,
    time: TimeOnly,
    moment: DateTimeOffset,
    stamp: Timestamp,
    bytes: Binary,
    signed: i64,
    unsigned: u64,
    character: char,
    float: f64,
    single: f32,
    text: String,
    maybe: Option<Option<i32>>,
}

fn decimal() -> impl Strategy<Value = Decimal> {
    let most = (1_i128 << 96) - 1;
    (-most..=most, 0..=28_u32, 0..97_u32)
        .prop_map(|(mantissa, scale, shift)| Decimal::new(mantissa >> shift, scale).unwrap())
}

fn stamp() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800..=253_402_300_799_i64, 0..10_000_000_u32)
        .prop_map(|(seconds, ticks)| Timestamp::from_unix(seconds, ticks * 100).unwrap())
}

fn moment() -> impl Strategy<Value = DateTimeOffset> {
    (stamp(), -840..=840_i16).prop_map(|(stamp, offset)| {
        DateTimeOffset::new(stamp, offset).unwrap_or_else(|_| stamp.into())
    })
}

prop_compose! {
    fn inner()(
        (edge, open, flags) in (edge(), any::<i64>(), any::<i64>()),
        (decimal, span, date) in (decimal(), any::<i64>(), 0..=3_652_058),
        (time, moment, stamp) in (0..864_000_000_000_i64, moment(), stamp()),
        bytes: Vec<u8>,
        (signed, unsigned, character) in (any::<i64>(), any::<u64>(), any::<char>()),
        (float, single) in (any::<f64>(), any::<f32>()),
        (text, maybe) in (any::<String>(), any::<Option<i32>>()),
    ) -> Inner {
        Inner {
            edge,
            open: Open::from_number(open),
            flags: Flags::from_number(flags),
            decimal,
            span: TimeSpan::from_ticks(span),
            date: DateOnly::from_day_number(date).unwrap(),
            time: TimeOnly::from_ticks(time).unwrap(),
            moment,
            stamp,
            bytes: Binary::from(bytes),
            signed,
            unsigned,
            character,
            float,
            single,
            text,
            maybe: maybe.map(Some),
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|float| Value::from(if float.fract() == 0.0 { 0.5 } else { float })),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..8)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_struct_comes_back(value in inner()) {
        there_and_back(&value).map_err(TestCaseError::fail)?;
        there_and_back(&Some(vec![(value.clone(), value)])).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn every_value_comes_back(value in any_value()) {
        there_and_back(&value).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn every_map_comes_back(value in inner()) {
        there_and_back(&BTreeMap::from([(value.signed, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(value.unsigned, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(value.character, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(value.edge, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(value.open, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(value.flags, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(value.span, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(value.date, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(value.time, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(value.moment, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(value.stamp, 1)])).map_err(TestCaseError::fail)?;
        there_and_back(&BTreeMap::from([(true, value)])).map_err(TestCaseError::fail)?;
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
enum Kinds {
    Bytes(Binary),
    Moment(DateTimeOffset),
    Span(TimeSpan),
    Edge(Edge),
    Decimal(Decimal),
}

#[test]
fn untagged_values_of_dotnet_come_back() {
    check(&Kinds::Bytes(Binary::from(vec![1, 2, 3, 250])));
    check(&Kinds::Moment("2020-01-02T03:04:05+14:00".parse().unwrap()));
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct OnlySpan {
    #[serde(flatten)]
    span: HashMap<String, TimeSpan>,
}

#[test]
fn flattened_maps_come_back() {
    check(&OnlySpan {
        span: HashMap::from([("a".to_owned(), TimeSpan::from_ticks(i64::MIN))]),
    });
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Edge(Edge),
    Decimal(Decimal),
    Pair(Decimal, char),
}

#[test]
fn adjacently_tagged_values_come_back() {
    let decimal: Decimal = "-79228162514264337593543950335".parse().unwrap();
    check(&Adjacent::Unit);
    check(&Adjacent::Edge(Edge::Least));
    check(&Adjacent::Decimal(decimal));
    check(&Adjacent::Pair(decimal, 'x'));
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
enum External {
    Unit(()),
    Edge(Edge),
    Decimal(Decimal),
    Named { some_name: Decimal, some_char: char },
    Pair(Decimal, char),
}

#[test]
fn externally_tagged_values_come_back() {
    let decimal: Decimal = "0.0000000000000000000000000001".parse().unwrap();
    check(&External::Unit(()));
    check(&External::Edge(Edge::Least));
    check(&External::Decimal(decimal));
    check(&External::Pair(decimal, 'x'));
    check(&External::Named {
        some_name: decimal,
        some_char: 'y',
    });
}

/// It would be JSON inside text, which nests unseen.
#[test]
fn the_private_key_of_serde_json_is_refused() {
    let value = json!({"$serde_json::private::RawValue": "[1]"});
    let refused = there_and_back(&value).unwrap_err();
    assert!(!refused.is_empty());
    check(&json!({"RawValue": "$serde_json::private::RawValue"}));
}

#[test]
fn sub_tick_moments_are_the_same_in_both_protocols() {
    check(&Timestamp::from_unix(1, 123).unwrap());
    check(&DateTimeOffset::from(
        Timestamp::from_unix(1, 123_456_789).unwrap(),
    ));
}

#[test]
fn edges_come_back() {
    for text in [
        "79228162514264337593543950335",
        "-0.0",
        "1e3",
        "7.9228162514264337593543950335",
        "0e-40",
    ] {
        check(&text.parse::<Decimal>().unwrap());
    }
    for ticks in [i64::MIN, i64::MAX] {
        check(&TimeSpan::from_ticks(ticks));
    }
    for text in [
        "0001-01-01T00:00:00-14:00",
        "9999-12-31T23:59:59.9999999+14:00",
        "0001-01-01T14:00:00+14:00",
        "9999-12-31T09:59:59.9999999-14:00",
    ] {
        check(&text.parse::<DateTimeOffset>().unwrap());
    }
}

/// Runs this test alone in a process of its own, which a stack overflow would end.
#[track_caller]
fn survives(name: &str, run: fn()) {
    if std::env::var_os("HOSTILE_CHILD").is_some() {
        // As large as the stack of a tokio thread.
        let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        thread.spawn(run).unwrap().join().unwrap();
        return;
    }
    let out = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env("HOSTILE_CHILD", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{:?}: {said}", out.status);
}

/// Returns JSON text inside JSON text, each level with as many brackets as a parser accepts.
fn within_itself(size: usize) -> String {
    let mut text = "0".to_owned();
    loop {
        let inside: String = text
            .chars()
            .map(|character| match character {
                '"' => "\\u0022".to_owned(),
                '\\' => "\\u005c".to_owned(),
                other => other.to_string(),
            })
            .collect();
        let depth = 60;
        let next = format!(
            "{}{{\"$serde_json::private::RawValue\":\"{inside}\"}}{}",
            "[".repeat(depth),
            "]".repeat(depth)
        );
        if next.len() > size {
            return text;
        }
        text = next;
    }
}

#[test]
fn json_within_the_text_of_a_value_is_refused() {
    let arguments = within_itself(8_000);
    let record = json_call(&arguments);
    assert!(HubProtocol::Json.next_message(&record, None).is_err());

    let mut argument = b"\x81".to_vec();
    for text in ["$serde_json::private::RawValue", arguments.as_str()] {
        argument.push(0xda);
        argument.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
        argument.extend_from_slice(text.as_bytes());
    }
    let call = messagepack_call(&argument);
    let next = HubProtocol::MessagePack.next_message(&call, None);
    let Ok(Some((HubMessage::Invocation(call), _))) = next else {
        panic!("not an invocation")
    };
    let refused = call.arguments.bind::<(Value,)>().unwrap_err();
    let detail = refused.detail(None, &call.arguments);
    assert!(detail.contains("a private one of serde_json"), "{detail}");
}

#[derive(Debug, Deserialize)]
enum Tree {
    #[expect(dead_code, reason = "only decoded, never read")]
    Node {
        children: Vec<Self>,
        edge: Option<Edge>,
    },
}

fn refuse_deep() {
    for naming in NAMINGS {
        let depth = 54;
        let array = format!(
            "{}1{}",
            "{\"node\":{\"edge\":1,\"children\":["
                .replace("node", "Node")
                .repeat(depth / 3),
            "]}}".repeat(depth / 3)
        );
        let record = format!("{{\"type\":1,\"target\":\"T\",\"arguments\":[{array}]}}\x1e");
        let next = HubProtocol::Json.next_message(record.as_bytes(), Some(32 * 1024));
        let Ok(Some((HubMessage::Invocation(call), _))) = next else {
            panic!("not an invocation")
        };
        let arguments = call.arguments.with_naming(naming);
        assert!(arguments.bind::<(Tree,)>().is_err());
        let mut body = b"\x96\x01\x80\xc0\xa1T\x91".to_vec();
        for _ in 0..160 {
            body.extend_from_slice(match naming {
                Naming::AsDeclared => b"\x81\xa4Node\x82\xa4edge\xc0\xa8children\x91",
                _ => b"\x81\xa4Node\x82\xa4Edge\xc0\xa8Children\x91",
            });
        }
        body.extend_from_slice(b"\x01\x90");
        let mut message = vec![(body.len() & 0x7F) as u8 | 0x80, (body.len() >> 7) as u8];
        message.extend(body);
        let next = HubProtocol::MessagePack.next_message(&message, None);
        let Ok(Some((HubMessage::Invocation(call), _))) = next else {
            panic!("not an invocation")
        };
        let arguments = call.arguments.with_naming(naming);
        let detail = arguments
            .bind::<(Tree,)>()
            .unwrap_err()
            .detail(None, &arguments);
        assert_eq!(detail.matches("hildren").count(), 160, "{detail}");
    }
}

#[test]
fn a_deep_refused_argument_does_not_overflow_the_stack() {
    survives(
        "a_deep_refused_argument_does_not_overflow_the_stack",
        refuse_deep,
    );
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded, never read")]
struct Two {
    first: i32,
    second: i32,
}

#[test]
fn a_refusal_names_the_member_that_does_not_fit_next_to_negative_zeros() {
    let record =
        b"{\"type\":1,\"target\":\"T\",\"arguments\":[{\"first\":-0,\"second\":\"x\"}]}\x1e";
    let next = HubProtocol::Json.next_message(record, None);
    let Ok(Some((HubMessage::Invocation(call), _))) = next else {
        panic!("not an invocation")
    };
    let detail = call
        .arguments
        .bind::<(Two,)>()
        .unwrap_err()
        .detail(None, &call.arguments);
    assert!(detail.starts_with("argument 1, second: "), "{detail}");
}

#[test]
fn what_a_refusal_shows_has_no_control_characters() {
    let record =
        b"{\"type\":1,\"target\":\"T\",\"arguments\":[\"x\\nERROR forged\\u001b[2J\"]}\x1e";
    let next = HubProtocol::Json.next_message(record, None);
    let Ok(Some((HubMessage::Invocation(call), _))) = next else {
        panic!("not an invocation")
    };
    let detail = call
        .arguments
        .bind::<(Edge,)>()
        .unwrap_err()
        .detail(None, &call.arguments);
    let shown = format!("{:?}", hubwire::protocol::Excerpt(detail));
    assert!(!shown.contains(char::is_control), "{shown:?}");
}

fn messagepack_call(argument: &[u8]) -> Vec<u8> {
    let mut body = b"\x96\x01\x80\xc0\xa1T\x91".to_vec();
    body.extend_from_slice(argument);
    body.push(0x90);
    let mut message = vec![(body.len() & 0x7F) as u8 | 0x80, (body.len() >> 7) as u8];
    message.extend(body);
    message
}

fn bind_deep<T: DeserializeOwned>() {
    for around in [&b"\x91"[..], b"\x81\xa1a"] {
        let deep = [around.repeat(498), b"\x01".to_vec()].concat();
        let message = messagepack_call(&deep);
        let next = HubProtocol::MessagePack.next_message(&message, None);
        let Ok(Some((HubMessage::Invocation(call), _))) = next else {
            panic!("not an invocation")
        };
        for naming in NAMINGS {
            let arguments = call.arguments.clone().with_naming(naming);
            let _ = arguments.bind::<(T,)>();
        }
    }
}

#[test]
fn a_deep_value_does_not_overflow_the_stack() {
    survives(
        "a_deep_value_does_not_overflow_the_stack",
        bind_deep::<Value>,
    );
}

#[test]
fn a_deep_raw_value_does_not_overflow_the_stack() {
    survives(
        "a_deep_raw_value_does_not_overflow_the_stack",
        bind_deep::<Box<serde_json::value::RawValue>>,
    );
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum UntaggedTree {
    #[expect(dead_code, reason = "only decoded, never read")]
    Leaf(bool),
    #[expect(dead_code, reason = "only decoded, never read")]
    Node(Vec<Self>),
}

#[test]
fn a_deep_untagged_value_does_not_overflow_the_stack() {
    survives(
        "a_deep_untagged_value_does_not_overflow_the_stack",
        bind_deep::<UntaggedTree>,
    );
}

fn json_call(argument: &str) -> Vec<u8> {
    format!("{{\"type\":1,\"target\":\"T\",\"arguments\":[{argument}]}}\x1e").into_bytes()
}

fn bind_all(protocol: HubProtocol, message: &[u8]) {
    let Ok(Some((HubMessage::Invocation(call), _))) = protocol.next_message(message, None) else {
        return;
    };
    for naming in NAMINGS {
        let arguments = call.arguments.clone().with_naming(naming);
        let _ = arguments
            .bind::<(Inner,)>()
            .map_err(|error| error.detail(Some("it"), &arguments));
        let _ = arguments
            .bind::<(Value,)>()
            .map_err(|error| error.detail(None, &arguments));
        let _ = arguments
            .bind::<(Kinds,)>()
            .map_err(|error| error.detail(None, &arguments));
        let _ = arguments.bind::<(External,)>();
        let _ = arguments.bind::<(Adjacent,)>();
        let _ = arguments.bind::<(Decimal,)>();
        let _ = arguments.bind::<(TimeSpan,)>();
        let _ = arguments.bind::<(DateOnly,)>();
        let _ = arguments.bind::<(TimeOnly,)>();
        let _ = arguments.bind::<(DateTimeOffset,)>();
        let _ = arguments.bind::<(Timestamp,)>();
        let _ = arguments.bind::<(Open<Edge>,)>();
        let _ = arguments.bind::<(Flags<Edge>,)>();
        let _ = arguments.bind::<(BTreeMap<Flags<Edge>, Binary>,)>();
        let _ = arguments.bind::<(BTreeMap<i64, OnlySpan>,)>();
        let _ = arguments.bind::<(Box<serde_json::value::RawValue>,)>();
        let _ = arguments.bind::<(char, f32, String)>();
    }
    for to in PROTOCOLS {
        let mut out = Vec::new();
        let _ = to
            .writer(&mut out)
            .invocation(None, "T", &call.arguments, &[]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_bytes_panic(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x80..=0xDF_u8, Just(0xD6), Just(0xFF), Just(0xC7)], 0..40),
        text in "[\\[\\]{}\",:0-9eE.+\\-a-cTZ\\\\ \u{e9}]{0,30}|-?[0-9]{1,40}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,20})?|\"[-0-9:.TZ+]{0,40}\"",
    ) {
        bind_all(HubProtocol::MessagePack, &messagepack_call(&bytes));
        bind_all(HubProtocol::Json, &json_call(&text));
        bind_all(HubProtocol::Json, &json_call(&format!("{{\"decimal\":{text},\"a\":{text}}}")));
    }

    #[test]
    fn a_decimal_in_another_notation_is_the_same_in_both_protocols(
        text in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,32})?([eE][+-]?[0-9]{1,2})?",
    ) {
        let json = json_call(&text);
        let mut quoted = vec![0xD9, text.len() as u8];
        quoted.extend_from_slice(text.as_bytes());
        let read = |protocol: HubProtocol, message: &[u8]| match protocol.next_message(message, None) {
            Ok(Some((HubMessage::Invocation(call), _))) => call.arguments.bind::<(Decimal,)>().ok().map(|it| it.0.to_string()),
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(read(HubProtocol::Json, &json), read(HubProtocol::MessagePack, &messagepack_call(&quoted)));
    }
}
