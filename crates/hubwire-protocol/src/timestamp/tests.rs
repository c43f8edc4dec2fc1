//! Timestamps in both protocols, and by themselves.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Timestamp, TimestampError};
use crate::{json, messagepack};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn in_messagepack(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    messagepack::write_value(&mut out, value).unwrap();
    out.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn in_json(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    json::write_value(&mut out, value).unwrap();
    String::from_utf8(out).unwrap()
}

fn from_messagepack<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let input = messagepack::Input::new(bytes);
    let mut from = messagepack::Deserializer::new(input, crate::Naming::AsDeclared);
    T::deserialize(&mut from).map_err(|error| error.to_string())
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

/// The expected bytes were recorded from ASP.NET Core 10.
#[test]
fn the_smallest_extension() {
    for (text, hex) in [
        ("1970-01-01T00:00:00Z", "d6ff00000000"),
        ("2020-01-02T03:04:05Z", "d6ff5e0d5da5"),
        ("2106-02-07T06:28:15Z", "d6ffffffffff"),
        ("2106-02-07T06:28:16Z", "d7ff0000000100000000"),
        ("2020-01-02T03:04:05.1234567Z", "d7ff1d6f32f05e0d5da5"),
        ("2514-05-30T01:53:03.999999999Z", "d7ffee6b27ffffffffff"),
        ("2514-05-30T01:53:04Z", "c70cff000000000000000400000000"),
        ("1969-12-31T23:59:59Z", "c70cff00000000ffffffffffffffff"),
        ("1969-12-31T23:59:59.5Z", "c70cff1dcd6500ffffffffffffffff"),
        ("0001-01-01T00:00:00Z", "c70cff00000000fffffff1886e0900"),
        (
            "9999-12-31T23:59:59.9999999Z",
            "c70cff3b9ac99c0000003afff4417f",
        ),
    ] {
        let timestamp = at(text);
        assert_eq!(in_messagepack(&timestamp), hex, "{text}");
        assert_eq!(from_messagepack(&bytes(hex)), Ok(timestamp), "{text}");
        assert_eq!(in_json(&timestamp), format!("\"{text}\""));
        assert_eq!(
            serde_json::from_str::<Timestamp>(&in_json(&timestamp)).unwrap(),
            timestamp
        );
    }
}

#[test]
fn text_is_read_with_any_offset() {
    for (text, expected) in [
        ("2000-01-01T00:00:00.000Z", "2000-01-01T00:00:00Z"),
        ("2000-01-01T00:00:00+00:00", "2000-01-01T00:00:00Z"),
        ("2000-01-01T00:00:00-01:30", "2000-01-01T01:30:00Z"),
        (
            "2000-01-01T00:00:00.1234567+14:00",
            "1999-12-31T10:00:00.1234567Z",
        ),
        ("2000-01-01T00:00:00", "2000-01-01T00:00:00Z"),
        ("2000-01-01T00:00:00.5", "2000-01-01T00:00:00.5Z"),
        ("2000-01-01T01:02", "2000-01-01T01:02:00Z"),
        ("2000-01-01T01:02+01:00", "2000-01-01T00:02:00Z"),
        ("2000-01-01", "2000-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
        (
            "2000-02-29T23:59:59.1234567899Z",
            "2000-02-29T23:59:59.123456789Z",
        ),
    ] {
        assert_eq!(at(text).to_string(), expected);
    }
    for text in [
        "",
        "2000-01-01T",
        "2000-01-01T00",
        "2000-01-01Z",
        "2000-01-01T00:00:",
        "2000-01-01T00:00.5",
        "2000-01-01T00:00:00z",
        "2000-01-01T00:00:00.Z",
        "2000-01-01T00:00:00Z ",
        "2000-01-01 00:00:00Z",
        "2000-13-01T00:00:00Z",
        "2001-02-29T00:00:00Z",
        "2000-01-01T24:00:00Z",
        "2000-01-01T00:60:00Z",
        "2000-01-01T00:00:60Z",
        "2000-01-01T00:00:00+0130",
        "+2000-01-01T00:00:00Z",
    ] {
        assert_eq!(
            text.parse::<Timestamp>(),
            Err(TimestampError::Syntax),
            "{text}"
        );
    }
    for text in [
        "0000-12-31T23:59:59Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ] {
        assert_eq!(
            text.parse::<Timestamp>(),
            Err(TimestampError::OutOfRange),
            "{text}"
        );
    }
}

#[test]
fn what_is_out_of_range_is_refused() {
    assert_eq!(
        Timestamp::from_unix(0, 1_000_000_000),
        Err(TimestampError::OutOfRange)
    );
    assert_eq!(
        Timestamp::from_unix(i64::MIN, 0),
        Err(TimestampError::OutOfRange)
    );
    assert_eq!(
        Timestamp::from_unix(i64::MAX, 0),
        Err(TimestampError::OutOfRange)
    );
    for hex in [
        "d7ffee6b28005e0d5da5",
        "c70cff000000007fffffffffffffff",
        "c70cff3b9aca000000000000000000",
        "d5ff0000",
        "c700ff",
    ] {
        let error = from_messagepack::<Timestamp>(&bytes(hex)).unwrap_err();
        assert_eq!(error, "timestamp out of range");
    }
    for hex in ["00", "c0", "d40500", "c400"] {
        assert!(from_messagepack::<Timestamp>(&bytes(hex)).is_err(), "{hex}");
    }
}

#[test]
fn the_systems_time_there_and_back() {
    let epoch = SystemTime::UNIX_EPOCH;
    for (time, text) in [
        (epoch, "1970-01-01T00:00:00Z"),
        (
            epoch + Duration::new(1, 5),
            "1970-01-01T00:00:01.000000005Z",
        ),
        (epoch - Duration::new(1, 0), "1969-12-31T23:59:59Z"),
        (epoch - Duration::from_millis(1), "1969-12-31T23:59:59.999Z"),
    ] {
        let timestamp = Timestamp::try_from(time).unwrap();
        assert_eq!(timestamp.to_string(), text);
        assert_eq!(SystemTime::try_from(timestamp), Ok(time));
    }
    for extreme in [Timestamp::MIN, Timestamp::MAX] {
        let time = SystemTime::try_from(extreme).unwrap();
        assert_eq!(Timestamp::try_from(time), Ok(extreme));
    }
    let too_late = SystemTime::try_from(Timestamp::MAX).unwrap() + Duration::from_nanos(1);
    assert_eq!(
        Timestamp::try_from(too_late),
        Err(TimestampError::OutOfRange)
    );
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(i64),
    When(Timestamp),
    Text(String),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nested {
    one: Option<Timestamp>,
    many: Vec<Timestamp>,
    named: BTreeMap<String, Timestamp>,
    either: Vec<Either>,
}

#[test]
fn within_other_types() {
    let when = at("2020-01-02T03:04:05.5Z");
    let nested = Nested {
        one: Some(when),
        many: vec![Timestamp::UNIX_EPOCH, when],
        named: [("a".to_owned(), when)].into(),
        either: vec![
            Either::When(when),
            Either::Number(1),
            Either::Text("x".to_owned()),
        ],
    };
    assert_eq!(
        serde_json::from_str::<Nested>(&in_json(&nested)).unwrap(),
        nested
    );
    assert_eq!(
        from_messagepack(&bytes(&in_messagepack(&nested))),
        Ok(nested)
    );
}

/// For a type that does not know the extension it is text, which types of other libraries can
/// read.
#[test]
fn other_types_see_text() {
    let hex = bytes("d6ff5e0d5da5");
    let text = "2020-01-02T03:04:05Z";
    assert_eq!(from_messagepack(&hex), Ok(text.to_owned()));
    assert_eq!(from_messagepack(&hex), Ok(serde_json::Value::from(text)));
}
