//! Records exactly as ASP.NET Core writes them.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::{Close, EncodeError, Headers, HubProtocol, MessageWriter};

fn ended(error: Option<&str>) -> Close<'_> {
    Close {
        error: error.map(Into::into),
        allow_reconnect: false,
    }
}

fn reconnect(error: Option<&str>) -> Close<'_> {
    Close {
        allow_reconnect: true,
        ..ended(error)
    }
}

fn written(write: impl FnOnce(&mut MessageWriter<'_>)) -> String {
    let mut out = b"before".to_vec();
    write(&mut HubProtocol::Json.writer(&mut out));
    let out = String::from_utf8(out).unwrap();
    let record = out
        .strip_prefix("before")
        .and_then(|rest| rest.strip_suffix('\u{1e}'));
    record
        .expect("one record after the previous content")
        .to_owned()
}

#[test]
fn invocations() {
    let invocation = |id: Option<&str>, arguments: &dyn crate::Arguments, streams: &[&str]| {
        written(|writer| writer.invocation(id, "Target", arguments, streams).unwrap())
    };
    for (record, expected) in [
        (
            invocation(Some("123"), &(1, "Foo"), &[]),
            r#"{"type":1,"invocationId":"123","target":"Target","arguments":[1,"Foo"]}"#,
        ),
        (
            invocation(None, &(true,), &[]),
            r#"{"type":1,"target":"Target","arguments":[true]}"#,
        ),
        (
            invocation(Some(""), &(), &[]),
            r#"{"type":1,"target":"Target","arguments":[]}"#,
        ),
        (
            invocation(None, &((),), &[]),
            r#"{"type":1,"target":"Target","arguments":[null]}"#,
        ),
        (
            invocation(None, &(42,), &["__test_id__"]),
            r#"{"type":1,"target":"Target","arguments":[42],"streamIds":["__test_id__"]}"#,
        ),
        (
            invocation(None, &(), &["1", "\n"]),
            r#"{"type":1,"target":"Target","arguments":[],"streamIds":["1","\n"]}"#,
        ),
        (
            invocation(None, &("2016-05-10T13:51:20+12:34", "מחרוזת"), &[]),
            r#"{"type":1,"target":"Target","arguments":["2016-05-10T13:51:20+12:34","מחרוזת"]}"#,
        ),
    ] {
        assert_eq!(record, expected);
    }
}

#[test]
fn sixteen_arguments_are_written_in_their_order() {
    let record = written(|writer| {
        let arguments = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        writer.invocation(None, "T", &arguments, &[]).unwrap();
    });
    let expected = "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]";
    assert_eq!(
        record,
        format!(r#"{{"type":1,"target":"T","arguments":{expected}}}"#)
    );
}

#[test]
fn stream_invocations() {
    assert_eq!(
        written(|writer| writer
            .stream_invocation("123", "Target", &(1, "Foo"), &["5"])
            .unwrap()),
        r#"{"type":4,"invocationId":"123","target":"Target","arguments":[1,"Foo"],"streamIds":["5"]}"#
    );
}

#[test]
fn items_and_completions() {
    let item = |item: &dyn Fn(&mut MessageWriter<'_>)| written(item);
    for (record, expected) in [
        (
            item(&|w| w.stream_item("123", &1).unwrap()),
            r#"{"type":2,"invocationId":"123","item":1}"#,
        ),
        (
            item(&|w| w.stream_item("123", "Foo").unwrap()),
            r#"{"type":2,"invocationId":"123","item":"Foo"}"#,
        ),
        (
            item(&|w| w.stream_item("123", &None::<u8>).unwrap()),
            r#"{"type":2,"invocationId":"123","item":null}"#,
        ),
        (
            item(&|w| w.completion_result("123", &1).unwrap()),
            r#"{"type":3,"invocationId":"123","result":1}"#,
        ),
        (
            item(&|w| w.completion_result("123", &()).unwrap()),
            r#"{"type":3,"invocationId":"123","result":null}"#,
        ),
        (
            item(&|w| w.completion_void("123")),
            r#"{"type":3,"invocationId":"123"}"#,
        ),
        (
            item(&|w| w.completion_error("123", "Whoops!")),
            r#"{"type":3,"invocationId":"123","error":"Whoops!"}"#,
        ),
        (
            item(&|w| w.completion_error("123", "")),
            r#"{"type":3,"invocationId":"123"}"#,
        ),
    ] {
        assert_eq!(record, expected);
    }
}

#[test]
fn the_rest() {
    for (record, expected) in [
        (
            written(|w| w.cancel_invocation("123")),
            r#"{"type":5,"invocationId":"123"}"#,
        ),
        (written(|w| w.ping()), r#"{"type":6}"#),
        (written(|w| w.close(&ended(None))), r#"{"type":7}"#),
        (
            written(|w| w.close(&ended(Some("Error!")))),
            r#"{"type":7,"error":"Error!"}"#,
        ),
        (
            written(|w| w.close(&ended(Some("")))),
            r#"{"type":7,"error":""}"#,
        ),
        (
            written(|w| w.close(&reconnect(None))),
            r#"{"type":7,"allowReconnect":true}"#,
        ),
        (
            written(|w| w.close(&reconnect(Some("Error!")))),
            r#"{"type":7,"error":"Error!","allowReconnect":true}"#,
        ),
        (
            written(|w| w.ack(i64::MAX)),
            r#"{"type":8,"sequenceId":9223372036854775807}"#,
        ),
        (written(|w| w.sequence(-1)), r#"{"type":9,"sequenceId":-1}"#),
    ] {
        assert_eq!(record, expected);
    }
}

#[test]
fn headers_come_right_behind_the_type() {
    let headers: Headers<'_> = [
        ("Foo", "Bar"),
        ("KeyWith\nNew\r\nLines", "Still Works"),
        ("ValueWithNewLines", "Also\nWorks\r\nFine"),
    ]
    .into_iter()
    .collect();
    let text = r#""headers":{"Foo":"Bar","KeyWith\nNew\r\nLines":"Still Works","ValueWithNewLines":"Also\nWorks\r\nFine"}"#;
    let with_headers = |write: &dyn Fn(MessageWriter<'_>)| {
        let mut out = Vec::new();
        write(HubProtocol::Json.writer(&mut out).with_headers(&headers));
        String::from_utf8(out).unwrap()
    };
    for (record, message_type, rest) in [
        (
            with_headers(&|mut w| w.invocation(None, "T", &(), &[]).unwrap()),
            1,
            r#","target":"T","arguments":[]"#,
        ),
        (
            with_headers(&|mut w| w.stream_item("1", &2).unwrap()),
            2,
            r#","invocationId":"1","item":2"#,
        ),
        (
            with_headers(&|mut w| w.completion_void("1")),
            3,
            r#","invocationId":"1""#,
        ),
        (
            with_headers(&|mut w| w.cancel_invocation("123")),
            5,
            r#","invocationId":"123""#,
        ),
        (with_headers(&|mut w| w.ping()), 6, ""),
    ] {
        let headers = if message_type == 6 {
            String::new()
        } else {
            format!(",{text}")
        };
        assert_eq!(
            record,
            format!("{{\"type\":{message_type}{headers}{rest}}}\u{1e}")
        );
    }
}

#[test]
fn custom_objects_are_written_as_serde_declares_them() {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct CustomObject {
        string_prop: &'static str,
        double_prop: f64,
        int_prop: i32,
        null_prop: Option<u8>,
        by_name: BTreeMap<&'static str, f32>,
    }
    let object = CustomObject {
        string_prop: "SignalR!",
        double_prop: "6.2831853071".parse().unwrap(),
        int_prop: 42,
        null_prop: None,
        by_name: BTreeMap::from([("Kept As Is", 2.0)]),
    };
    assert_eq!(
        written(|writer| writer.completion_result("1", &object).unwrap()),
        r#"{"type":3,"invocationId":"1","result":{"stringProp":"SignalR!","doubleProp":6.2831853071,"intProp":42,"nullProp":null,"byName":{"Kept As Is":2}}}"#
    );
}

#[test]
fn sizes_of_signalr_s_own_tests() {
    let size = |record: String| record.len() + 1;
    let invocation = |id: Option<&str>, streams: &[&str]| {
        size(written(|w| {
            w.invocation(id, "Target", &(1,), streams).unwrap()
        }))
    };
    let stream_invocation = |streams: &[&str]| {
        size(written(|w| {
            w.stream_invocation("1", "Target", &(), streams).unwrap()
        }))
    };
    assert_eq!(invocation(None, &[]), 45);
    assert_eq!(invocation(Some("1"), &[]), 64);
    assert_eq!(invocation(Some("1"), &["1"]), 82);
    assert_eq!(stream_invocation(&[]), 63);
    assert_eq!(stream_invocation(&["1"]), 81);
    assert_eq!(size(written(|w| w.close(&ended(None)))), 11);
    assert_eq!(size(written(|w| w.close(&ended(Some("error"))))), 27);
    assert_eq!(size(written(|w| w.stream_item("1", &()).unwrap())), 42);
    assert_eq!(size(written(|w| w.stream_item("1", &1).unwrap())), 39);
    assert_eq!(size(written(|w| w.completion_void("1"))), 30);
    assert_eq!(size(written(|w| w.completion_result("1", &1).unwrap())), 41);
    assert_eq!(size(written(|w| w.completion_error("1", "error"))), 46);
    assert_eq!(size(written(|w| w.cancel_invocation("1"))), 30);
    assert_eq!(size(written(|w| w.ping())), 11);
}

/// Writes something, then fails.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeSeq};

        let mut sequence = serializer.serialize_seq(None)?;
        sequence.serialize_element("half")?;
        Err(S::Error::custom("no more"))
    }
}

#[test]
fn what_cannot_be_written_leaves_no_trace() {
    let mut out = b"kept".to_vec();
    let mut writer = HubProtocol::Json.writer(&mut out);
    let outcomes: [Result<(), EncodeError>; 4] = [
        writer.invocation(None, "T", &(1, Unwritable), &[]),
        writer.stream_invocation("1", "T", &(Unwritable, 1), &[]),
        writer.stream_item("1", &Unwritable),
        writer.completion_result("1", &Unwritable),
    ];
    for outcome in outcomes {
        let source = std::error::Error::source(&outcome.unwrap_err()).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("no more"));
    }
    assert_eq!(out, b"kept");
}
