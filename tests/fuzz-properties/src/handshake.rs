//! What holds of every handshake record, whoever sent it.

use hubwire_protocol::{
    HandshakeRefusal, HandshakeRequest, HandshakeResponse, HubProtocol, TransferFormat,
};
use serde_json::{Map, Value};

use crate::reference::{first_object, int32, is_too_deep, optional, to_record};

/// Reads the bytes as a request and as a response, cut at the separator and as they are.
pub fn check(data: &[u8]) {
    for limit in [None, Some(16), Some(data.len())] {
        check_reading(data, limit);
    }
    let record = data.split(|&byte| byte == 0x1E).next().unwrap_or_default();
    check_request(record);
    check_response(record);
    if let Some(object) = first_object(record) {
        check_by_reference(record, &object);
    }
}

/// A limit counts the separator; what comes behind the record is not looked at.
fn check_reading(data: &[u8], limit: Option<usize>) {
    let end = data.iter().position(|&byte| byte == 0x1E);
    let visible = limit.unwrap_or(usize::MAX);
    let read = HandshakeRequest::read(data, limit);
    match end.filter(|&end| end < visible) {
        Some(end) => assert_eq!(
            read,
            HandshakeRequest::parse(&data[..end]).map(|request| Some((request, end + 1)))
        ),
        None if data.len() > visible => assert_eq!(read, Err(HandshakeRefusal::Canceled)),
        None => assert_eq!(read, Ok(None)),
    }
}

fn check_request(record: &[u8]) {
    match HandshakeRequest::parse(record) {
        Ok(request) => {
            let mut out = Vec::new();
            request.write(&mut out);
            let read = HandshakeRequest::read(&out, Some(out.len()));
            assert_eq!(read, Ok(Some((request.clone(), out.len()))));
            check_resolving(&request);
            assert_eq!(request.clone().into_owned(), request);
        }
        Err(refusal) => check_refusal(&refusal),
    }
}

fn check_resolving(request: &HandshakeRequest<'_>) {
    let is_known = request.protocol.eq_ignore_ascii_case("json");
    match request.resolve(&[HubProtocol::Json], &[TransferFormat::Text]) {
        Ok(protocol) => {
            assert!(is_known && request.version <= 2);
            assert_eq!(protocol, HubProtocol::Json);
        }
        Err(refusal) => {
            assert!(!is_known || request.version > 2);
            check_refusal(&refusal);
        }
    }
    assert!(
        request
            .resolve(&[HubProtocol::Json], &[TransferFormat::Binary])
            .is_err()
    );
}

/// A refusal can be told to the client, whatever the client's bytes were.
fn check_refusal(refusal: &HandshakeRefusal) {
    let response = HandshakeResponse::refused(refusal);
    let mut out = Vec::new();
    response.write(&mut out);
    assert_eq!(
        HandshakeResponse::read(&out),
        Ok(Some((response, out.len())))
    );
    if let HandshakeRefusal::Unexpected(fault) = refusal {
        assert!(!fault.to_string().is_empty());
    }
}

fn check_response(record: &[u8]) {
    let buffer = [record, b"\x1e"].concat();
    if let Ok(Some((response, consumed))) = HandshakeResponse::read(&buffer) {
        assert_eq!(consumed, buffer.len());
        let mut out = Vec::new();
        response.write(&mut out);
        let read = HandshakeResponse::read(&out);
        assert_eq!(read, Ok(Some((response.clone(), out.len()))));
        assert_eq!(response.clone().into_owned(), response);
    }
    assert_eq!(HandshakeResponse::read(record), Ok(None));
}

/// An object is accepted if and only if its properties are what they must be. One of whose equal
/// properties only the last is may be refused for the others, but is not read otherwise.
fn check_by_reference(record: &[u8], object: &Map<String, Value>) {
    let once = to_record(object);
    let expected = expect_request(object).filter(|_| !is_too_deep(object));
    let parse = |record| HandshakeRequest::parse(record).ok();
    let read = |request: &HandshakeRequest<'_>| (request.protocol.to_string(), request.version);
    assert_eq!(parse(&once).as_ref().map(read), expected);
    if let Some(request) = parse(record) {
        assert_eq!(Some(read(&request)), expected);
    }

    let expected = expect_response(object).filter(|_| !is_too_deep(object));
    assert_eq!(read_response(&once), expected);
    if let Some(response) = read_response(record) {
        assert_eq!(Some(response), expected);
    }
}

fn read_response(record: &[u8]) -> Option<HandshakeResponse<'static>> {
    let buffer = [record, b"\x1e"].concat();
    let (response, _) = HandshakeResponse::read(&buffer).ok()??;
    Some(response.into_owned())
}

fn expect_request(object: &Map<String, Value>) -> Option<(String, i32)> {
    Some((
        object.get("protocol")?.as_str()?.to_owned(),
        int32(object.get("version")?)?,
    ))
}

fn expect_response(object: &Map<String, Value>) -> Option<HandshakeResponse<'_>> {
    if object.contains_key("type") {
        return None;
    }
    Some(match optional(object, "error", Value::as_str).ok()? {
        Some(error) => HandshakeResponse::Refused(error.into()),
        None => HandshakeResponse::Accepted,
    })
}
