//! Helpers for the tests of all types.

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Decimal;
use crate::{HubMessage, HubProtocol, Naming, RawItem, json, messagepack};

pub(super) fn in_json(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    json::write_value(&mut out, value).unwrap();
    String::from_utf8(out).unwrap()
}

pub(super) fn in_messagepack(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    messagepack::write_value(&mut out, value).unwrap();
    out.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, String> {
    decoded(&RawItem::from_json(json))
}

pub(super) fn from_messagepack<T: DeserializeOwned>(hex: &str) -> Result<T, String> {
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    decoded(&RawItem::from_messagepack(&bytes))
}

/// Decodes a value with two namings, which must give the same result.
fn decoded<T: DeserializeOwned>(item: &RawItem<'_>) -> Result<T, String> {
    let read = item.decode::<T>();
    let as_dotnet = item.clone().with_naming(Naming::DotNet).decode::<T>();
    assert_eq!(read.is_ok(), as_dotnet.is_ok());
    read.map_err(|error| std::error::Error::source(&error).unwrap().to_string())
}

pub(super) fn any_decimal() -> impl Strategy<Value = Decimal> {
    let mantissa = prop_oneof![
        -79_228_162_514_264_337_593_543_950_335_i128..=79_228_162_514_264_337_593_543_950_335,
        -1_000_i128..1_000,
    ];
    (mantissa, 0_u32..=28).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale).unwrap())
}

/// Each codec handles decimals that are only passed on.
#[test]
fn received_values_pass_on() {
    let price: Decimal = "1.10".parse().unwrap();
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        let mut out = Vec::new();
        let item = RawItem::encode(protocol, Naming::AsDeclared, &price).unwrap();
        protocol.writer(&mut out).stream_item("1", &item).unwrap();
        let (message, _) = protocol.next_message(&out, None).unwrap().unwrap();
        let HubMessage::StreamItem(received) = message else {
            panic!("not a stream item");
        };
        let read = received.item.decode::<Decimal>().unwrap();
        assert_eq!(read.to_string(), "1.10");
    }
}

/// .NET's `char` is a single UTF-16 code unit.
#[test]
fn a_character_is_a_number_if_it_is_one_unit() {
    for (character, expected) in [
        ('x', &b"\x78"[..]),
        ('中', b"\xcd\x4e\x2d"),
        ('😀', "\u{1f600}".as_bytes()),
    ] {
        let item = RawItem::encode(HubProtocol::MessagePack, Naming::DotNet, &character).unwrap();
        let mut out = Vec::new();
        messagepack::write_value(&mut out, &item).unwrap();
        assert!(out.ends_with(expected), "{out:02x?}");
        assert_eq!(item.decode::<char>().unwrap(), character);
    }
}
