//! Calls that never reach their method.

use crate::server::Server;
use test_support::client::Client;

const MISMATCH: &str = "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.";

async fn assert_fails(client: &mut Client, target: &str, arguments: &str, error: &str) {
    client.call("1", target, arguments).await;
    let completion = format!(r#"{{"type":3,"invocationId":"1","error":"{error}"}}"#);
    client.expect(&completion).await;
    // Without an id, the same call gets no completion, which the echo shows.
    client
        .send(&format!(
            r#"{{"type":1,"target":"{target}","arguments":[{arguments}]}}"#
        ))
        .await;
    client.expect_alive().await;
}

#[tokio::test]
async fn an_unknown_method_is_named_with_and_without_detailed_errors() {
    let server = Server::start().await;
    for path in ["/plain", "/detailed"] {
        let mut client = server.open(path).await;
        for (target, arguments) in [("NoSuchMethod", "1"), ("OnConnected", ""), ("", "")] {
            let error = format!(
                "Failed to invoke '{target}' due to an error on the server. HubException: Method does not exist."
            );
            assert_fails(&mut client, target, arguments, &error).await;
        }
        client.leave().await;
    }
    server.finish().await;
}

#[tokio::test]
async fn a_wrong_number_of_arguments() {
    let server = Server::start().await;
    for (path, detailed) in [("/plain", false), ("/detailed", true)] {
        let mut client = server.open(path).await;
        for (arguments, count) in [("", 0), ("1", 1), ("1,2,3", 3), (r#"1,2,[{}],"4""#, 4)] {
            let mut error = "Failed to invoke 'Add' due to an error on the server.".to_owned();
            if detailed {
                let detail = format!(
                    " InvalidDataException: Invocation provides {count} argument(s) but target expects 2."
                );
                error.push_str(&detail);
            }
            assert_fails(&mut client, "aDD", arguments, &error).await;
        }
        client.leave().await;
    }
    server.finish().await;
}

#[tokio::test]
async fn arguments_of_wrong_types() {
    let server = Server::start().await;
    for (path, detailed) in [("/plain", false), ("/detailed", true)] {
        let mut client = server.open(path).await;
        for arguments in [
            r#""a",1"#,
            "1,{}",
            "1.5,1",
            "null,1",
            "3000000000,1",
            "true,1",
        ] {
            let mut error = "Failed to invoke 'Add' due to an error on the server.".to_owned();
            if detailed {
                error.push_str(" InvalidDataException: ");
                error.push_str(MISMATCH);
            }
            assert_fails(&mut client, "Add", arguments, &error).await;
        }
        client.leave().await;
    }
    server.finish().await;
}

#[tokio::test]
async fn an_argument_that_panics_when_it_is_decoded_fails_only_its_call() {
    let server = Server::start().await;
    for (path, detail) in [("/plain", ""), ("/detailed", " Panic: boom while decoding")] {
        let mut client = server.open(path).await;
        let error =
            format!("Failed to invoke 'TakeExplosive' due to an error on the server.{detail}");
        assert_fails(&mut client, "TakeExplosive", "1", &error).await;
        client.leave().await;
    }
    server.finish().await;
}

#[tokio::test]
async fn a_plain_method_is_not_called_as_a_stream_nor_with_streams() {
    let server = Server::start().await;
    for path in ["/plain", "/detailed"] {
        let mut client = server.open(path).await;
        client
            .send(r#"{"type":4,"invocationId":"1","target":"eCHO","arguments":["x"]}"#)
            .await;
        client
            .expect(r#"{"type":3,"invocationId":"1","error":"The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation."}"#)
            .await;
        client
            .send(r#"{"type":1,"invocationId":"1","target":"Echo","arguments":["x"],"streamIds":["7"]}"#)
            .await;
        client
            .expect(r#"{"type":3,"invocationId":"1","error":"An unexpected error occurred invoking 'Echo' on the server. HubException: Client sent 1 stream(s), Hub method expects 0."}"#)
            .await;
        client
            .send(r#"{"type":2,"invocationId":"7","item":1}"#)
            .await;
        client.send(r#"{"type":3,"invocationId":"7"}"#).await;
        client
            .send(r#"{"type":4,"invocationId":"1","target":"Nope","arguments":[]}"#)
            .await;
        client
            .expect(r#"{"type":3,"invocationId":"1","error":"Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist."}"#)
            .await;
        client.expect_alive().await;
        client.leave().await;
    }
    server.finish().await;
}

#[tokio::test]
async fn binding_failures_and_streaming_invocations_are_refused_ahead_of_a_running_call() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    client.call("1", "Wait", r#""slow""#).await;
    server.journal.until("slow began").await;
    client.call("2", "Nope", "").await;
    client.call("3", "Add", r#""a""#).await;
    client
        .expect(r#"{"type":3,"invocationId":"2","error":"Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist."}"#)
        .await;
    client
        .expect(r#"{"type":3,"invocationId":"3","error":"Failed to invoke 'Add' due to an error on the server."}"#)
        .await;
    client
        .send(r#"{"type":4,"invocationId":"4","target":"Echo","arguments":["x"]}"#)
        .await;
    client
        .expect(r#"{"type":3,"invocationId":"4","error":"The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation."}"#)
        .await;
    server.gate.let_one_pass();
    client
        .expect(r#"{"type":3,"invocationId":"1","result":"slow"}"#)
        .await;
    client.leave().await;
    server.finish().await;
}
