//! Hub messages: reading inverts writing, wherever the bytes are cut.

use hubwire_protocol::{HubMessage, HubProtocol, RECORD_SEPARATOR, json};
use proptest::prelude::*;

use crate::sent::{headers, sent, value};

proptest! {
    #[test]
    fn reading_inverts_writing(message in sent(), headers in headers()) {
        let mut out = Vec::new();
        message.write(&headers, &mut out);
        let limit = Some(out.len());
        let (read, consumed) = HubProtocol::Json.next_message(&out, limit).unwrap().unwrap();
        prop_assert_eq!(consumed, out.len());
        message.check(&headers, &read);
        message.check(&headers, &read.into_owned());
    }

    #[test]
    fn the_order_of_properties_is_free(message in sent(), headers in headers(), turn in 0..8_usize) {
        let mut out = Vec::new();
        message.write(&headers, &mut out);
        out.pop();
        let mut properties: Vec<(String, Box<serde_json::value::RawValue>)> =
            serde_json::from_slice::<Properties>(&out).unwrap().0;
        let turn = turn % properties.len();
        properties.rotate_left(turn);
        let properties: Vec<_> =
            properties.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
        let record = format!(" {{{}}} ", properties.join(" ,\t"));
        message.check(&headers, &json::parse_message(record.as_bytes()).unwrap());
    }

    #[test]
    fn any_cut_gives_the_same(
        messages in prop::collection::vec(sent(), 1..5),
        cuts in prop::collection::vec(1..40_usize, 1..20),
    ) {
        let mut out = Vec::new();
        messages.iter().for_each(|message| message.write(&Vec::new(), &mut out));
        let mut whole = Vec::new();
        let mut rest = &out[..];
        while let Some((message, consumed)) = HubProtocol::Json.next_message(rest, None).unwrap() {
            whole.push(message);
            rest = &rest[consumed..];
        }
        prop_assert_eq!(whole.len(), messages.len());
        prop_assert_eq!(read_in_pieces(&out, &cuts), whole);
    }

    #[test]
    fn values_are_written_as_json_without_the_separator(value in value()) {
        let mut out = Vec::new();
        json::write_value(&mut out, &value).unwrap();
        prop_assert!(!out.contains(&RECORD_SEPARATOR));
        prop_assert!(out.iter().all(|byte| *byte >= b' ' && *byte != 0x7F));
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&out).unwrap(), value);
    }
}

/// Feeds the bytes piece by piece, as long as the cuts last over and over.
fn read_in_pieces(bytes: &[u8], cuts: &[usize]) -> Vec<HubMessage<'static>> {
    let mut messages = Vec::new();
    let mut buffer = Vec::new();
    let mut rest = bytes;
    for cut in cuts.iter().cycle() {
        let (piece, behind) = rest.split_at((*cut).min(rest.len()));
        buffer.extend_from_slice(piece);
        rest = behind;
        while let Some((message, consumed)) = HubProtocol::Json.next_message(&buffer, None).unwrap()
        {
            messages.push(message.into_owned());
            buffer.drain(..consumed);
        }
        if rest.is_empty() {
            break;
        }
    }
    assert!(buffer.is_empty(), "a rest of {buffer:?}");
    messages
}

/// An object's properties in their order.
struct Properties(Vec<(String, Box<serde_json::value::RawValue>)>);

impl<'de> serde::Deserialize<'de> for Properties {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Properties;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Properties, A::Error> {
                let mut properties = Vec::new();
                while let Some(property) = map.next_entry()? {
                    properties.push(property);
                }
                Ok(Properties(properties))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}
