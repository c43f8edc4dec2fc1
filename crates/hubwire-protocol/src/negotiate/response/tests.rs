//! Negotiate documents as recorded from ASP.NET Core 10.

use super::*;

const TRANSPORTS: &str = concat!(
    r#""availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]},"#,
    r#"{"transport":"ServerSentEvents","transferFormats":["Text"]},"#,
    r#"{"transport":"LongPolling","transferFormats":["Text","Binary"]}]}"#,
);

fn connection() -> NegotiatedConnection {
    NegotiatedConnection {
        use_stateful_reconnect: false,
        negotiate_version: 1,
        connection_id: "G5kGhY6gwYDIdZciMM_duw".to_owned(),
        connection_token: Some("qo4ECcSUR0DqyN2R9CmRVQ".to_owned()),
        available_transports: Transport::ALL.map(AvailableTransport::from).to_vec(),
    }
}

#[track_caller]
fn check(response: &NegotiateResponse, json: &str) {
    assert_eq!(String::from_utf8(response.to_json()).unwrap(), json);
    assert_eq!(
        NegotiateResponse::from_json(json.as_bytes()).unwrap(),
        *response
    );
}

#[test]
fn a_connection_of_version_1() {
    let start = r#"{"negotiateVersion":1,"connectionId":"G5kGhY6gwYDIdZciMM_duw","connectionToken":"qo4ECcSUR0DqyN2R9CmRVQ","#;
    check(
        &NegotiateResponse::Connection(connection()),
        &format!("{start}{TRANSPORTS}"),
    );
}

#[test]
fn a_connection_of_version_0_has_no_token() {
    let start = r#"{"negotiateVersion":0,"connectionId":"G5kGhY6gwYDIdZciMM_duw","#;
    let connection = NegotiatedConnection {
        negotiate_version: 0,
        connection_token: None,
        ..connection()
    };
    check(
        &NegotiateResponse::Connection(connection),
        &format!("{start}{TRANSPORTS}"),
    );
}

#[test]
fn stateful_reconnect_comes_first() {
    let connection = NegotiatedConnection {
        use_stateful_reconnect: true,
        ..connection()
    };
    let json = NegotiateResponse::Connection(connection).to_json();
    assert!(json.starts_with(br#"{"useStatefulReconnect":true,"negotiateVersion":1,"#));
}

#[test]
fn a_redirect() {
    check(
        &NegotiateResponse::Redirect {
            url: "https://there.example/chat?a=1&b".to_owned(),
            access_token: Some("secret".to_owned()),
        },
        r#"{"url":"https://there.example/chat?a=1&b","accessToken":"secret"}"#,
    );
    let url = "https://there.example/".to_owned();
    check(
        &NegotiateResponse::Redirect {
            url,
            access_token: None,
        },
        r#"{"url":"https://there.example/"}"#,
    );
}

#[test]
fn an_error() {
    check(
        &NegotiateResponse::Refused {
            error: "It's over".to_owned(),
        },
        r#"{"error":"It's over"}"#,
    );
}

#[test]
fn clients_pass_over_what_they_do_not_know() {
    let json = r#"{"x":[1],"connectionId":"a","availableTransports":[
        {"transport":"Pigeons","transferFormats":["Text"]},
        {"transport":"LongPolling","transferFormats":["Smoke","Text"]}]}"#;
    let NegotiateResponse::Connection(connection) =
        NegotiateResponse::from_json(json.as_bytes()).unwrap()
    else {
        panic!("no connection");
    };
    assert_eq!(connection.negotiate_version, 0);
    let offer = AvailableTransport {
        transport: Transport::LongPolling,
        transfer_formats: vec![TransferFormat::Text],
    };
    assert_eq!(connection.available_transports, [offer]);
}

#[test]
fn clients_refuse_half_a_document() {
    for json in [
        "{}",
        "[]",
        r#"{"connectionId":"a"}"#,
        r#"{"availableTransports":[]}"#,
        r#"{"negotiateVersion":1,"connectionId":"a","availableTransports":[]}"#,
        r#"{"ProtocolVersion":"1.5","url":"/signalr"}"#,
    ] {
        assert!(
            NegotiateResponse::from_json(json.as_bytes()).is_err(),
            "{json}"
        );
    }
}
