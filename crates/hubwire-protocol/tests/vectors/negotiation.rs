//! Negotiate documents.

use hubwire_protocol::NegotiateResponse;

use crate::transcript::{Direction, read};

#[test]
fn documents_are_read_and_written_alike() {
    let mut count = 0;
    for ((case, _), conversation) in read("negotiate.jsonl") {
        for event in conversation
            .iter()
            .filter(|event| event.is(Direction::ToClient, "http"))
        {
            let response = String::from_utf8(event.payload().unwrap()).unwrap();
            let Some((_, body)) = response.split_once("\r\n\r\n{") else {
                continue;
            };
            let document = format!("{{{body}");
            let read = NegotiateResponse::from_json(document.as_bytes()).unwrap();
            assert_eq!(
                String::from_utf8(read.to_json()).unwrap(),
                document,
                "{case}"
            );
            count += 1;
        }
    }
    assert!(count > 25, "{count} documents");
}
