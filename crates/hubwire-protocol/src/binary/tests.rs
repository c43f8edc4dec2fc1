//! Binary values in both protocols.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Binary;
use crate::{json, messagepack};

fn in_messagepack(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    messagepack::write_value(&mut out, value).unwrap();
    out
}

fn in_json(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    json::write_value(&mut out, value).unwrap();
    String::from_utf8(out).unwrap()
}

fn from_messagepack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let input = messagepack::Input::new(bytes);
    let mut from = messagepack::Deserializer::new(input, crate::Naming::AsDeclared);
    T::deserialize(&mut from).map_err(|error| error.to_string())
}

#[test]
fn bin_text_and_integers_are_bytes() {
    let expected = Ok(Binary::from([1, 2]));
    assert_eq!(from_messagepack(b"\xc4\x02\x01\x02"), expected);
    assert_eq!(from_messagepack(b"\xc5\0\x02\x01\x02"), expected);
    assert_eq!(from_messagepack(b"\xa2\x01\x02"), expected);
    assert_eq!(
        from_messagepack(b"\xa2\xff\xfe"),
        Ok(Binary::from([0xFF, 0xFE]))
    );
    assert_eq!(from_messagepack(b"\x92\x01\xcd\0\x02"), expected);
    for refused in [
        &b"\x92\x01\xcd\x01\0"[..],
        b"\x05",
        b"\xc0",
        b"\x80",
        b"\xc4\x05\x01",
    ] {
        assert!(from_messagepack::<Binary>(refused).is_err(), "{refused:x?}");
    }
    assert_eq!(from_messagepack(b"\xc0"), Ok(None::<Binary>));
    let long = Binary::from(vec![7; 70_000]);
    let written = in_messagepack(&long);
    assert!(written.starts_with(b"\xc6\0\x01\x11\x70\x07"));
    assert_eq!(from_messagepack(&written), Ok(long));
}

#[test]
fn base64_is_checked() {
    assert_eq!(
        serde_json::from_str::<Binary>("\"AQI=\"").unwrap(),
        Binary::from([1, 2])
    );
    assert_eq!(
        serde_json::from_str::<Binary>("\"\"").unwrap(),
        Binary::new()
    );
    for refused in ["\"AQI\"", "\"A Q=\"", "\"_w==\"", "[1,2]", "5", "null"] {
        assert!(
            serde_json::from_str::<Binary>(refused).is_err(),
            "{refused}"
        );
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(i64),
    Bytes(Binary),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Blob { data: Binary },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nested {
    one: Option<Binary>,
    none: Option<Binary>,
    many: Vec<Binary>,
    named: BTreeMap<String, Binary>,
    either: Vec<Either>,
    tagged: Tagged,
    #[serde(flatten)]
    rest: BTreeMap<String, Binary>,
}

#[test]
fn within_other_types() {
    let bytes = || Binary::from([0, 0xFF]);
    let nested = Nested {
        one: Some(bytes()),
        none: None,
        many: vec![Binary::new(), bytes()],
        named: [("a".to_owned(), bytes())].into(),
        either: vec![Either::Bytes(bytes()), Either::Number(1)],
        tagged: Tagged::Blob { data: bytes() },
        rest: [("more".to_owned(), bytes())].into(),
    };
    assert_eq!(
        serde_json::from_str::<Nested>(&in_json(&nested)).unwrap(),
        nested
    );
    assert_eq!(from_messagepack(&in_messagepack(&nested)), Ok(nested));
}

#[test]
fn debug_shows_what_is_printable() {
    assert_eq!(format!("{:?}", Binary::from(*b"a\xff")), "b\"a\\xff\"");
}
