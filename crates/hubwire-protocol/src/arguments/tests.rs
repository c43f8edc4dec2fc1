//! Received values that are passed on unchanged or transcoded, and details of refused arguments.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Arguments, BindError, HubMessage, HubProtocol, Naming};

fn messagepack_call(arguments: &[u8]) -> Vec<u8> {
    let body = [b"\x96\x01\x80\xc0\xa1T", arguments, b"\x90"].concat();
    [&[body.len() as u8][..], &body].concat()
}

fn json_call(arguments: &str) -> Vec<u8> {
    format!("{{\"type\":1,\"target\":\"T\",\"arguments\":{arguments}}}\x1e").into_bytes()
}

fn pass_on(from: HubProtocol, message: &[u8], to: HubProtocol) -> Result<Vec<u8>, String> {
    let message = from.next_message(message, None).unwrap().unwrap().0;
    let HubMessage::Invocation(call) = message else {
        panic!("{message:?}")
    };
    let mut out = Vec::new();
    let written = match to {
        HubProtocol::Json => call.arguments.write_json(&mut out, Naming::DotNet),
        HubProtocol::MessagePack => call.arguments.write_messagepack(&mut out, Naming::DotNet),
    };
    match written {
        Ok(()) => Ok(out),
        Err(error) => Err(std::error::Error::source(&error).unwrap().to_string()),
    }
}

#[test]
fn arguments_pass_on_as_they_came() {
    for arguments in [
        &b"\x90"[..],
        b"\x92\xcc\x01\xdc\0\0",
        b"\x91\xd4\x05x",
        b"\x91\xca\x7f\xc0\0\0",
    ] {
        let call = messagepack_call(arguments);
        let passed = pass_on(HubProtocol::MessagePack, &call, HubProtocol::MessagePack);
        assert_eq!(passed, Ok(arguments.to_vec()));
    }
    let passed = pass_on(HubProtocol::Json, &json_call("[ 1.0 ]"), HubProtocol::Json);
    assert_eq!(passed, Ok(b"[ 1.0 ]".to_vec()));
}

#[test]
fn arguments_are_translated() {
    for (messagepack, json) in [
        (&b"\x90"[..], "[]"),
        (b"\x95\x01\xff\xc0\xc3\xa1x", "[1,-1,null,true,\"x\"]"),
        (b"\x91\x82\xa1a\x91\x01\xa0\x80", "[{\"a\":[1],\"\":{}}]"),
        (b"\x91\xcb\x3f\xf8\0\0\0\0\0\0", "[1.5]"),
        (
            b"\x91\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
            "[18446744073709551615]",
        ),
    ] {
        let (here, there) = (HubProtocol::MessagePack, HubProtocol::Json);
        assert_eq!(
            pass_on(here, &messagepack_call(messagepack), there),
            Ok(json.into())
        );
        assert_eq!(
            pass_on(there, &json_call(json), here),
            Ok(messagepack.to_vec())
        );
    }
    for (messagepack, json) in [
        (&b"\x91\xc4\x02\x01\x02"[..], "[\"AQI=\"]"),
        (b"\x91\xd6\xff\0\0\0\0", "[\"1970-01-01T00:00:00Z\"]"),
        (b"\x91\x81\x05\xca\x7f\xc0\0\0", "[{\"5\":null}]"),
        (b"\x91\xa1\xff", "[\"\u{fffd}\"]"),
    ] {
        let call = messagepack_call(messagepack);
        let passed = pass_on(HubProtocol::MessagePack, &call, HubProtocol::Json);
        assert_eq!(passed, Ok(json.into()));
    }
}

#[test]
fn what_cannot_pass_on_is_refused() {
    let malformed = Err("received value is malformed".to_owned());
    for arguments in [
        &b"\xc0"[..],
        b"\x80",
        b"\x91\xc1",
        b"\x93\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\xa9x",
    ] {
        let call = messagepack_call(arguments);
        for to in [HubProtocol::Json, HubProtocol::MessagePack] {
            assert_eq!(pass_on(HubProtocol::MessagePack, &call, to), malformed);
        }
    }
    for (arguments, expected) in [
        (&b"\x91\xd4\x05x"[..], "extension type 5 is not supported"),
        (b"\x91\x81\x90\x01", "key must be a string"),
    ] {
        let call = messagepack_call(arguments);
        let passed = pass_on(HubProtocol::MessagePack, &call, HubProtocol::Json);
        assert_eq!(passed, Err(expected.to_owned()));
    }
}

#[test]
fn items_pass_on_within_other_values() {
    let protocols = [HubProtocol::Json, HubProtocol::MessagePack];
    let value = serde_json::json!({"a": [1, null, "x", {"b": -5}]});
    for from in protocols {
        let mut received = Vec::new();
        from.writer(&mut received).stream_item("1", &value).unwrap();
        let message = from.next_message(&received, None).unwrap().unwrap().0;
        let HubMessage::StreamItem(item) = message else {
            panic!()
        };
        for to in protocols {
            let mut sent = Vec::new();
            to.writer(&mut sent).stream_item("1", &item.item).unwrap();
            let mut expected = Vec::new();
            to.writer(&mut expected).stream_item("1", &value).unwrap();
            assert_eq!(sent, expected);

            let mut sent = Vec::new();
            to.writer(&mut sent)
                .with_naming(Naming::DotNet)
                .stream_item("1", &[Some(&item.item)])
                .unwrap();
            let mut expected = Vec::new();
            to.writer(&mut expected)
                .stream_item("1", &[&value])
                .unwrap();
            assert_eq!(sent, expected);
        }
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "never constructed")]
struct Order {
    lines: Vec<Line>,
    #[serde(default)]
    note: String,
    more: Option<Box<Self>>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "never constructed")]
enum Line {
    Goods { count: u8 },
}

/// Returns the detail of a refused call that is logged.
fn refusal(protocol: HubProtocol, message: &[u8], naming: Naming) -> String {
    let message = protocol.next_message(message, None).unwrap().unwrap().0;
    let HubMessage::Invocation(call) = message else {
        panic!("{message:?}")
    };
    let arguments = call.arguments.with_naming(naming);
    let error = arguments.bind::<(u8, Order)>().unwrap_err();
    let parameter = match error {
        BindError::Conversion { argument: 0, .. } => "first",
        _ => "order",
    };
    error.detail(Some(parameter), &arguments)
}

#[test]
fn the_member_that_does_not_fit_is_named() {
    for (arguments, detail) in [
        (
            "[256,{}]",
            "argument 1, first: invalid value: integer `256`, expected u8",
        ),
        (
            "[1,5]",
            "argument 2, order: invalid type: integer `5`, expected struct Order",
        ),
        (
            "[1,{\"lines\":[{\"Goods\":{\"count\":1}},{\"Goods\":{\"count\":\"x\"}}]}]",
            "argument 2, order.lines[1].Goods.count: invalid type: string \"x\", expected u8",
        ),
        (
            "[1,{\"lines\":[],\"more\":{\"lines\":[],\"note\":null}}]",
            "argument 2, order.more.note: invalid type: null, expected a string",
        ),
        (
            "[-0,{\"lines\":5}]",
            "argument 2, order.lines: invalid type: integer `5`, expected a sequence",
        ),
        (
            "[1]",
            "Invocation provides 1 argument(s) but target expects 2.",
        ),
    ] {
        let json = json_call(arguments);
        let said = refusal(HubProtocol::Json, &json, Naming::AsDeclared);
        assert!(said.starts_with(detail), "{said}");
    }
}

#[test]
fn a_nil_is_called_what_it_is_for() {
    let undefined = messagepack_call(b"\x92\x01\x82\xa5lines\x90\xa4note\xc0");
    assert_eq!(
        refusal(HubProtocol::MessagePack, &undefined, Naming::AsDeclared),
        "argument 2, order.note: invalid type: nil, expected a string; \
         for what may be null, or undefined in JavaScript, take an Option"
    );
    let undefined = messagepack_call(b"\x92\x01\x82\xa5Lines\x90\xa4Note\xc0");
    let said = refusal(HubProtocol::MessagePack, &undefined, Naming::DotNet);
    assert!(said.starts_with("argument 2, order.Note: "), "{said}");
}

#[derive(Debug, Deserialize)]
struct Turn {
    count: i32,
    angle: f64,
    lost: Option<f32>,
}

#[test]
fn a_negative_zero_is_0_for_an_integer_alone() {
    let bound = |arguments: &str| {
        let call = json_call(arguments);
        let message = HubProtocol::Json.next_message(&call, None).unwrap();
        let HubMessage::Invocation(call) = message.unwrap().0 else {
            panic!("not an invocation")
        };
        let [one, other] = [Naming::AsDeclared, Naming::DotNet].map(|naming| {
            let arguments = call.arguments.clone().with_naming(naming);
            arguments
                .bind::<(f64, u8, Turn)>()
                .map_err(|error| error.to_string())
        });
        assert_eq!(one.is_ok(), other.is_ok());
        one.and(other)
    };
    let (first, _, turn) = bound("[-0,-0 ,\n{\"count\":-0,\"angle\":-0,\"lost\":-0}]").unwrap();
    assert!(first.is_sign_negative());
    assert_eq!(turn.count, 0);
    assert!(turn.angle.is_sign_negative());
    assert!(turn.lost.unwrap().is_sign_negative());
    assert!(bound("[0,0,{\"count\":-0.0,\"angle\":-0}]").is_err());
    assert!(bound("[-0,\"-0\",{\"count\":0,\"angle\":-0}]").is_err());
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded, never read")]
struct Visit {
    first_name: String,
    by_word: BTreeMap<String, Visits>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded, never read")]
struct Visits {
    how_many: u8,
}

#[test]
fn members_have_the_names_of_the_wire() {
    let place = |protocol: HubProtocol, call: &[u8]| {
        let message = protocol.next_message(call, None).unwrap().unwrap().0;
        let HubMessage::Invocation(call) = message else {
            panic!("not an invocation")
        };
        let arguments = call.arguments.with_naming(Naming::DotNet);
        let detail = arguments.bind::<(Visit,)>().unwrap_err();
        let detail = detail.detail(Some("v"), &arguments);
        detail.split(": ").next().unwrap().to_owned()
    };
    let json = |argument: &str| place(HubProtocol::Json, &json_call(argument));
    let messagepack =
        |argument: &[u8]| place(HubProtocol::MessagePack, &messagepack_call(argument));
    assert_eq!(json("[{\"firstName\":1}]"), "argument 1, v.firstName");
    assert_eq!(
        json("[{\"firstName\":\"a\",\"byWord\":{\"two_words\":{\"howMany\":-1}}}]"),
        "argument 1, v.byWord.two_words.howMany"
    );
    assert_eq!(
        messagepack(b"\x91\x81\xa9FirstName\x01"),
        "argument 1, v.FirstName"
    );
    assert_eq!(
        messagepack(b"\x91\x82\xa9FirstName\xa1a\xa6ByWord\x82\xa1a\x81\xa7HowMany\x01\xa9two_words\x81\xa7HowMany\xff"),
        "argument 1, v.ByWord.two_words.HowMany"
    );
}
