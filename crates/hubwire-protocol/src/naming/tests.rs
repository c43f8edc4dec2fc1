//! The same derived type with peers of both kinds in both protocols.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Naming;
use crate::{Arguments, Binary, CompletionOutcome, HubMessage, HubProtocol, RawItem, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Mood {
    Calm,
    VeryHappy,
    Named(String),
    Pair(i32, Inner),
    Detailed { how_much: i32, inner_part: Inner },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Inner {
    last_seen: Option<u8>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Person {
    user_name: String,
    mood: Mood,
    moods: Vec<Mood>,
    inner_part: Option<Box<Inner>>,
    by_mood: BTreeMap<Mood, Inner>,
    by_user_name: BTreeMap<String, Inner>,
    pair_of: (Inner, i32),
    #[serde(rename = "URL")]
    url: String,
    picture: Binary,
    born_at: Option<Timestamp>,
}

fn person() -> Person {
    let inner = |seen| Inner { last_seen: seen };
    Person {
        user_name: "<é😀>".to_owned(),
        mood: Mood::Named("y".to_owned()),
        moods: vec![
            Mood::Named("x".to_owned()),
            Mood::Pair(1, inner(Some(2))),
            Mood::Detailed {
                how_much: 3,
                inner_part: inner(None),
            },
        ],
        inner_part: Some(Box::new(inner(Some(1)))),
        by_mood: [(Mood::VeryHappy, inner(None))].into(),
        by_user_name: [("some_key".to_owned(), inner(None))].into(),
        pair_of: (inner(Some(9)), 1),
        url: "u".to_owned(),
        picture: Binary::from([1, 2]),
        born_at: Some(Timestamp::UNIX_EPOCH),
    }
}

fn write(protocol: HubProtocol, naming: Naming, value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = protocol.writer(&mut out).with_naming(naming);
    writer.stream_item("1", value).unwrap();
    out
}

fn item(protocol: HubProtocol, message: &[u8]) -> RawItem<'_> {
    match protocol.next_message(message, None).unwrap().unwrap().0 {
        HubMessage::StreamItem(item) => item.item,
        other => panic!("{other:?}"),
    }
}

fn from_json<T: DeserializeOwned>(naming: Naming, json: &str) -> Result<T, String> {
    let message = format!("{{\"type\":2,\"invocationId\":\"1\",\"item\":{json}}}\x1e");
    let item = item(HubProtocol::Json, message.as_bytes()).with_naming(naming);
    item.decode()
        .map_err(|error| std::error::Error::source(&error).unwrap().to_string())
}

#[track_caller]
fn check_json<T: DeserializeOwned + PartialEq + Debug>(json: &str, expected: T) {
    assert_eq!(from_json(Naming::DotNet, json), Ok(expected), "{json}");
}

#[test]
fn json_as_dotnet_writes_it() {
    let message = write(HubProtocol::Json, Naming::DotNet, &person());
    let expected = concat!(
        r#"{"type":2,"invocationId":"1","item":{"userName":"<é\uD83D\uDE00>","mood":{"Named":"y"},"#,
        r#""moods":[{"Named":"x"},{"Pair":[1,{"lastSeen":2}]},"#,
        r#"{"Detailed":{"howMuch":3,"innerPart":{"lastSeen":null}}}],"innerPart":{"lastSeen":1},"#,
        r#""byMood":{"VeryHappy":{"lastSeen":null}},"byUserName":{"some_key":{"lastSeen":null}},"#,
        r#""pairOf":[{"lastSeen":9},1],"url":"u","picture":"AQI=","#,
        r#""bornAt":"1970-01-01T00:00:00Z"}}"#,
        "\x1e"
    );
    assert_eq!(String::from_utf8(message).unwrap(), expected);
}

#[test]
fn what_is_written_is_read() {
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        for naming in [
            Naming::AsDeclared,
            Naming::DotNet,
            Naming::DotNetStringEnums,
        ] {
            let message = write(protocol, naming, &person());
            let item = item(protocol, &message).with_naming(naming);
            assert_eq!(item.decode::<Person>().unwrap(), person());
            let owned = item.into_owned();
            assert_eq!(owned.decode::<Person>().unwrap(), person());
            let other = match naming {
                Naming::AsDeclared => Naming::DotNet,
                Naming::DotNet | Naming::DotNetStringEnums => Naming::AsDeclared,
            };
            assert!(owned.with_naming(other).decode::<Person>().is_err());
        }
    }
}

#[test]
fn messagepack_as_dotnet_writes_it() {
    let inner = Inner { last_seen: Some(1) };
    let message = write(HubProtocol::MessagePack, Naming::DotNet, &inner);
    assert_eq!(message, b"\x10\x94\x02\x80\xa11\x81\xa8LastSeen\x01");
    let mood = Mood::VeryHappy;
    let message = write(HubProtocol::MessagePack, Naming::DotNet, &mood);
    assert_eq!(message, b"\x0f\x94\x02\x80\xa11\xa9VeryHappy");
    let mood = Mood::Detailed {
        how_much: 1,
        inner_part: inner,
    };
    let message = write(HubProtocol::MessagePack, Naming::DotNet, &mood);
    assert!(
        message.ends_with(b"\x81\xa8Detailed\x82\xa7HowMuch\x01\xa9InnerPart\x81\xa8LastSeen\x01")
    );
}

#[test]
fn case_does_not_count_in_json() {
    let inner = || Inner { last_seen: Some(1) };
    for name in ["lastSeen", "LastSeen", "lastseen", "LASTSEEN", "lAsTsEeN"] {
        check_json(&format!("{{\"{name}\":1}}"), inner());
        check_json(&format!("{{\"more\":[{{}}],\"{name}\":1}}"), inner());
    }
    check_json("{\"last\\u0053een\":1}", inner());
    check_json("[1]", inner());
    check_json("{\"last_seen\":1}", Inner { last_seen: None });
    let twice = from_json::<Inner>(Naming::DotNet, "{\"lastSeen\":1,\"LastSeen\":2}");
    assert!(
        twice
            .unwrap_err()
            .starts_with("duplicate field `last_seen`")
    );
}

#[test]
fn case_counts_in_messagepack() {
    for (name, expected) in [
        ("LastSeen", Some(1)),
        ("lastSeen", None),
        ("last_seen", None),
    ] {
        let message = write(
            HubProtocol::MessagePack,
            Naming::AsDeclared,
            &BTreeMap::from([(name, 1)]),
        );
        let item = item(HubProtocol::MessagePack, &message).with_naming(Naming::DotNet);
        assert_eq!(
            item.decode::<Inner>().unwrap().last_seen,
            expected,
            "{name}"
        );
    }
}

#[test]
fn enums_of_serde_are_read_by_name() {
    check_json("\"VeryHappy\"", Mood::VeryHappy);
    check_json("{\"VeryHappy\":null}", Mood::VeryHappy);
    check_json("{\"Named\":\"x\"}", Mood::Named("x".to_owned()));
    check_json(
        "[\"Calm\",\"veryhappy\"]",
        vec![Mood::Calm, Mood::VeryHappy],
    );
    for refused in [
        "0",
        "1",
        "-1",
        "4294967296",
        "1.0",
        "null",
        "{}",
        "\"calmer\"",
        "[]",
    ] {
        assert!(
            from_json::<Mood>(Naming::DotNet, refused).is_err(),
            "{refused}"
        );
    }
    let two = "{\"Named\":\"x\",\"Calm\":null}";
    assert!(
        from_json::<Mood>(Naming::DotNet, two)
            .unwrap_err()
            .starts_with("more than one property")
    );
    assert!(from_json::<Mood>(Naming::AsDeclared, "1").is_err());
}

#[test]
fn what_knows_nothing_of_names_stays() {
    let value = serde_json::json!({"some_key": [1.0, null, {"a_b": "c"}]});
    let message = write(HubProtocol::Json, Naming::DotNet, &value);
    let written = item(HubProtocol::Json, &message).with_naming(Naming::DotNet);
    assert_eq!(
        written.decode::<Box<RawValue>>().unwrap().get(),
        r#"{"some_key":[1,null,{"a_b":"c"}]}"#
    );
    let raw = RawValue::from_string("{ \"a_b\": 1 }".to_owned()).unwrap();
    let message = write(HubProtocol::Json, Naming::DotNet, &vec![raw]);
    assert!(message.ends_with(b"\"item\":[{ \"a_b\": 1 }]}\x1e"));
}

#[test]
fn arguments_are_named_too() {
    let arguments: &dyn Arguments = &(Inner { last_seen: None }, Mood::Named(String::new()));
    let mut json = Vec::new();
    arguments.write_json(&mut json, Naming::DotNet).unwrap();
    assert_eq!(json, br#"[{"lastSeen":null},{"Named":""}]"#);
    let mut messagepack = Vec::new();
    arguments
        .write_messagepack(&mut messagepack, Naming::DotNet)
        .unwrap();
    assert_eq!(messagepack, b"\x92\x81\xa8LastSeen\xc0\x81\xa5Named\xa0");

    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        let mut out = Vec::new();
        let mut writer = protocol.writer(&mut out).with_naming(Naming::DotNet);
        writer.invocation(None, "T", arguments, &[]).unwrap();
        let message = protocol.next_message(&out, None).unwrap().unwrap().0;
        let HubMessage::Invocation(call) = message else {
            panic!()
        };
        let arguments = call.arguments.with_naming(Naming::DotNet);
        let bound = arguments.bind::<(Inner, Mood)>().unwrap();
        let named = Mood::Named(String::new());
        assert_eq!(bound, (Inner { last_seen: None }, named));
        assert!(
            arguments
                .bind::<(Inner,)>()
                .unwrap_err()
                .to_string()
                .contains("provides 2")
        );
    }
}

#[test]
fn results_are_named_too() {
    let mut out = Vec::new();
    let mut writer = HubProtocol::Json
        .writer(&mut out)
        .with_naming(Naming::DotNet);
    writer
        .completion_result("1", &Inner { last_seen: Some(1) })
        .unwrap();
    let message = HubProtocol::Json
        .next_message(&out, None)
        .unwrap()
        .unwrap()
        .0;
    let HubMessage::Completion(completion) = message else {
        panic!()
    };
    let CompletionOutcome::Result(result) = completion.outcome else {
        panic!()
    };
    let result: BTreeMap<String, u8> = result.decode().unwrap();
    assert_eq!(result, BTreeMap::from([("lastSeen".to_owned(), 1)]));
}
