//! Parsing records to messages: every shape and every order.

use std::borrow::Cow;

use super::super::parse_message;
use crate::{
    BindError, CancelInvocation, Close, Completion, CompletionOutcome, Headers, HubMessage,
    Invocation, RawArguments, RawItem, StreamItem,
};

fn parse(record: &str) -> HubMessage<'_> {
    parse_message(record.as_bytes()).unwrap_or_else(|error| panic!("{record}: {error}"))
}

fn invocation<'a>(id: Option<&'a str>, target: &'a str, arguments: &'a str) -> Invocation<'a> {
    Invocation {
        headers: Headers::new(),
        invocation_id: id.map(Cow::from),
        target: target.into(),
        arguments: RawArguments::from_json(arguments),
        stream_ids: Vec::new(),
    }
}

fn completion<'a>(outcome: CompletionOutcome<'a>) -> HubMessage<'a> {
    let (headers, invocation_id) = (Headers::new(), "1".into());
    HubMessage::Completion(Completion {
        headers,
        invocation_id,
        outcome,
    })
}

fn stream_item(item: &str) -> HubMessage<'_> {
    let (headers, invocation_id) = (Headers::new(), "1".into());
    HubMessage::StreamItem(StreamItem {
        headers,
        invocation_id,
        item: RawItem::from_json(item),
    })
}

#[test]
fn as_the_javascript_client_sends_them() {
    for (record, expected) in [
        (
            r#"{"target":"Add","arguments":[1,{"a":2}],"invocationId":"0","type":1}"#,
            HubMessage::Invocation(invocation(Some("0"), "Add", r#"[1,{"a":2}]"#)),
        ),
        (
            r#"{"target":"Up","arguments":["p"],"invocationId":"2","streamIds":["1"],"type":1}"#,
            HubMessage::Invocation(Invocation {
                stream_ids: vec!["1".into()],
                ..invocation(Some("2"), "Up", r#"["p"]"#)
            }),
        ),
        (
            r#"{"target":"Cnt","arguments":[3],"invocationId":"3","type":4}"#,
            HubMessage::StreamInvocation(invocation(Some("3"), "Cnt", "[3]")),
        ),
        (
            r#"{"invocationId":"1","item":5,"type":2}"#,
            stream_item("5"),
        ),
        (
            r#"{"invocationId":"1","type":3}"#,
            completion(CompletionOutcome::Void),
        ),
        (
            r#"{"invocationId":"3","type":5}"#,
            HubMessage::CancelInvocation(CancelInvocation {
                headers: Headers::new(),
                invocation_id: "3".into(),
            }),
        ),
        (r#"{"type":6}"#, HubMessage::Ping),
        (
            r#"{"type":7}"#,
            HubMessage::Close(Close {
                error: None,
                allow_reconnect: false,
            }),
        ),
    ] {
        assert_eq!(parse(record), expected, "{record}");
    }
}

#[test]
fn as_the_dotnet_client_sends_them() {
    for (record, expected) in [
        (
            r#"{"type":1,"invocationId":"2","target":"Add","arguments":[40,2]}"#,
            HubMessage::Invocation(invocation(Some("2"), "Add", "[40,2]")),
        ),
        (
            r#"{"type":4,"invocationId":"1","target":"Stream","arguments":[3,0]}"#,
            HubMessage::StreamInvocation(invocation(Some("1"), "Stream", "[3,0]")),
        ),
        (
            r#"{"type":8,"sequenceId":9223372036854775807}"#,
            HubMessage::Ack(i64::MAX),
        ),
        (r#"{"type":9,"sequenceId":1}"#, HubMessage::Sequence(1)),
        (
            r#"{"type":7,"error":"e","allowReconnect":true}"#,
            HubMessage::Close(Close {
                error: Some("e".into()),
                allow_reconnect: true,
            }),
        ),
    ] {
        assert_eq!(parse(record), expected, "{record}");
    }
}

#[test]
fn completions_and_items_in_any_order() {
    let result = |text| completion(CompletionOutcome::Result(RawItem::from_json(text)));
    for (record, expected) in [
        (
            r#"{"type":3,"invocationId":"1","result":null}"#,
            result("null"),
        ),
        (
            r#"{"type":3,"result":[ 1 ],"invocationId":"1"}"#,
            result("[ 1 ]"),
        ),
        (
            r#"{"error":"","invocationId":"1","type":3}"#,
            completion(CompletionOutcome::Error("".into())),
        ),
        (
            r#"{"item":null,"invocationId":"1","type":2}"#,
            stream_item("null"),
        ),
        (
            r#"{"item":{"type":1},"type":2,"invocationId":"1"}"#,
            stream_item(r#"{"type":1}"#),
        ),
    ] {
        assert_eq!(parse(record), expected, "{record}");
    }
}

#[test]
fn what_is_passed_over() {
    let expected = HubMessage::Invocation(invocation(Some("1"), "T", "[]"));
    for record in [
        r#" { "type" : 1 , "invocationId" : "1" , "target" : "T" , "arguments" : []} "#,
        r#"{"type":1,"x":{"type":6,"y":[1]},"invocationId":"1","target":"T","arguments":[],"z":null}"#,
        r#"{"type":1,"invocationId":"1","target":"T","arguments":[]}trailing"#,
        r#"{"type":1,"invocationId":"1","target":"T","arguments":[]}{"type":6}"#,
        r#"{"type":6,"target":"U","arguments":[1],"invocationId":"2","type":1,"target":"T","arguments":[],"invocationId":"1"}"#,
        r#"{"type":1,"invocationId":"1","target":"T","arguments":[],"streamIds":[],"headers":{}}"#,
        r#"{"type":1,"streamIds":["1"],"headers":{"a":"b"},"invocationId":"1","target":"T","arguments":[],"headers":{},"streamIds":[]}"#,
        r#"{"\u0074ype":1,"invocationId":"\u0031","target":"\u0054","arguments":[]}"#,
        r#"{"type":1,"TYPE":"x","\ud800":"\ud800","invocationId":"1","target":"T","arguments":[]}"#,
        r#"{"type":1,"allowReconnect":true,"error":"e","item":1,"invocationId":"1","target":"T","arguments":[]}"#,
    ] {
        assert_eq!(parse(record), expected, "{record}");
    }
}

#[test]
fn plain_text_is_borrowed_and_escaped_text_is_not() {
    let HubMessage::Invocation(call) =
        parse(r#"{"type":1,"invocationId":"é","target":"a\tb","arguments":[]}"#)
    else {
        panic!("no invocation");
    };
    assert!(matches!(call.invocation_id, Some(Cow::Borrowed("é"))));
    assert!(matches!(call.target, Cow::Owned(target) if target == "a\tb"));
}

#[test]
fn headers_are_kept_and_the_last_of_two_counts() {
    let HubMessage::CancelInvocation(cancel) = parse(
        r#"{"type":5,"headers":{"Foo":"Bar","a\nb":"c\r\n","Foo":"\u0042az"},"invocationId":"1"}"#,
    ) else {
        panic!("no cancel");
    };
    assert_eq!(cancel.headers.get("Foo"), Some("Baz"));
    assert_eq!(cancel.headers.get("a\nb"), Some("c\r\n"));
}

#[test]
fn an_empty_id_is_none() {
    let record = r#"{"type":1,"invocationId":"","target":"T","arguments":[]}"#;
    assert_eq!(
        parse(record),
        HubMessage::Invocation(invocation(None, "T", "[]"))
    );
}

#[test]
fn an_empty_target_is_answered_as_an_unknown_method() {
    let record = r#"{"type":1,"invocationId":"1","target":"","arguments":[]}"#;
    assert_eq!(
        parse(record),
        HubMessage::Invocation(invocation(Some("1"), "", "[]"))
    );
}

#[test]
fn unknown_types_are_told() {
    for message_type in [0, -1, 10, 99, i32::MAX, i32::MIN] {
        let record = format!(r#"{{"x":1,"type":{message_type},"target":"T"}}"#);
        assert_eq!(parse(&record), HubMessage::Unknown(message_type));
    }
}

fn bind<T: crate::BindArguments>(arguments: &str) -> Result<T, BindError> {
    RawArguments::from_json(arguments).bind()
}

#[test]
fn arguments_are_counted_to_the_end() {
    let count = |arguments| bind::<(i32, String)>(arguments).unwrap_err().to_string();
    for (arguments, provided) in [
        ("[]", 0),
        ("[1]", 1),
        (r#"[1,"",3]"#, 3),
        (r#"[1,"",[[2]],{"a":3},5]"#, 5),
    ] {
        let expected = format!("Invocation provides {provided} argument(s) but target expects 2.");
        assert_eq!(count(arguments), expected);
    }
    assert!(matches!(
        bind::<()>("[null]"),
        Err(BindError::Count {
            provided: 1,
            expected: 0
        })
    ));
    bind::<()>("[ ]").unwrap();
}

#[test]
fn the_first_argument_that_does_not_fit_decides() {
    let failed = |arguments| match bind::<(i32, String, Option<u8>)>(arguments) {
        Err(BindError::Conversion { argument, .. }) => Some(argument),
        _ => None,
    };
    assert_eq!(failed(r#"["x"]"#), Some(0));
    assert_eq!(failed(r#"[1,2,3,4,5]"#), Some(1));
    assert_eq!(failed(r#"[1,"",256]"#), Some(2));
    assert_eq!(failed(r#"[1.0]"#), Some(0));
    assert_eq!(failed(r#"[1,"",null]"#), None);
    let error = bind::<(i32,)>("[null]").unwrap_err();
    assert_eq!(
        error.to_string(),
        "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked."
    );
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn sixteen_arguments_are_bound_in_their_order() {
    type Sixteen = (
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
        u8,
    );
    let bound = bind::<Sixteen>("[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]").unwrap();
    let (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) = bound;
    let bound = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p];
    assert_eq!(bound, std::array::from_fn(|index| index as u8));
}

#[test]
fn broken_text_fails_the_argument_alone() {
    for broken in [
        &b"\"\xFF\xFE\""[..],
        b"\"\\ud83d\"",
        b"{\"\xE4\xB8\":1}",
        b"\"\\udc00\"",
    ] {
        let record = [
            &b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"T\",\"arguments\":[7,"[..],
            broken,
            b"]}",
        ]
        .concat();
        let HubMessage::Invocation(call) = parse_message(&record).unwrap() else {
            panic!("no invocation");
        };
        assert_eq!(call.target, "T");
        let bound = call.arguments.bind::<(i32, serde_json::Value)>();
        assert!(
            matches!(bound, Err(BindError::Conversion { argument: 1, .. })),
            "{broken:x?}"
        );
    }
}

#[test]
fn numbers_are_read_to_the_last_bit() {
    let (value, long) = bind::<(f64, i64)>("[1.234567890123456789e-300,9007199254740993]").unwrap();
    assert_eq!(
        (value, long),
        (1.234_567_890_123_456_8e-300, 9_007_199_254_740_993)
    );
}

#[test]
fn owned_messages_outlive_their_buffer() {
    let owned: HubMessage<'static> = {
        let record = r#"{"type":1,"headers":{"a":"b"},"invocationId":"1","target":"T","arguments":[1],"streamIds":["s"]}"#.to_owned();
        parse(&record).into_owned()
    };
    let HubMessage::Invocation(call) = owned else {
        panic!("no invocation")
    };
    assert_eq!(call.arguments.bind::<(u8,)>().unwrap(), (1,));
    assert_eq!(
        (call.headers.get("a"), call.stream_ids.as_slice()),
        (Some("b"), &["s".into()][..])
    );
}
