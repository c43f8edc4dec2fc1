//! Hub messages: reading inverts writing, regardless of where the bytes are split.

use hubwire_protocol::{HubMessage, HubProtocol, Naming, RECORD_SEPARATOR, StreamItemWriter, json};
use proptest::prelude::*;

use crate::sent::{for_protocol, headers, protocol, sent, text, value};

proptest! {
    #[test]
    fn reading_inverts_writing(message in sent(), headers in headers(), protocol in protocol()) {
        let (protocol, message, headers) = for_protocol(protocol, message, headers);
        let mut out = Vec::new();
        message.write(protocol, &headers, &mut out);
        let limit = Some(out.len());
        let (read, consumed) = protocol.next_message(&out, limit).unwrap().unwrap();
        prop_assert_eq!(consumed, out.len());
        message.check(&headers, &read);
        message.check(&headers, &read.into_owned());
    }

    #[test]
    fn the_order_of_properties_is_free(message in sent(), headers in headers(), turn in 0..8_usize) {
        let mut out = Vec::new();
        message.write(HubProtocol::Json, &headers, &mut out);
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
        protocol in protocol(),
    ) {
        let mut out = Vec::new();
        for message in messages.clone() {
            let (_, message, none) = for_protocol(protocol, message, Vec::new());
            message.write(protocol, &none, &mut out);
        }
        let mut whole = Vec::new();
        let mut rest = &out[..];
        while let Some((message, consumed)) = protocol.next_message(rest, None).unwrap() {
            whole.push(message);
            rest = &rest[consumed..];
        }
        prop_assert_eq!(whole.len(), messages.len());
        prop_assert_eq!(read_in_pieces(protocol, &out, &cuts), whole);
    }

    #[test]
    fn a_message_is_whole_at_its_last_byte(message in sent()) {
        let protocol = HubProtocol::MessagePack;
        let (_, message, none) = for_protocol(protocol, message, Vec::new());
        let mut out = Vec::new();
        message.write(protocol, &none, &mut out);
        for end in 0..out.len() {
            prop_assert_eq!(protocol.next_message(&out[..end], None), Ok(None));
        }
    }

    #[test]
    fn what_passes_on_is_the_same_in_the_other_protocol(message in sent(), protocol in protocol()) {
        let (_, message, none) = for_protocol(HubProtocol::MessagePack, message, Vec::new());
        let other = match protocol {
            HubProtocol::Json => HubProtocol::MessagePack,
            HubProtocol::MessagePack => HubProtocol::Json,
        };
        let mut out = Vec::new();
        message.write(protocol, &none, &mut out);
        let (read, _) = protocol.next_message(&out, None).unwrap().unwrap();
        let mut passed = Vec::new();
        let mut writer = other.writer(&mut passed);
        match &read {
            HubMessage::Invocation(call) => {
                let ids: Vec<_> = call.stream_ids.iter().map(|id| &**id).collect();
                let id = call.invocation_id.as_deref();
                writer.invocation(id, &call.target, &call.arguments, &ids).unwrap();
            }
            HubMessage::StreamItem(item) => {
                writer.stream_item(&item.invocation_id, &item.item).unwrap();
            }
            _ => return Ok(()),
        }
        let (read, _) = other.next_message(&passed, None).unwrap().unwrap();
        message.check(&none, &read);
    }

    #[test]
    fn the_items_of_a_stream_are_written_as_each_by_itself(
        id in prop_oneof![text(), ".{0,300}"],
        items in prop::collection::vec(value(), 0..4),
        protocol in protocol(),
        naming in prop::sample::select(vec![Naming::AsDeclared, Naming::DotNet]),
    ) {
        let stream = StreamItemWriter::new(protocol, &id).unwrap().with_naming(naming);
        let (mut out, mut expected) = (Vec::new(), Vec::new());
        for item in &items {
            stream.write(&mut out, item).unwrap();
            let mut writer = protocol.writer(&mut expected).with_naming(naming);
            writer.stream_item(&id, item).unwrap();
        }
        prop_assert_eq!(out, expected);
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

/// Feeds the bytes in pieces; the sizes in `cuts` are repeated.
fn read_in_pieces(protocol: HubProtocol, bytes: &[u8], cuts: &[usize]) -> Vec<HubMessage<'static>> {
    let mut messages = Vec::new();
    let mut buffer = Vec::new();
    let mut rest = bytes;
    for cut in cuts.iter().cycle() {
        let (piece, behind) = rest.split_at((*cut).min(rest.len()));
        buffer.extend_from_slice(piece);
        rest = behind;
        let may_complete = protocol.may_complete(&buffer, piece.len());
        while let Some((message, consumed)) = protocol.next_message(&buffer, None).unwrap() {
            assert!(may_complete);
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

/// The properties of an object, in order.
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
