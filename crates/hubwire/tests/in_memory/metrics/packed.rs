//! Clients that speak MessagePack are measured like others.

use test_support::packed::PackedClient;

use super::calls::values;
use super::*;

#[test]
fn calls_and_messages_in_messagepack_are_counted() {
    let recorded = recorded(async {
        let server = server(|hub| hub);
        let client = PackedClient::handshaken(server.open()).await;
        let mut client = client.unwrap();
        for (target, arguments, is_completed) in [
            ("jOIN", json!(["tea"]), true),
            ("Join", json!([1]), false),
            ("Nothing", json!([]), false),
        ] {
            let call = json!({"type": 1, "invocationId": "1", "target": target,
                "arguments": arguments});
            client.send_record(&call).await.unwrap();
            assert_eq!(client.completion().await.unwrap().is_ok(), is_completed);
        }
        client.close().await.unwrap();
    });
    let of = |name| counters(&recorded, name);
    let refused = [("argument", 1), ("unknown_method", 1)];
    assert_counted(&of("hubwire.refused.calls"), &refused);
    assert_counted(&of("hubwire.inbound.messages"), &[("", 3)]);
    // The response to the handshake is one, too.
    assert_counted(&of("hubwire.outbound.messages"), &[("", 4)]);
    let calls = values(recorded, "hubwire.invocation.duration");
    let calls: Vec<_> = calls.iter().map(|(it, all)| (&**it, all.len())).collect();
    assert_eq!(calls, [("MeasuredHub Join completed", 1)]);
}
