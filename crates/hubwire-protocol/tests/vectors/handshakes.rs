//! Handshakes, valid and invalid.

use hubwire_protocol::{
    HandshakeRefusal, HandshakeRequest, HandshakeResponse, HubProtocol, TransferFormat,
};

use crate::transcript::{Conversation, Direction, payload, read};

/// Cases in which the response depends on time.
const TIMED: [&str; 3] = ["too-late-1s", "too-late-default", "half-and-too-late-1s"];

fn answer(sent: &[u8], has_details: bool) -> Option<HandshakeResponse<'static>> {
    let formats = [TransferFormat::Text, TransferFormat::Binary];
    let outcome = HandshakeRequest::read(sent, Some(32 * 1024)).and_then(|request| {
        request
            .map(|(request, _)| request.resolve(&[HubProtocol::Json], &formats))
            .transpose()
    });
    match outcome {
        Ok(None) => None,
        Ok(Some(_)) => Some(HandshakeResponse::Accepted),
        Err(refusal @ HandshakeRefusal::Unexpected(_)) if has_details => {
            let HandshakeRefusal::Unexpected(fault) = &refusal else {
                unreachable!()
            };
            let text = format!("{refusal} {}: {fault}", fault.exception_name());
            Some(HandshakeResponse::Refused(text.into()))
        }
        Err(refusal) => Some(HandshakeResponse::refused(&refusal)),
    }
}

fn recorded(conversation: &Conversation) -> Option<Vec<u8>> {
    let mut sent = payload(conversation, Direction::ToClient)?;
    let end = sent.iter().position(|&byte| byte == 0x1E)?;
    sent.truncate(end + 1);
    Some(sent)
}

#[test]
fn handshakes_are_answered_alike() {
    let mut count = 0;
    for ((case, connection), conversation) in read("handshake.jsonl") {
        let sent = payload(&conversation, Direction::ToServer);
        let Some(sent) = sent.filter(|_| connection == "w" && !TIMED.contains(&&*case)) else {
            continue;
        };
        let mut written = Vec::new();
        if let Some(answer) = answer(&sent, case.ends_with("detailed-errors")) {
            answer.write(&mut written);
        }
        let expected = recorded(&conversation).unwrap_or_default();
        assert_eq!(
            String::from_utf8(written),
            String::from_utf8(expected),
            "{case}"
        );
        count += 1;
    }
    assert!(count >= 50, "{count} handshakes");
}
