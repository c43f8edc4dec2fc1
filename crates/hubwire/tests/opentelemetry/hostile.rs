//! Headers that are malformed, too large or too many: they change nothing and are not logged.

use serde_json::{Map, Value, json};
use test_support::in_memory::*;
use test_support::packed::PackedClient;

use super::calls::ShopHub;
use super::exported::Exported;
use super::{PARENT, TRACEPARENT};

async fn call(server: &TestServer<ShopHub>, headers: Value) {
    let order = json!({"type": 1, "invocationId": "1", "target": "Order", "arguments": [], "headers": headers});
    let mut client = server.connect().await;
    client.send_record(&order).await.unwrap();
    assert_eq!(message(&mut client).await["result"], Value::Null);
    let mut client = PackedClient::handshaken(server.open()).await.unwrap();
    client.send_record(&order).await.unwrap();
    let completion = client.completion().await;
    assert_eq!(
        completion.unwrap_or_else(|error| panic!("{error}: {order}")),
        Ok(Value::Null)
    );
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn malformed_and_oversize_contexts_are_ignored_in_silence() {
    let exported = Exported::of("info");
    let server = TestServer::new(ShopHub);
    let long = "x".repeat(9 * 1024);
    let headers = [
        json!({"traceparent": " "}),
        json!({"traceparent": "\u{0}\r\n"}),
        json!({"traceparent": "00-0000-00-01"}),
        json!({"traceparent": TRACEPARENT.to_uppercase()}),
        json!({"traceparent": format!("{TRACEPARENT}-{long}")}),
        json!({"TRACEPARENT": TRACEPARENT}),
        json!({"baggage": long}),
        json!({"baggage": "shop"}),
        json!({"baggage": "shop=%ff"}),
        json!({"baggage": "=%00,;;,=;=,\u{7f}=\u{fffd}"}),
        json!({"tracestate": "no trace"}),
    ];
    for headers in headers {
        call(&server, headers).await;
    }
    let calls = exported.spans();
    let calls: Vec<_> = calls
        .iter()
        .filter(|it| it.name == "ShopHub/Order")
        .collect();
    assert_eq!(calls.len(), 22);
    for call in calls {
        assert_ne!(call.parent_span_id.to_string(), PARENT);
        assert!(!call.parent_span_is_remote, "{call:#?}");
    }
    assert_eq!(exported.lines(), Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn a_bad_trace_state_costs_only_itself() {
    let exported = Exported::of("info");
    let server = TestServer::new(ShopHub);
    for state in ["x".repeat(9 * 1024), "=,=,\u{7f}".to_owned()] {
        let headers = json!({"traceparent": TRACEPARENT, "tracestate": state, "baggage": "shop"});
        call(&server, headers).await;
    }
    for call in exported.spans() {
        if call.name == "ShopHub/Order" {
            assert_eq!(call.parent_span_id.to_string(), PARENT);
            assert_eq!(call.span_context.trace_state().header(), "");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_context_is_found_among_hundreds_of_headers() {
    let exported = Exported::of("info");
    let server = TestServer::new(ShopHub);
    let mut headers: Map<_, _> = (0..900).map(|n| (format!("a{n}"), json!("x"))).collect();
    headers.insert("traceparent".to_owned(), json!(TRACEPARENT));
    call(&server, Value::Object(headers)).await;
    let calls = exported.spans();
    let calls: Vec<_> = calls
        .iter()
        .filter(|it| it.name == "ShopHub/Order")
        .collect();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert_eq!(call.parent_span_id.to_string(), PARENT);
        let has_headers = call
            .attributes
            .iter()
            .any(|it| it.key.as_str().starts_with('a'));
        assert!(!has_headers, "{call:#?}");
    }
}
