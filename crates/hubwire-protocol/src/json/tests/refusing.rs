//! Records that end the connection, with ASP.NET Core's error texts.

use super::super::parse_message;
use crate::ProtocolError;

#[track_caller]
fn refuse(record: impl AsRef<[u8]>, expected: &str) {
    let record = record.as_ref();
    let error = parse_message(record).expect_err(&record.escape_ascii().to_string());
    let told = format!("{}: {error}", error.exception_name());
    let expected = if expected.contains("Exception: ") {
        expected.to_owned()
    } else {
        format!("InvalidDataException: {expected}")
    };
    assert_eq!(told, expected, "{}", record.escape_ascii());
}

#[test]
fn what_is_no_object() {
    for (record, token) in [
        ("[42]", "Array"),
        ("[", "Array"),
        (" \n[{\"type\":6}]", "Array"),
        ("1", "Number"),
        ("-1.5e3", "Number"),
        ("\"foo\"", "String"),
        ("null", "Null"),
        ("true", "True"),
        ("false ", "False"),
    ] {
        refuse(
            record,
            &format!("Unexpected JSON Token Type '{token}'. Expected a JSON Object."),
        );
    }
}

#[test]
fn what_is_no_json() {
    for record in [
        "",
        "  ",
        "hello",
        "{",
        "{\"type\":1,",
        "{\"type\":6,}",
        "{\"type\":6/*c*/}",
        "{'type':6}",
        "\u{feff}{\"type\":6}",
        "nul",
        "\"x",
        "-",
        "{\"type\" 6}",
        "{\"type\":6\0}",
        "{\"type\":6,\"x\n\":1}",
        "{type:6}",
        "{\"type\":6 \"x\":1}",
        "{\"x\":01,\"type\":6}",
        "{\"x\":\"\n\",\"type\":6}",
        "{,}",
        "{\"x\":\"\\q\",\"type\":6}",
        "{\"type\":6",
        "{\"type\":1,\"target\":\"T\",\"arguments\":[1}",
        "{\"type\":1,\"target\":\"T\",\"arguments\":[1,]}",
        "{\"type\":1,\"target\":\"T\",\"arguments\":[}]}",
        "{\"type\":1,\"target\":\"\\ud83d\",\"arguments\":[]}",
    ] {
        refuse(record, "Error reading JSON.");
    }
    refuse(b"\xFF", "Error reading JSON.");
    refuse(b"{\"type\":6\xFF}", "Error reading JSON.");
    refuse(
        b"{\"type\":5,\"invocationId\":\"\xFF\"}",
        "Error reading JSON.",
    );
}

#[test]
fn what_is_of_the_wrong_type() {
    for (property, expected) in [
        (r#""type":null"#, "Expected 'type' to be of type Number."),
        (r#""type":"1""#, "Expected 'type' to be of type Number."),
        (r#""type":[1]"#, "Expected 'type' to be of type Number."),
        (
            r#""target":null"#,
            "Expected 'target' to be of type String.",
        ),
        (r#""target":1"#, "Expected 'target' to be of type String."),
        (r#""target":{}"#, "Expected 'target' to be of type String."),
        (
            r#""invocationId":null"#,
            "Expected 'invocationId' to be of type String.",
        ),
        (
            r#""invocationId":1"#,
            "Expected 'invocationId' to be of type String.",
        ),
        (r#""error":null"#, "Expected 'error' to be of type String."),
        (r#""error":true"#, "Expected 'error' to be of type String."),
        (
            r#""arguments":null"#,
            "Expected 'arguments' to be of type Array.",
        ),
        (
            r#""arguments":{}"#,
            "Expected 'arguments' to be of type Array.",
        ),
        (
            r#""arguments":"x""#,
            "Expected 'arguments' to be of type Array.",
        ),
        (
            r#""streamIds":null"#,
            "Expected 'streamIds' to be of type Array.",
        ),
        (
            r#""streamIds":"1""#,
            "Expected 'streamIds' to be of type Array.",
        ),
        (
            r#""streamIds":["1",null]"#,
            "Null value for 'streamIds' is not valid.",
        ),
        (
            r#""headers":null"#,
            "Expected 'headers' to be of type StartObject.",
        ),
        (
            r#""headers":"x""#,
            "Expected 'headers' to be of type StartObject.",
        ),
        (
            r#""headers":[]"#,
            "Expected 'headers' to be of type StartObject.",
        ),
        (
            r#""headers":{"a":"b","Foo":1}"#,
            "Expected header 'Foo' to be of type String.",
        ),
        (
            r#""headers":{"F\n":null}"#,
            "Expected header 'F\n' to be of type String.",
        ),
        (
            r#""allowReconnect":"yes""#,
            "Expected 'allowReconnect' to be true or false.",
        ),
        (
            r#""allowReconnect":null"#,
            "Expected 'allowReconnect' to be true or false.",
        ),
        (
            r#""sequenceId":"1""#,
            "Expected 'sequenceId' to be of type Number.",
        ),
    ] {
        refuse(format!("{{{property},\"type\":6}}"), expected);
        refuse(format!("{{\"type\":6,{property}}}"), expected);
    }
}

#[test]
fn integers_must_be_integers() {
    let text = "FormatException: Either the JSON value is not in a supported format, or is out of bounds for an Int32.";
    for number in [
        "1.5",
        "6.0",
        "6e0",
        "99999999999",
        "2147483648",
        "1e400",
        "-2147483649",
    ] {
        refuse(format!("{{\"type\":{number}}}"), text);
    }
    for number in ["1.0", "9223372036854775808"] {
        refuse(
            format!("{{\"type\":8,\"sequenceId\":{number}}}"),
            &text.replace("Int32", "Int64"),
        );
    }
}

#[test]
fn stream_ids_must_be_text() {
    for (element, token) in [
        ("1", "Number"),
        ("true", "True"),
        ("false", "False"),
        ("[]", "StartArray"),
        ("{}", "StartObject"),
    ] {
        refuse(
            format!("{{\"type\":1,\"streamIds\":[{element}]}}"),
            &format!(
                "InvalidOperationException: Cannot get the value of a token type '{token}' as a string."
            ),
        );
    }
}

#[test]
fn what_is_missing() {
    for (record, property) in [
        ("{}", "type"),
        (r#"{"TYPE":6}"#, "type"),
        (r#"{"target":"T","arguments":[]}"#, "type"),
        (r#"{"type":1}"#, "target"),
        (r#"{"type":1,"arguments":[]}"#, "target"),
        (r#"{"type":1,"target":""}"#, "target"),
        (r#"{"type":1,"target":"T"}"#, "arguments"),
        (r#"{"type":2}"#, "invocationId"),
        (r#"{"type":2,"item":1}"#, "invocationId"),
        (r#"{"type":2,"invocationId":"","item":1}"#, "invocationId"),
        (r#"{"type":2,"invocationId":"1"}"#, "item"),
        (r#"{"type":3}"#, "invocationId"),
        (r#"{"type":3,"result":1,"error":"e"}"#, "invocationId"),
        (r#"{"type":4}"#, "target"),
        (r#"{"type":4,"target":"T"}"#, "invocationId"),
        (
            r#"{"type":4,"target":"T","invocationId":"","arguments":[]}"#,
            "invocationId",
        ),
        (r#"{"type":4,"target":"T","invocationId":"1"}"#, "arguments"),
        (r#"{"type":5}"#, "invocationId"),
        (r#"{"type":5,"invocationId":""}"#, "invocationId"),
        (r#"{"type":8}"#, "sequenceId"),
        (r#"{"type":9}"#, "sequenceId"),
    ] {
        refuse(record, &format!("Missing required property '{property}'."));
    }
}

#[test]
fn an_error_and_a_result_exclude_each_other() {
    for both in [
        r#""result":1,"error":"e""#,
        r#""error":"","result":1"#,
        r#""result":null,"error":"""#,
    ] {
        refuse(
            format!(r#"{{"type":3,"invocationId":"9",{both}}}"#),
            "The 'error' and 'result' properties are mutually exclusive.",
        );
    }
}

#[test]
fn the_first_fault_in_reading_order_is_named() {
    for (record, expected) in [
        (
            r#"{"target":1,"type":null"#,
            "Expected 'target' to be of type String.",
        ),
        (
            r#"{"arguments":{"a":"#,
            "Expected 'arguments' to be of type Array.",
        ),
        (r#"{"type": {]"#, "Expected 'type' to be of type Number."),
        (
            r#"{"headers":{"a":1,"b":}}"#,
            "Expected header 'a' to be of type String.",
        ),
        (r#"{"headers":{"a":"b","b":}}"#, "Error reading JSON."),
        (
            r#"{"streamIds":[null,}"#,
            "Null value for 'streamIds' is not valid.",
        ),
        (r#"{"arguments":[1,"type":null}"#, "Error reading JSON."),
        (r#"{"x":{,"type":null}"#, "Error reading JSON."),
        (r#"{"target":"T"#, "Error reading JSON."),
        (r#"{"target":tru}"#, "Error reading JSON."),
        (
            r#"{"type":3,"error":"e","result":1,"headers":1}"#,
            "Expected 'headers' to be of type StartObject.",
        ),
    ] {
        refuse(record, expected);
    }
}

fn call_with_argument(argument: &str) -> String {
    format!(r#"{{"type":1,"target":"T","arguments":[{argument}],"error":null}}"#)
}

#[test]
fn nesting_beyond_64_is_not_read() {
    let nested = |depth| call_with_argument(&("[".repeat(depth) + &"]".repeat(depth)));
    refuse(nested(62), "Expected 'error' to be of type String.");
    for depth in [63, 100_000] {
        refuse(nested(depth), "Error reading JSON.");
        let too_deep = Err(ProtocolError::NestedTooDeeply);
        assert_eq!(parse_message(nested(depth).as_bytes()), too_deep);
    }
    refuse(
        call_with_argument(&"{\"a\":".repeat(70)),
        "Error reading JSON.",
    );
    refuse(
        format!("{{\"target\":{}", "[".repeat(70)),
        "Expected 'target' to be of type String.",
    );
    refuse(
        call_with_argument(&format!("\"{}\"", "[".repeat(100))),
        "Expected 'error' to be of type String.",
    );
    let behind = format!("{{\"type\":6}}{}", "[".repeat(100));
    assert!(parse_message(behind.as_bytes()).is_ok());
}

#[test]
fn a_long_name_is_not_repeated_whole() {
    let (name, shown) = ("\u{7f}".repeat(30_000), "\u{7f}".repeat(256));
    let record = format!(r#"{{"type":6,"headers":{{"{name}":1}}}}"#);
    let expected = format!("Expected header '{shown}...' to be of type String.");
    refuse(record, &expected);
}
