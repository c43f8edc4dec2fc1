//! The values that .NET wrote and read, in `tests/vectors/dotnet_values.jsonl`.

use std::collections::BTreeMap;
use std::fmt::Debug;

use hubwire::Naming;
use hubwire::dotnet::{self, Flags, Open};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::wire::{from_json, from_messagepack, to_json, to_messagepack};
use super::{Access, Gender, Mood};

pub(crate) const TABLE: &str = include_str!("../../../../../tests/vectors/dotnet_values.jsonl");

#[derive(Clone, Copy, Debug, PartialEq, dotnet::Enum)]
#[repr(i64)]
enum Big {
    Huge = 1 << 40,
    Tiny = i64::MIN,
}

#[derive(Clone, Copy, Debug, PartialEq, dotnet::Enum)]
#[repr(u8)]
enum Small {
    Top = 255,
}

#[derive(Clone, Copy, Debug, PartialEq, dotnet::Enum)]
enum Named {
    FirstOne,
}

/// Returns the rows about a type that .NET `writes` or `reads`.
pub(crate) fn rows(what: &str, of: &str) -> Vec<Value> {
    let rows = TABLE
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let rows: Vec<Value> = rows
        .filter(|row| row["what"] == what && row["type"] == of)
        .collect();
    assert!(!rows.is_empty(), "{what} {of}");
    rows
}

/// Returns the number in brackets; `None` for an exception or null.
fn number(text: &str) -> Option<i64> {
    let number = text.rsplit_once('(')?.1;
    Some(number.strip_suffix(')').unwrap().parse().unwrap())
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|digits| u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap())
        .collect()
}

#[track_caller]
pub(crate) fn check_written<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    naming: Naming,
    row: &Value,
    value: &T,
) {
    let json = row["json"].as_str().unwrap();
    let messagepack = bytes(row["messagepack"].as_str().unwrap());
    assert_eq!(to_json(naming, value).as_deref(), Ok(json), "{row}");
    assert_eq!(
        to_messagepack(naming, value).as_ref(),
        Ok(&messagepack),
        "{row}"
    );
    assert_eq!(from_json::<T>(naming, json).as_ref(), Ok(value), "{row}");
    assert_eq!(
        from_messagepack::<T>(naming, &messagepack).as_ref(),
        Ok(value),
        "{row}"
    );
}

/// Writes the value of each row with the type that keeps all numbers, and with the enum itself.
#[track_caller]
fn check_enum_written<E>(naming: Naming, of: &str)
where
    E: dotnet::Enum + Serialize + DeserializeOwned + PartialEq + Debug,
{
    for row in rows("writes", of) {
        let number = number(row["value"].as_str().unwrap()).unwrap();
        check_written(naming, &row, &Open::<E>::from_number(number));
        if let Some(variant) = E::from_number(number) {
            check_written(naming, &row, &variant);
        }
    }
}

#[test]
fn enums_are_written_as_dotnet_writes_them() {
    check_enum_written::<Mood>(Naming::DotNet, "enum Mood");
    check_enum_written::<Gender>(Naming::DotNet, "enum Gender (from 1, negative, gap)");
    check_enum_written::<Big>(Naming::DotNet, "enum Big : long");
    check_enum_written::<Small>(Naming::DotNet, "enum Small : byte");
    check_enum_written::<Named>(
        Naming::DotNetStringEnums,
        "enum Named with JsonStringEnumConverter",
    );
    for row in rows("writes", "flags Access") {
        let number = number(row["value"].as_str().unwrap()).unwrap();
        check_written(Naming::DotNet, &row, &Flags::<Access>::from_number(number));
    }
    for row in rows("writes", "enum Mood?") {
        let mood = (row["value"] != "null").then_some(Mood::Happy);
        check_written(Naming::DotNet, &row, &mood);
    }
    for row in rows("writes", "Dictionary<Mood, int>") {
        let numbers = BTreeMap::from([(Mood::Happy.into(), 1), (Open::Unknown(7), 2)]);
        check_written::<BTreeMap<Open<Mood>, i32>>(Naming::DotNet, &row, &numbers);
    }
}

/// Returns the forms that are read differently here than in .NET; `read` returns the number of
/// each.
pub(crate) fn differing(
    of: &str,
    read: impl Fn(&Value) -> Option<i64>,
    as_dotnet: impl Fn(&str) -> Option<i64>,
) -> Vec<String> {
    let rows = rows("reads", of);
    let differing = rows
        .iter()
        .filter(|row| read(row) != as_dotnet(row["value"].as_str().unwrap()));
    let form = |row: &Value| {
        let json = row["json"].as_str().map(str::to_owned);
        json.unwrap_or_else(|| format!("x{}", row["messagepack"].as_str().unwrap()))
    };
    differing.map(form).collect()
}

/// Decodes the form of a row.
pub(crate) fn received<T: DeserializeOwned>(naming: Naming, row: &Value) -> Option<T> {
    match (&row["json"], &row["messagepack"]) {
        (Value::String(json), _) => from_json(naming, json).ok(),
        (_, Value::String(hex)) => from_messagepack(naming, &bytes(hex)).ok(),
        _ => panic!("{row}"),
    }
}

#[test]
fn enums_are_read_as_dotnet_reads_them() {
    let open = |row: &Value| Some(received::<Open<Gender>>(Naming::DotNet, row)?.number());
    // Names in JSON, which .NET reads with Newtonsoft and with a `JsonStringEnumConverter`.
    let names = [r#""Male""#, r#""male""#];
    assert_eq!(differing("enum Gender", open, number), names);

    let flags = |row: &Value| Some(received::<Flags<Access>>(Naming::DotNet, row)?.number());
    assert_eq!(
        differing("flags Access", flags, number),
        [r#""Read, Write""#]
    );

    let named = |row: &Value| {
        let named = received::<Open<Named>>(Naming::DotNetStringEnums, row)?;
        Some(named.number())
    };
    let of = "enum Named with JsonStringEnumConverter";
    assert_eq!(differing(of, named, number), [""; 0]);

    let key = |row: &Value| {
        let numbers = received::<BTreeMap<Open<Mood>, i32>>(Naming::DotNet, row)?;
        Some(numbers.first_key_value()?.0.number())
    };
    let as_dotnet = |text: &str| number(text.split_once(": 1}")?.0);
    assert_eq!(differing("Dictionary<Mood, int>", key, as_dotnet), [""; 0]);
}

#[test]
fn an_unknown_variant_is_refused() {
    let closed = |row: &Value| {
        let gender = received::<Gender>(Naming::DotNet, row)?;
        Some(dotnet::Enum::number(&gender))
    };
    let known = |text: &str| {
        let gender: Option<Gender> = number(text).and_then(dotnet::Enum::from_number);
        gender.map(|gender| dotnet::Enum::number(&gender))
    };
    assert_eq!(
        differing("enum Gender", closed, known),
        [r#""Male""#, r#""male""#]
    );
    for naming in [
        Naming::AsDeclared,
        Naming::DotNet,
        Naming::DotNetStringEnums,
    ] {
        assert_eq!(
            from_json::<Gender>(naming, "3"),
            Err(
                "invalid value: integer `3`, expected the number of a variant of `Gender`; \
                 `hubwire::dotnet::Open<Gender>` keeps any number"
                    .to_owned()
            )
        );
        assert_eq!(
            from_messagepack::<Gender>(naming, b"\xa4Nope"),
            Err(
                "unknown variant `Nope`, expected one of `Male`, `Female`, `Other`, `Odd`"
                    .to_owned()
            )
        );
        assert_eq!(
            from_messagepack::<Gender>(naming, b"\x01"),
            Err("invalid type: integer `1`, expected the name of a variant of `Gender`".to_owned())
        );
        for refused in [
            "1.0",
            "null",
            "true",
            "[]",
            "{}",
            "9223372036854775808",
            "\"\"",
            "\"1.0\"",
            "\"Male,\"",
        ] {
            assert!(
                from_json::<Open<Gender>>(naming, refused).is_err(),
                "{refused}"
            );
        }
    }
}
