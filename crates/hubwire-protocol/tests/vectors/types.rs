//! Values of .NET's types: what fits each of ours, and how it is read.

use std::collections::BTreeMap;

use hubwire_protocol::{
    Binary, CompletionOutcome, HandshakeRequest, HubMessage, HubProtocol, Naming, Timestamp,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::messagepack::{messages_to_client, parse};
use crate::transcript::{Direction, payload, read};

type List<T> = Option<Vec<T>>;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
enum Mood {
    #[default]
    Calm,
    Happy,
    Wild,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Person {
    name: Option<String>,
    age: i32,
    mood: Mood,
    born: Option<Timestamp>,
    tags: List<String>,
    scores: Option<BTreeMap<String, i32>>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Place {
    name: Option<String>,
    latitude: f64,
    longitude: f64,
}

/// A call and its result, if it has one.
struct Case {
    name: String,
    target: String,
    sent: Vec<u8>,
    answer: Option<Vec<u8>>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for ((name, _), conversation) in read("messagepack/types.jsonl") {
        let (Some(sent), Some(received)) = (
            payload(&conversation, Direction::ToServer),
            messages_to_client(&conversation),
        ) else {
            continue;
        };
        let (_, start) = HandshakeRequest::read(&sent, None).unwrap().unwrap();
        let answers = parse(&received, None).0;
        let answer = answers.into_iter().find_map(|message| match message {
            HubMessage::Completion(completion) if completion.invocation_id == "1" => {
                Some(completion.outcome)
            }
            _ => None,
        });
        let answer = answer.and_then(result);
        let Some(HubMessage::Invocation(call)) = parse(&sent[start..], None).0.into_iter().next()
        else {
            continue;
        };
        let target = call.target.to_string();
        cases.push(Case {
            name,
            target,
            sent: sent[start..].to_vec(),
            answer,
        });
    }
    cases
}

/// Checks that a value fits where it fits in .NET, and is written as it was, except in the cases
/// `but`.
#[track_caller]
fn check<T: Serialize + DeserializeOwned>(target: &str, but: &[&str]) {
    let cases = cases();
    let cases = cases.iter().filter(|case| case.target == target);
    let differing: Vec<_> = cases
        .clone()
        .filter(|case| echo::<T>(&case.sent) != case.answer)
        .map(|case| &*case.name)
        .collect();
    assert!(cases.count() > 0, "{target}");
    assert_eq!(differing, but, "{target}");
}

/// Returns the result of a method that returns its only parameter; `None` if the argument does not
/// fit.
fn echo<T: Serialize + DeserializeOwned>(sent: &[u8]) -> Option<Vec<u8>> {
    let (messages, _) = parse(sent, None);
    let HubMessage::Invocation(call) = messages.into_iter().next()? else {
        return None;
    };
    let arguments = call.arguments.with_naming(Naming::DotNet);
    let (value,) = arguments.bind::<(T,)>().ok()?;
    let mut out = Vec::new();
    let mut writer = HubProtocol::MessagePack
        .writer(&mut out)
        .with_naming(Naming::DotNet);
    writer.completion_result("1", &value).unwrap();
    match parse(&out, None).0.into_iter().next()? {
        HubMessage::Completion(completion) => result(completion.outcome),
        _ => None,
    }
}

/// Returns the bytes of a result.
fn result(outcome: CompletionOutcome<'_>) -> Option<Vec<u8>> {
    let CompletionOutcome::Result(result) = outcome else {
        return None;
    };
    let mut bytes = Vec::new();
    hubwire_protocol::messagepack::write_value(&mut bytes, &result).unwrap();
    Some(bytes)
}

#[test]
fn scalars() {
    check::<bool>("EchoBool", &[]);
    check::<u8>("EchoByte", &[]);
    check::<i8>("EchoSByte", &[]);
    check::<i16>("EchoShort", &[]);
    check::<u16>("EchoUShort", &[]);
    check::<i32>("EchoInt", &[]);
    check::<u32>("EchoUInt", &[]);
    check::<i64>("EchoLong", &[]);
    check::<u64>("EchoULong", &[]);
    check::<f32>("EchoFloat", &[]);
    check::<f64>("EchoDouble", &[]);
    check::<Option<String>>("EchoString", &[]);
    check::<Option<i32>>("EchoNullableInt", &[]);
    // The uuid crate accepts 32 digits, and braces.
    check::<Uuid>("EchoGuid", &["EchoGuid-2", "EchoGuid-3"]);
    // A billion nanoseconds; text; digits that .NET does not keep.
    check::<Timestamp>(
        "EchoDateTime",
        &[
            "EchoDateTime-10",
            "EchoDateTime-14",
            "EchoDateTime-15",
            "EchoDateTime-2",
        ],
    );
    check::<Option<Timestamp>>("EchoNullableDateTime", &[]);
    check::<Option<Binary>>("EchoBytes", &[]);
    // An array; a nil, which is not bytes there.
    check::<Option<Binary>>("EchoMemory", &["EchoMemory-2", "EchoMemory-3"]);
    // Numbers as text, and lists of names.
    check::<Mood>("EchoMood", &["EchoMood-11", "EchoMood-4", "EchoMood-5"]);
    check::<Option<Mood>>("EchoNullableMood", &[]);
}

#[test]
fn containers() {
    check::<List<i32>>("EchoInts", &[]);
    check::<List<f64>>("EchoDoubles", &[]);
    check::<List<f32>>("EchoFloats", &[]);
    check::<List<List<i32>>>("EchoJagged", &[]);
    check::<List<Option<String>>>("EchoStrings", &[]);
    // Bin.
    check::<List<u8>>("EchoByteList", &["EchoByteList-0"]);
    check::<List<i32>>("EchoEnumerable", &[]);
    check::<(i32, Option<String>)>("EchoValueTuple", &[]);
    check::<(Option<String>, i32)>("EchoKeyValue", &[]);
    // The order of the keys; a key that is text.
    check::<Option<BTreeMap<String, i32>>>("EchoStringInt", &["EchoStringInt-0"]);
    check::<Option<BTreeMap<i32, String>>>(
        "EchoIntString",
        &["EchoIntString-0", "EchoIntString-1"],
    );
    check::<Option<BTreeMap<Uuid, String>>>("EchoGuidString", &[]);
    // Arrays, a date as text, and a member that occurs twice.
    check::<Option<Person>>(
        "EchoPerson",
        &[
            "EchoPerson-11",
            "EchoPerson-12",
            "EchoPerson-17",
            "EchoPerson-5",
        ],
    );
    check::<Point>("EchoPoint", &["EchoPoint-4"]);
    check::<Option<Place>>("EchoPlace", &[]);
}
