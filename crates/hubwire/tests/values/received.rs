//! The second table of `docs/values.md`: what is read in addition to what is written.

use std::collections::BTreeMap;
use std::fmt::Debug;

use hubwire::dotnet::{DateTimeOffset, Decimal, TimeSpan};
use hubwire::protocol::{HubMessage, HubProtocol};
use hubwire::{Binary, Naming, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::table::DOCUMENT;

#[derive(Debug, Deserialize)]
struct Defaulted {
    #[serde(default)]
    #[expect(dead_code, reason = "read only by `Debug`")]
    age: u8,
}

/// Returns a row: what arrives in each protocol, if anything, and the value that is read from it.
fn row<T: Debug + DeserializeOwned>(rust: &str, json: &str, messagepack: &str) -> String {
    let (json, from_json) = cells(json, |text| received_json::<T>(text));
    let (messagepack, from_messagepack) = cells(messagepack, |hex| received_messagepack::<T>(hex));
    format!("| {rust} | {json} | {from_json} | {messagepack} | {from_messagepack} |")
}

fn cells(form: &str, read: impl FnOnce(&str) -> Option<String>) -> (String, String) {
    if form.is_empty() {
        return (String::new(), String::new());
    }
    let value = match read(form) {
        Some(value) => format!("`{value}`"),
        None => "refused".to_owned(),
    };
    (format!("`{form}`"), value)
}

fn received_json<T: Debug + DeserializeOwned>(text: &str) -> Option<String> {
    let message = format!("{{\"type\":2,\"invocationId\":\"1\",\"item\":{text}}}\u{1e}");
    decoded::<T>(HubProtocol::Json, message.as_bytes())
}

fn received_messagepack<T: Debug + DeserializeOwned>(hex: &str) -> Option<String> {
    let value = hex
        .split(' ')
        .map(|byte| u8::from_str_radix(byte, 16).unwrap());
    let mut body = b"\x94\x02\x80\xa11".to_vec();
    body.extend(value);
    body.insert(0, body.len() as u8);
    decoded::<T>(HubProtocol::MessagePack, &body)
}

/// Decodes the value; either naming gives the same result.
fn decoded<T: Debug + DeserializeOwned>(protocol: HubProtocol, message: &[u8]) -> Option<String> {
    let (message, _) = protocol.next_message(message, None).unwrap().unwrap();
    let HubMessage::StreamItem(item) = message else {
        panic!("no item, but {message:?}");
    };
    let value = item.item.decode::<T>().ok();
    let value = value.map(|value| format!("{value:?}"));
    let item = item.item.with_naming(Naming::DotNet);
    if std::any::type_name::<T>() != std::any::type_name::<Defaulted>() {
        let as_dotnet = item.decode::<T>().ok();
        assert_eq!(value, as_dotnet.map(|value| format!("{value:?}")));
    }
    value
}

fn rows() -> Vec<String> {
    vec![
        row::<i64>("`i64`", "9007199254740992", "cb 43 40 00 00 00 00 00 00"),
        row::<i64>("`i64`", "1.0", "cb 3f f0 00 00 00 00 00 00"),
        row::<i32>("`i32`", "-0", "cb 80 00 00 00 00 00 00 00"),
        row::<f64>("`f64`", "null", "cb 7f f8 00 00 00 00 00 00"),
        row::<Option<f64>>("`Option<f64>`", "null", "cb 7f f8 00 00 00 00 00 00"),
        row::<BTreeMap<i32, String>>("`BTreeMap<i32, _>`", "{\"7\":\"x\"}", "81 a1 37 a1 78"),
        row::<BTreeMap<bool, u8>>(
            "`BTreeMap<bool, _>`",
            "{\"true\":1}",
            "81 a4 74 72 75 65 01",
        ),
        row::<Defaulted>(
            "`#[serde(default)] age: u8`",
            "{\"age\":null}",
            "81 a3 61 67 65 c0",
        ),
        row::<Defaulted>("the same", "{}", "80"),
        row::<Binary>("[`Binary`]", "\"Ac\\r\\ng=\"", "a2 01 48"),
        row::<String>("`String`", "\"2020-01-02T03:04:05Z\"", "d6 ff 5e 0d 5d a5"),
        row::<String>(
            "`String`",
            "\"2020-01-02T03:04:05+02:00\"",
            "92 d6 ff 5e 0d 5d a5 78",
        ),
        row::<Value>("`serde_json::Value`", "\"Acg=\"", "c4 02 01 c8"),
        row::<Value>("`serde_json::Value`", "", "92 d6 ff 5e 0d 5d a5 78"),
        row::<char>("`char`", "\"x\"", "78"),
        row::<char>("`char`", "120", "a1 78"),
        row::<Timestamp>("[`Timestamp`]", "\"2020-01-02T03:04:05\"", ""),
        row::<Timestamp>("[`Timestamp`]", "\"2020-01-02\"", ""),
        row::<Timestamp>(
            "[`Timestamp`]",
            "\"2020-01-02T03:04:05+02:00\"",
            "92 d6 ff 5e 0d 5d a5 78",
        ),
        row::<DateTimeOffset>(
            "[`dotnet::DateTimeOffset`]",
            "\"2020-01-02T03:04:05Z\"",
            "d6 ff 5e 0d 5d a5",
        ),
        row::<Decimal>("[`dotnet::Decimal`]", "1.1", "cb 3f f1 99 99 99 99 99 9a"),
        row::<Decimal>("[`dotnet::Decimal`]", "\"1.10\"", "05"),
        row::<TimeSpan>(
            "[`dotnet::TimeSpan`]",
            "15000000",
            "a8 30 30 3a 30 30 3a 30 31",
        ),
    ]
}

#[test]
fn the_document_says_what_is_read() {
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
    let (_, read) = DOCUMENT.split_once("\n## ").unwrap();
    let documented = read
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("` |"));
    assert_eq!(
        documented.count(),
        rows.len(),
        "a row of docs/values.md has no test"
    );
}
