//! Values to the wire and back.

use hubwire::Naming;
use hubwire::protocol::HubProtocol;
use hubwire::protocol::{HubMessage, RawItem, json, messagepack};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What the error is about, which is behind its own text.
fn cause(error: &dyn std::error::Error) -> String {
    error.source().unwrap().to_string()
}

pub(crate) fn to_json<T: Serialize>(naming: Naming, value: &T) -> Result<String, String> {
    let item = RawItem::encode(HubProtocol::Json, naming, value).map_err(|error| cause(&error))?;
    let mut text = Vec::new();
    json::write_value(&mut text, &item).unwrap();
    Ok(String::from_utf8(text).unwrap())
}

pub(crate) fn to_messagepack<T: Serialize>(naming: Naming, value: &T) -> Result<Vec<u8>, String> {
    let item = RawItem::encode(HubProtocol::MessagePack, naming, value);
    let item = item.map_err(|error| cause(&error))?;
    let mut bytes = Vec::new();
    messagepack::write_value(&mut bytes, &item).unwrap();
    Ok(bytes)
}

pub(crate) fn from_json<T: DeserializeOwned>(naming: Naming, text: &str) -> Result<T, String> {
    let message = format!("{{\"type\":2,\"invocationId\":\"1\",\"item\":{text}}}\u{1e}");
    received(HubProtocol::Json, message.as_bytes(), naming)
}

pub(crate) fn from_messagepack<T: DeserializeOwned>(
    naming: Naming,
    bytes: &[u8],
) -> Result<T, String> {
    let body = [b"\x94\x02\x80\xa11", bytes].concat();
    let length = u16::try_from(body.len()).unwrap();
    let length = [(length & 0x7F) as u8 | 0x80, (length >> 7) as u8];
    received(
        HubProtocol::MessagePack,
        &[&length[..], &body].concat(),
        naming,
    )
}

fn received<T: DeserializeOwned>(
    protocol: HubProtocol,
    message: &[u8],
    naming: Naming,
) -> Result<T, String> {
    match protocol.next_message(message, None).unwrap().unwrap().0 {
        HubMessage::StreamItem(item) => item
            .item
            .with_naming(naming)
            .decode()
            .map_err(|error| cause(&error)),
        other => panic!("no item, but {other:?}"),
    }
}

/// What is in MessagePack, shown as JSON.
pub(crate) fn shown(messagepack: &[u8]) -> Value {
    from_messagepack(Naming::AsDeclared, messagepack).unwrap()
}

/// MessagePack of what JSON shows.
pub(crate) fn packed(value: &Value) -> Vec<u8> {
    to_messagepack(Naming::AsDeclared, value).unwrap()
}
