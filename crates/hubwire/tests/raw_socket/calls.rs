//! Calls that reach their method: results, failures, panics, order.

use hubwire::protocol::Opcode;

use crate::server::Server;
use test_support::client::Received;

#[tokio::test]
async fn results_are_written_as_asp_net_core_writes_them() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    client.call("1", "Echo", r#""a<&+'\"\u00e9\u2028""#).await;
    client
        .expect("{\"type\":3,\"invocationId\":\"1\",\"result\":\"a<&+'\\\"é\\u2028\"}")
        .await;
    client.call("2", "Add", "40,2").await;
    client
        .expect(r#"{"type":3,"invocationId":"2","result":42}"#)
        .await;
    client.call("3", "note", r#""x""#).await;
    client
        .expect(r#"{"type":3,"invocationId":"3","result":null}"#)
        .await;
    // Properties in any order, as the JavaScript client sends them; an empty id counts as none.
    client
        .send(r#"{"arguments":["x"],"target":"ECHO","invocationId":"4","type":1}"#)
        .await;
    client
        .expect(r#"{"type":3,"invocationId":"4","result":"x"}"#)
        .await;
    client.call("", "Echo", r#""x""#).await;
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn failures_of_methods_are_masked_unless_meant_for_the_caller() {
    let server = Server::start().await;
    let cases = [
        ("Refuse", " HubException: there is no such room", true),
        ("Fail", " Error: disk on fire", false),
        ("Panic", " Panic: boom", false),
        ("PanicLater", " Panic: boom later", false),
    ];
    for (path, detailed) in [("/plain", false), ("/detailed", true)] {
        let mut client = server.open(path).await;
        for (target, detail, shown) in cases {
            let detail = if shown || detailed { detail } else { "" };
            client.call("1", target, "").await;
            client
                .expect(&format!(
                    r#"{{"type":3,"invocationId":"1","error":"An unexpected error occurred invoking '{target}' on the server.{detail}"}}"#
                ))
                .await;
            client
                .send(&format!(
                    r#"{{"type":1,"target":"{target}","arguments":[]}}"#
                ))
                .await;
            client.expect_alive().await;
        }
        client.leave().await;
    }
    server.finish().await;
}

#[tokio::test]
async fn calls_of_one_connection_run_one_at_a_time_and_in_order() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    for name in ["a", "b", "c"] {
        client.call(name, "Wait", &format!("\"{name}\"")).await;
    }
    client.call("note", "Note", r#""noted""#).await;
    for name in ["a", "b", "c"] {
        server.journal.until(&format!("{name} began")).await;
        server.gate.let_one_pass();
        client
            .expect(&format!(
                r#"{{"type":3,"invocationId":"{name}","result":"{name}"}}"#
            ))
            .await;
    }
    client
        .expect(r#"{"type":3,"invocationId":"note","result":null}"#)
        .await;
    client.leave().await;
    let journal = server.finish().await;
    let expected = [
        "connected",
        "a began",
        "a ended",
        "b began",
        "b ended",
        "c began",
        "c ended",
        "noted",
        "disconnected: transport closed",
    ];
    assert_eq!(journal, expected);
}

#[tokio::test]
async fn pings_and_messages_to_the_client_pass_a_slow_call() {
    let server = Server::start().await;
    let mut client = server.open("/quiet").await;
    client.call("1", "Wait", r#""slow""#).await;
    server.journal.until("slow began").await;
    client.send_frame(Opcode::Ping, b"first").await;
    assert_eq!(client.next().await, Received::Pong(b"first".to_vec()));
    client.send(r#"{"type":6}"#).await;
    server
        .quiet
        .context()
        .clients()
        .all()
        .said("news")
        .await
        .unwrap();
    client
        .expect(r#"{"type":1,"target":"Said","arguments":["news"]}"#)
        .await;
    // Another call waits for the slot; the WebSocket's own pings do not wait for it.
    client.call("2", "Echo", r#""second""#).await;
    client.send_frame(Opcode::Ping, b"last").await;
    assert_eq!(client.next().await, Received::Pong(b"last".to_vec()));
    server.gate.let_one_pass();
    client
        .expect(r#"{"type":3,"invocationId":"1","result":"slow"}"#)
        .await;
    client
        .expect(r#"{"type":3,"invocationId":"2","result":"second"}"#)
        .await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn a_call_that_sends_to_all_is_completed_after_its_message() {
    let server = Server::start().await;
    let mut speaker = server.open("/quiet").await;
    let mut listener = server.open("/quiet").await;
    for text in ["one", "two", "three"] {
        speaker.call(text, "SayToAll", &format!("\"{text}\"")).await;
    }
    for text in ["one", "two", "three"] {
        let said = format!(r#"{{"type":1,"target":"Said","arguments":["{text}"]}}"#);
        listener.expect(&said).await;
        speaker.expect(&said).await;
        speaker
            .expect(&format!(
                r#"{{"type":3,"invocationId":"{text}","result":null}}"#
            ))
            .await;
    }
    speaker.leave().await;
    listener.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn an_aborting_method_gets_no_completion_and_later_calls_do_not_run() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    let abort = r#"{"type":1,"invocationId":"1","target":"Abort","arguments":[]}"#;
    let note = r#"{"type":1,"invocationId":"2","target":"Note","arguments":["late"]}"#;
    client.send_text(&format!("{abort}\x1e{note}\x1e")).await;
    client.expect(r#"{"type":7}"#).await;
    client.expect_closed(1000).await;
    let journal = server.finish().await;
    assert_eq!(journal, ["connected", "disconnected: aborted by the hub"]);
}

#[tokio::test]
async fn a_running_call_outlives_its_connection_and_a_waiting_one_never_begins() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    client.call("1", "Enter", r#""room""#).await;
    client
        .expect(r#"{"type":3,"invocationId":"1","result":null}"#)
        .await;
    client.call("2", "Wait", r#""slow""#).await;
    server.journal.until("slow began").await;
    client.send(r#"{"type":7}"#).await;
    client.expect(r#"{"type":7}"#).await;
    client.expect_closed(1000).await;
    server
        .journal
        .until("disconnected: closed by the client")
        .await;
    server.gate.let_one_pass();
    let journal = server.finish().await;
    let expected = [
        "connected",
        "slow began",
        "disconnected: closed by the client",
        "slow ended",
    ];
    assert_eq!(journal, expected);
}

#[tokio::test]
async fn a_client_that_vanishes_in_a_call_leaves_nothing() {
    let server = Server::start().await;
    for (round, vanish_by_reset) in [(1, true), (2, false)] {
        let mut client = server.open("/plain").await;
        client.call("1", "Wait", r#""slow""#).await;
        server.journal.until_nth(round, "slow began").await;
        if vanish_by_reset {
            client.reset();
        } else {
            drop(client);
        }
        let gone = "disconnected: transport closed";
        server.journal.until_nth(round, gone).await;
        server.gate.let_one_pass();
        server.until_only_bystander().await;
    }
    let journal = server.finish().await;
    let once = [
        "connected",
        "slow began",
        "disconnected: transport closed",
        "slow ended",
    ];
    assert_eq!(journal, [once, once].concat());
}
