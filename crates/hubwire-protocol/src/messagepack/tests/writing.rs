//! Writing messages, byte by byte as ASP.NET Core does.

use serde::Serialize;

use super::hex;
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

#[track_caller]
fn check(write: impl FnOnce(&mut MessageWriter<'_>) -> Result<(), EncodeError>, expected: &str) {
    let mut out = b"before".to_vec();
    write(&mut HubProtocol::MessagePack.writer(&mut out)).unwrap();
    let expected = [b"before".to_vec(), hex(expected)].concat();
    assert_eq!(format!("{out:02x?}"), format!("{expected:02x?}"));
}

#[track_caller]
fn check_plain(write: impl FnOnce(&mut MessageWriter<'_>), expected: &str) {
    check(
        |writer| {
            write(writer);
            Ok(())
        },
        expected,
    );
}

#[test]
fn invocations_have_six_elements() {
    check(
        |writer| writer.invocation(Some("7"), "Add", &(40, 2), &[]),
        "0d 96 01 80 a1 37 a3 41 64 64 92 28 02 90",
    );
    check(
        |writer| writer.invocation(Some("7"), "Up", &(), &["3"]),
        "0c 96 01 80 a1 37 a2 55 70 90 91 a1 33",
    );
    check(
        |writer| writer.invocation(None, "M", &("x",), &[]),
        "0a 96 01 80 c0 a1 4d 91 a1 78 90",
    );
    check(
        |writer| writer.invocation(Some(""), "M", &("x",), &[]),
        "0a 96 01 80 c0 a1 4d 91 a1 78 90",
    );
    check(
        |writer| writer.invocation(Some("s1"), "T", &("q",), &[]),
        "0c 96 01 80 a2 73 31 a1 54 91 a1 71 90",
    );
    check(
        |writer| writer.stream_invocation("8", "Count", &(3,), &[]),
        "0e 96 04 80 a1 38 a5 43 6f 75 6e 74 91 03 90",
    );
}

#[test]
fn items_completions_and_cancellations() {
    check(|writer| writer.stream_item("8", &1), "06 94 02 80 a1 38 01");
    check_plain(|writer| writer.completion_void("8"), "06 94 03 80 a1 38 02");
    check(
        |writer| writer.completion_result("7", &42),
        "07 95 03 80 a1 37 03 2a",
    );
    check(
        |writer| writer.completion_result("7", &()),
        "07 95 03 80 a1 37 03 c0",
    );
    check_plain(
        |writer| writer.completion_error("7", "bad"),
        "0a 95 03 80 a1 37 01 a3 62 61 64",
    );
    check_plain(
        |writer| writer.completion_error("7", ""),
        "07 95 03 80 a1 37 01 a0",
    );
    check_plain(|writer| writer.cancel_invocation("8"), "05 93 05 80 a1 38");
}

#[test]
fn what_is_about_the_connection() {
    check_plain(|writer| writer.ping(), "02 91 06");
    check_plain(|writer| writer.close(&ended(None)), "04 93 07 c0 c2");
    check_plain(
        |writer| writer.close(&reconnect(Some("bye"))),
        "07 93 07 a3 62 79 65 c3",
    );
    check_plain(|writer| writer.close(&ended(Some(""))), "04 93 07 a0 c2");
    check_plain(
        |writer| writer.close(&reconnect(Some("Connection closed with an error."))),
        "25 93 07 d9 20 43 6f 6e 6e 65 63 74 69 6f 6e 20 63 6c 6f 73 65 64 20 77 69 74 68 20 61 6e
         20 65 72 72 6f 72 2e c3",
    );
    check_plain(|writer| writer.ack(300), "05 92 08 cd 01 2c");
    check_plain(|writer| writer.sequence(5), "03 92 09 05");
    check_plain(|writer| writer.sequence(-1), "03 92 09 ff");
}

#[test]
fn headers_are_a_map() {
    let headers: Headers<'_> = [("a", "b"), ("c", "d")].into_iter().collect();
    let mut out = Vec::new();
    let mut writer = HubProtocol::MessagePack
        .writer(&mut out)
        .with_headers(&headers);
    writer.cancel_invocation("8");
    writer.ping();
    assert_eq!(
        out,
        hex("0d 93 05 82 a1 61 a1 62 a1 63 a1 64 a1 38  02 91 06")
    );
}

#[test]
fn long_messages_have_long_lengths() {
    for (length, prefix) in [
        (122, "7f"),
        (123, "80 01"),
        (16_378, "ff 7f"),
        (16_379, "80 80 01"),
    ] {
        let mut out = Vec::new();
        let text = "x".repeat(length - if length < 256 { 2 } else { 3 });
        let mut writer = HubProtocol::MessagePack.writer(&mut out);
        writer.stream_item("8", &text).unwrap();
        let prefix = hex(prefix);
        assert_eq!(&out[..prefix.len()], prefix);
        assert_eq!(out.len(), prefix.len() + 5 + length);
        assert_eq!(&out[prefix.len()..prefix.len() + 5], hex("94 02 80 a1 38"));
        assert!(out.ends_with(b"xx"));
    }
}

/// Writes a part of itself, and then fails.
struct Failing;

impl Serialize for Failing {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeSeq};

        let mut seq = serializer.serialize_seq(Some(2))?;
        seq.serialize_element("part")?;
        Err(Error::custom("no more"))
    }
}

#[test]
fn what_cannot_be_written_leaves_no_trace() {
    let mut out = b"before".to_vec();
    let mut writer = HubProtocol::MessagePack.writer(&mut out);
    let faults = [
        writer.stream_item("1", &Failing).unwrap_err(),
        writer.completion_result("1", &Failing).unwrap_err(),
        writer
            .invocation(None, "T", &(1, Failing), &[])
            .unwrap_err(),
        writer
            .stream_invocation("1", "T", &(Failing,), &[])
            .unwrap_err(),
    ];
    for fault in faults {
        assert_eq!(
            std::error::Error::source(&fault).unwrap().to_string(),
            "no more"
        );
    }
    assert_eq!(out, b"before");
}
