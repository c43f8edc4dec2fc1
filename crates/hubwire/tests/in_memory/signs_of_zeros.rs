//! A `-0` whose sign means something, in JSON as in MessagePack.

use hubwire::Naming;
use hubwire::protocol::{HubMessage, HubProtocol, RawItem};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

fn from_json<T: DeserializeOwned>(json: &str) -> Option<T> {
    let record = format!("{{\"type\":2,\"invocationId\":\"1\",\"item\":{json}}}\u{1e}");
    match HubProtocol::Json.next_message(record.as_bytes(), None) {
        Ok(Some((HubMessage::StreamItem(message), _))) => message.item.decode().ok(),
        other => panic!("no item: {other:?}"),
    }
}

fn from_messagepack<T: DeserializeOwned>(value: impl Serialize) -> Option<T> {
    let item = RawItem::encode(HubProtocol::MessagePack, Naming::AsDeclared, &value);
    item.unwrap().decode().ok()
}

/// A number with a plus sign.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(try_from = "f64")]
struct Upright(f64);

impl TryFrom<f64> for Upright {
    type Error = &'static str;

    fn try_from(number: f64) -> Result<Self, &'static str> {
        match number.is_sign_positive() {
            true => Ok(Self(number)),
            false => Err("a minus sign"),
        }
    }
}

#[test]
fn a_type_that_refuses_it_refuses_it_in_both_protocols() {
    assert_eq!(from_messagepack::<Upright>(-0.0), None);
    assert_eq!(from_json::<Upright>("-0.0"), None);
    assert_eq!(from_json::<Upright>("-0"), None);
}

#[derive(Debug, Deserialize, Serialize)]
struct Line {
    factor: f64,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Debug, Deserialize, Serialize)]
struct Rest {
    count: i32,
}

#[test]
fn it_keeps_its_sign_beside_one_that_serde_has_buffered() {
    let line = Line {
        factor: -0.0,
        rest: Rest { count: 0 },
    };
    let packed: Line = from_messagepack(line).unwrap();
    let read: Line = from_json(r#"{"factor":-0,"count":-0}"#).unwrap();
    assert_eq!(read.rest.count, packed.rest.count);
    assert_eq!(
        read.factor.is_sign_negative(),
        packed.factor.is_sign_negative()
    );
}
