//! The table of what .NET writes for its values and makes of what peers send: ours is alike, or listed here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use hubwire_protocol::dotnet::{DateOnly, DateTimeOffset, Decimal, TimeOnly, TimeSpan};
use hubwire_protocol::{Binary, HubMessage, HubProtocol, Naming, RawItem, Timestamp};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod differences;
mod pairs;

use differences::{DIFFERENCES, WITHOUT_COUNTERPART};
use pairs::{Entry, Items, Pair};

#[derive(Debug, Deserialize)]
struct Row {
    what: What,
    #[serde(rename = "type")]
    dotnet_type: String,
    /// .NET's own text of the value; of one that is not read `!` and the exception.
    value: String,
    json: Option<String>,
    newtonsoft: Option<String>,
    messagepack: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum What {
    Reads,
    Writes,
}

fn rows() -> Vec<Row> {
    let file = "../../tests/vectors/dotnet_values.jsonl";
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The rows, and which of them a type of ours was held against.
struct Table {
    rows: Vec<Row>,
    covered: BTreeSet<usize>,
    differing: Vec<String>,
}

impl Table {
    /// Holds a type of ours against the rows of one of .NET's. `is` compares with .NET's text of a value.
    fn hold<T>(&mut self, dotnet_type: &str, is: fn(&T, &str) -> bool)
    where
        T: DeserializeOwned + PartialEq + Serialize,
    {
        let mut any = false;
        for (at, row) in self.rows.iter().enumerate() {
            if row.dotnet_type != dotnet_type {
                continue;
            }
            any = true;
            self.covered.insert(at);
            let differing = match row.what {
                What::Writes => written::<T>(row, is),
                What::Reads => read::<T>(row, is),
            };
            self.differing.extend(differing);
        }
        assert!(any, "the table has no {dotnet_type}");
    }
}

/// What .NET writes is read as the value that it is, and written alike.
fn written<T>(row: &Row, is: fn(&T, &str) -> bool) -> Vec<String>
where
    T: DeserializeOwned + PartialEq + Serialize,
{
    let mut differing = Vec::new();
    let mut values = Vec::new();
    for (form, item, text) in forms(row) {
        let value = item
            .decode::<T>()
            .ok()
            .filter(|value| is(value, &row.value));
        let is_alike = value.as_ref().is_some_and(|value| {
            form == "newtonsoft" || encoded(item.protocol(), value).as_deref() == Some(&text)
        });
        if !is_alike {
            differing.push(format!("{} writes {form} {text}", row.dotnet_type));
        }
        values.extend(value);
    }
    if values.windows(2).any(|pair| pair[0] != pair[1]) {
        differing.push(format!("{} writes {}", row.dotnet_type, row.value));
    }
    differing
}

/// A form is read as in .NET, or refused as there.
fn read<T: DeserializeOwned>(row: &Row, is: fn(&T, &str) -> bool) -> Vec<String> {
    let is_alike = |item: &RawItem<'_>| match item.decode::<T>() {
        Ok(value) => is(&value, &row.value),
        Err(_) => row.value.starts_with('!'),
    };
    forms(row)
        .into_iter()
        .filter(|(form, item, _)| *form != "newtonsoft" && !is_alike(item))
        .map(|(form, _, text)| format!("{} reads {form} {text}", row.dotnet_type))
        .collect()
}

/// The forms of a row, each under its name, as a received value and as text; without those that .NET does not write.
fn forms(row: &Row) -> Vec<(&'static str, RawItem<'static>, String)> {
    // Newtonsoft's column of what is read is .NET's text, and no form.
    let newtonsoft = row.newtonsoft.clone().filter(|_| row.what == What::Writes);
    let json = [("json", row.json.clone()), ("newtonsoft", newtonsoft)];
    let json = json.into_iter().filter_map(|(name, text)| {
        let text = text.filter(|text| !text.starts_with('!'))?;
        Some((name, received_json(&text), text))
    });
    let messagepack = row.messagepack.clone().filter(|hex| !hex.starts_with('!'));
    let messagepack = messagepack.map(|hex| ("messagepack", received_messagepack(&hex), hex));
    json.chain(messagepack).collect()
}

fn received_json(text: &str) -> RawItem<'static> {
    let message = format!("{{\"type\":2,\"invocationId\":\"1\",\"item\":{text}}}\u{1e}");
    received(HubProtocol::Json, message.as_bytes())
}

fn received_messagepack(hex: &str) -> RawItem<'static> {
    let mut body = b"\x94\x02\x80\xa11".to_vec();
    body.extend(hex.as_bytes().chunks(2).map(|digits| {
        let digits = std::str::from_utf8(digits).unwrap();
        u8::from_str_radix(digits, 16).unwrap()
    }));
    let mut length = body.len();
    let mut message = Vec::new();
    while length > 0x7F {
        message.push(length as u8 & 0x7F | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend(body);
    received(HubProtocol::MessagePack, &message)
}

fn received(protocol: HubProtocol, message: &[u8]) -> RawItem<'static> {
    match protocol.next_message(message, None).unwrap().unwrap().0 {
        HubMessage::StreamItem(item) => item.item.with_naming(Naming::DotNet).into_owned(),
        other => panic!("no item, but {other:?}"),
    }
}

/// The value as JSON, or MessagePack in hex; nothing if it cannot be written.
fn encoded<T: Serialize>(protocol: HubProtocol, value: &T) -> Option<String> {
    let item = RawItem::encode(protocol, Naming::DotNet, value).ok()?;
    let mut out = Vec::new();
    match protocol {
        HubProtocol::Json => {
            hubwire_protocol::json::write_value(&mut out, &item).unwrap();
            Some(String::from_utf8(out).unwrap())
        }
        HubProtocol::MessagePack => {
            hubwire_protocol::messagepack::write_value(&mut out, &item).unwrap();
            Some(out.iter().map(|byte| format!("{byte:02x}")).collect())
        }
    }
}

/// For types of several values, whose forms are compared with each other.
fn any<T>(_: &T, _: &str) -> bool {
    true
}

fn displayed<T: ToString>(value: &T, text: &str) -> bool {
    value.to_string() == text
}

/// What reads .NET's text as the value.
fn parsed<T: FromStr + PartialEq>(value: &T, text: &str) -> bool {
    text.parse().ok().as_ref() == Some(value)
}

/// .NET's text, without what it adds of how it knows the time: `2020-01-02T03:04:05.0000000+01:00 Local`.
fn is_moment(value: &Timestamp, text: &str) -> bool {
    parsed(value, text.split(' ').next().unwrap())
}

fn is_char(value: &char, text: &str) -> bool {
    format!("U+{:04X}", u32::from(*value)) == text
}

/// .NET's text of a dictionary is made by whoever recorded it: `{7: seven, -1: null}`.
fn is_map<K: Display>(value: &IndexMap<K, Option<String>>, text: &str) -> bool {
    let entries: Vec<_> = value
        .iter()
        .map(|(key, value)| format!("{key}: {}", value.as_deref().unwrap_or("null")))
        .collect();
    format!("{{{}}}", entries.join(", ")) == text
}

fn is_binary(value: &Option<Binary>, text: &str) -> bool {
    match value {
        Some(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).eq(text
            .as_bytes()
            .chunks(2)
            .map(|digits| String::from_utf8(digits.to_vec()).unwrap())),
        None => text == "null",
    }
}

#[test]
fn every_row() {
    let mut table = Table {
        rows: rows(),
        covered: BTreeSet::new(),
        differing: Vec::new(),
    };
    hold_all(&mut table);
    let differing: BTreeSet<&str> = table.differing.iter().map(|key| &**key).collect();
    let listed: BTreeSet<&str> = DIFFERENCES.iter().map(|(key, _)| *key).collect();
    let unlisted: Vec<_> = differing.difference(&listed).collect();
    assert!(unlisted.is_empty(), "differs from .NET: {unlisted:#?}");
    let alike: Vec<_> = listed.difference(&differing).collect();
    assert!(alike.is_empty(), "as in .NET, but listed: {alike:#?}");
    let others = table.rows.iter().enumerate();
    let others = others.filter(|(at, _)| !table.covered.contains(at));
    let others: BTreeSet<&str> = others.map(|(_, row)| &*row.dotnet_type).collect();
    let listed: BTreeSet<&str> = WITHOUT_COUNTERPART.iter().map(|(key, _)| *key).collect();
    assert_eq!(others, listed);
}

fn hold_all(table: &mut Table) {
    table.hold::<Decimal>("decimal", displayed);
    table.hold::<TimeSpan>("TimeSpan", displayed);
    table.hold::<DateOnly>("DateOnly", displayed);
    table.hold::<TimeOnly>("TimeOnly", parsed);
    table.hold::<Timestamp>("DateTime", is_moment);
    table.hold::<DateTimeOffset>("DateTimeOffset", parsed);
    table.hold::<Uuid>("Guid", displayed);
    table.hold::<bool>("bool", |value, text| {
        text.eq_ignore_ascii_case(&value.to_string())
    });
    table.hold::<i32>("int", displayed);
    table.hold::<i64>("long", displayed);
    table.hold::<u64>("ulong", displayed);
    table.hold::<f64>("double", |value, text| {
        parsed(value, text) || value.is_nan() && text == "NaN"
    });
    table.hold::<f32>("float", parsed);
    table.hold::<f32>("Half", parsed);
    table.hold::<char>("char", is_char);
    table.hold::<Option<String>>("string", |value, text| {
        value.as_deref().unwrap_or("null") == text
    });
    table.hold::<String>("Uri", displayed);
    table.hold::<String>("Version", displayed);
    table.hold::<Option<Binary>>("byte[]", is_binary);
    table.hold::<Option<Binary>>("ReadOnlyMemory<byte>", any);
    table.hold::<Vec<u8>>("List<byte>", any);
    table.hold::<Vec<i8>>("sbyte[]", any);
    table.hold::<Pair<Entry>>("KeyValuePair<string, int>", any);
    table.hold::<Pair<Items>>("Tuple<int, string>", any);
    hold_dictionaries(table);
}

fn hold_dictionaries(table: &mut Table) {
    table.hold::<IndexMap<i32, Option<String>>>("Dictionary<int, string>", is_map);
    table.hold::<IndexMap<String, i32>>("Dictionary<string, int>", any);
    table.hold::<BTreeMap<Uuid, i32>>("Dictionary<Guid, int>", any);
    table.hold::<BTreeMap<i64, bool>>("Dictionary<long, bool>", any);
    table.hold::<BTreeMap<bool, i32>>("Dictionary<bool, int>", any);
    table.hold::<BTreeMap<char, i32>>("Dictionary<char, int>", any);
    table.hold::<BTreeMap<Timestamp, i32>>("Dictionary<DateTime, int>", any);
    table.hold::<BTreeMap<Decimal, i32>>("Dictionary<decimal, int>", any);
}
