//! Reading messages: every layout, and the deviations that are tolerated.

use super::hex;
use crate::{
    BindError, CancelInvocation, Close, Completion, CompletionOutcome, Headers, HubMessage,
    HubProtocol, Invocation, StreamItem,
};

#[track_caller]
fn read(bytes: &[u8]) -> HubMessage<'_> {
    let (message, consumed) = HubProtocol::MessagePack
        .next_message(bytes, Some(bytes.len()))
        .unwrap()
        .unwrap();
    assert_eq!(consumed, bytes.len());
    assert_eq!(message.clone().into_owned(), message);
    message
}

#[track_caller]
fn invocation(bytes: &[u8]) -> Invocation<'_> {
    match read(bytes) {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => call,
        other => panic!("{other:?}"),
    }
}

#[test]
fn invocations_of_five_six_and_more_elements() {
    for bytes in [
        "0c 95 01 80 a1 37 a3 41 64 64 92 28 02",
        "0d 96 01 80 a1 37 a3 41 64 64 92 28 02 90",
        "12 97 01 80 a1 37 a3 41 64 64 92 28 02 90 a4 6d 6f 72 65",
        "16 99 01 80 a1 37 a3 41 64 64 92 28 02 90 81 a1 61 91 01 c0 d4 05 78",
    ] {
        let bytes = hex(bytes);
        let call = invocation(&bytes);
        assert_eq!(call.invocation_id.as_deref(), Some("7"));
        assert_eq!(call.target, "Add");
        assert_eq!(call.arguments.bind::<(i32, i32)>().unwrap(), (40, 2));
        assert!(call.stream_ids.is_empty());
        assert!(call.headers.is_empty());
    }
}

#[test]
fn ids_and_streams() {
    let bytes = hex("0c 96 01 80 a1 37 a2 55 70 90 91 a1 33");
    assert_eq!(invocation(&bytes).stream_ids, ["3"]);
    for no_id in [
        "0a 95 01 80 c0 a2 48 69 91 a1 61",
        "0a 95 01 80 a0 a2 48 69 91 a1 61",
    ] {
        let bytes = hex(no_id);
        let call = invocation(&bytes);
        assert_eq!(call.invocation_id, None);
        assert_eq!(
            call.arguments.bind::<(String,)>().unwrap(),
            ("a".to_owned(),)
        );
    }
    let bytes = hex("0d 95 04 80 a1 38 a5 43 6f 75 6e 74 91 03");
    let HubMessage::StreamInvocation(call) = read(&bytes) else {
        panic!()
    };
    assert_eq!(call.invocation_id.as_deref(), Some("8"));
}

#[test]
fn items_completions_and_cancellations() {
    let headers = Headers::new;
    let bytes = hex("06 94 02 80 a1 38 01");
    let HubMessage::StreamItem(StreamItem {
        invocation_id,
        item,
        ..
    }) = read(&bytes)
    else {
        panic!()
    };
    assert_eq!((&*invocation_id, item.decode::<u8>().unwrap()), ("8", 1));

    let completion = |invocation_id: &'static str, outcome| {
        HubMessage::Completion(Completion {
            headers: headers(),
            invocation_id: invocation_id.into(),
            outcome,
        })
    };
    let void = hex("06 94 03 80 a1 38 02");
    assert_eq!(read(&void), completion("8", CompletionOutcome::Void));
    let error = hex("0a 95 03 80 a1 37 01 a3 62 61 64");
    assert_eq!(
        read(&error),
        completion("7", CompletionOutcome::Error("bad".into()))
    );
    let nil_error = hex("07 95 03 80 a1 37 01 c0");
    assert_eq!(read(&nil_error), completion("7", CompletionOutcome::Void));
    for (bytes, expected) in [
        ("07 95 03 80 a1 37 03 2a", Some(42)),
        ("07 95 03 80 a1 37 03 c0", None),
        ("09 97 03 80 a1 37 03 2a 01 80", Some(42)),
    ] {
        let bytes = hex(bytes);
        let HubMessage::Completion(completion) = read(&bytes) else {
            panic!()
        };
        let CompletionOutcome::Result(result) = completion.outcome else {
            panic!()
        };
        assert_eq!(result.decode::<Option<i32>>().unwrap(), expected);
    }

    let cancel = HubMessage::CancelInvocation(CancelInvocation {
        headers: headers(),
        invocation_id: "8".into(),
    });
    assert_eq!(read(&hex("05 93 05 80 a1 38")), cancel);
    assert_eq!(read(&hex("08 95 05 80 a1 38 01 a1 78")), cancel);
}

#[test]
fn what_is_about_the_connection() {
    let close = |error: Option<&'static str>, allow_reconnect| {
        HubMessage::Close(Close {
            error: error.map(Into::into),
            allow_reconnect,
        })
    };
    for (bytes, expected) in [
        ("02 91 06", HubMessage::Ping),
        ("04 93 06 80 01", HubMessage::Ping),
        ("03 92 07 c0", close(None, false)),
        ("04 93 07 c0 c2", close(None, false)),
        ("04 93 07 c0 c3", close(None, true)),
        ("06 92 07 a3 62 79 65", close(Some("bye"), false)),
        ("07 93 07 a3 62 79 65 c3", close(Some("bye"), true)),
        ("03 92 07 a0", close(Some(""), false)),
        ("07 95 07 c0 c2 01 a1 78", close(None, false)),
        ("05 92 08 cd 01 2c", HubMessage::Ack(300)),
        ("03 92 09 05", HubMessage::Sequence(5)),
        (
            "0b 92 09 d3 ff ff ff ff ff ff ff ff",
            HubMessage::Sequence(-1),
        ),
        ("03 92 00 80", HubMessage::Unknown(0)),
        ("02 91 ff", HubMessage::Unknown(-1)),
        ("09 93 7f 81 a1 61 91 01 a1 78", HubMessage::Unknown(127)),
    ] {
        let bytes = hex(bytes);
        assert_eq!(read(&bytes), expected);
    }
}

#[test]
fn any_legal_form_is_read() {
    for bytes in [
        "0f 96 cc 01 80 a1 31 a4 45 63 68 6f 91 a1 78 90",
        "16 96 cf 00 00 00 00 00 00 00 01 80 a1 31 a4 45 63 68 6f 91 a1 78 90",
        "16 96 d3 00 00 00 00 00 00 00 01 80 a1 31 a4 45 63 68 6f 91 a1 78 90",
        "1b dc 00 06 01 de 00 00 da 00 01 31 d9 04 45 63 68 6f dc 00 01 da 00 01 78 dc 00 00",
        "2a dd 00 00 00 06 01 df 00 00 00 00 db 00 00 00 01 31 db 00 00 00 04 45 63 68 6f
         dd 00 00 00 01 db 00 00 00 01 78 dd 00 00 00 00",
        "8e 80 80 80 00 96 01 80 a1 31 a4 45 63 68 6f 91 a1 78 90",
        "10 96 01 80 a1 31 a4 45 63 68 6f 91 a1 78 90 ff ff",
    ] {
        let bytes = hex(bytes);
        let call = invocation(&bytes);
        assert_eq!(
            (&*call.target, call.invocation_id.as_deref()),
            ("Echo", Some("1"))
        );
        assert_eq!(
            call.arguments.bind::<(String,)>().unwrap(),
            ("x".to_owned(),)
        );
    }
}

#[test]
fn headers_are_kept_in_their_order() {
    let bytes = hex("15 96 01 82 a1 63 a1 62 a1 61 a1 64 a1 31 a3 41 64 64 92 28 02 90");
    let call = invocation(&bytes);
    assert_eq!(
        call.headers.iter().collect::<Vec<_>>(),
        [("c", "b"), ("a", "d")]
    );
}

#[test]
fn text_that_is_not_utf8_is_replaced() {
    let bytes = hex("0a 96 01 80 a1 31 a2 ff fe 90 90");
    assert_eq!(invocation(&bytes).target, "\u{FFFD}\u{FFFD}");
    let bytes = hex("0b 96 01 80 a1 31 a1 54 91 a1 ff 90");
    assert_eq!(
        invocation(&bytes).arguments.bind::<(String,)>().unwrap().0,
        "\u{FFFD}"
    );
}

#[test]
fn what_is_cut_waits() {
    let bytes = hex("d6 01 96 01 80 a1 31");
    for end in 0..bytes.len() {
        let read = HubProtocol::MessagePack.next_message(&bytes[..end], Some(1000));
        assert_eq!(read, Ok(None));
        assert!(end < 2 || !HubProtocol::MessagePack.may_complete(&bytes[..end], 1));
    }
}

/// Missing or malformed arguments are a fault of their call only.
#[test]
fn arguments_are_judged_when_they_are_bound() {
    let no_array = "Reading array length for 'arguments' failed.";
    let wrong_type = "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.";
    let count = "Invocation provides 2 argument(s) but target expects 1.";
    for (body, expected) in [
        ("94 01 80 a1 31 a1 54", no_array),
        ("96 01 80 a1 31 a1 54 c0 90", no_array),
        ("96 01 80 a1 31 a1 54 80 90", no_array),
        ("96 01 80 a1 31 a1 54 a0 90", no_array),
        ("96 01 80 a1 31 a1 54 dd ff ff ff ff", no_array),
        ("96 01 80 a1 31 a1 54 9f a1 78", no_array),
        ("96 01 80 a1 31 a1 54 92 a1 78", count),
        ("96 01 80 a1 31 a1 54 92 05 c1 90", count),
        ("96 01 80 a1 31 a1 54 91 05 90", wrong_type),
        ("96 01 80 a1 31 a1 54 91 c0 90", wrong_type),
        ("96 01 80 a1 31 a1 54 91 c4 01 78 90", wrong_type),
        ("96 01 80 a1 31 a1 54 91 a9 78", wrong_type),
        ("96 01 80 a1 31 a1 54 91 c1 90", wrong_type),
        ("96 01 80 a1 31 a1 54 91 db ff ff ff ff 78", wrong_type),
        ("96 01 80 a1 31 a1 54 91 dd 3b 9a ca 00 01", wrong_type),
        ("96 01 80 a1 31 a1 54 91 df ff ff ff ff", wrong_type),
        // Nothing after them is looked at.
        ("96 01 80 a1 31 a1 54 91 c1 c0", wrong_type),
    ] {
        let body = hex(body);
        let bytes = [&[body.len() as u8][..], &body].concat();
        let call = invocation(&bytes);
        assert_eq!((&*call.target, call.stream_ids.len()), ("T", 0));
        let error = call.arguments.bind::<(String,)>().unwrap_err();
        assert_eq!(error.to_string(), expected, "{body:02x?}");
        assert_eq!(error.exception_name(), "InvalidDataException");
    }
}

#[test]
fn the_first_argument_that_does_not_fit_is_named() {
    let bytes = hex("0e 96 01 80 a1 31 a3 41 64 64 92 28 a1 32 90");
    let error = invocation(&bytes)
        .arguments
        .bind::<(i32, i32)>()
        .unwrap_err();
    let BindError::Conversion {
        argument, source, ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(argument, 1);
    assert_eq!(
        source.to_string(),
        "invalid type: string \"2\", expected i32"
    );
}

#[test]
fn an_item_that_is_missing_does_not_fit() {
    let bytes = hex("08 93 02 80 a4 6e 6f 70 65");
    let HubMessage::StreamItem(item) = read(&bytes) else {
        panic!()
    };
    assert!(item.item.decode::<Option<i32>>().is_err());
}
