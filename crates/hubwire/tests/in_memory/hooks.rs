//! The order of the hooks, calls and pushes of a connection, and what outlives the connection.

use serde_json::json;
use test_support::in_memory::*;
use test_support::lifecycle::{Stage, Welcome};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn pushes_of_on_connected_precede_completions_of_calls_sent_with_the_handshake() {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.server.open();
    let handshake = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
    let call = "{\"type\":1,\"invocationId\":\"7\",\"target\":\"count\",\"arguments\":[]}\u{1e}";
    let both = format!("{handshake}{call}");
    client.send_bytes(both.as_bytes()).await.unwrap();
    for expected in [
        json!({}),
        json!({"type": 1, "target": "Welcome", "arguments": []}),
        json!({"type": 3, "invocationId": "7", "result": 1}),
    ] {
        assert_eq!(message(&mut client).await, expected);
    }
    drop(client);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_arrive_during_on_connected_are_handled_after_it() {
    let stage = Stage::new(Welcome::WaitAtTheGate);
    let mut client = stage.server.connect().await;
    assert_eq!(client.push().await.unwrap().0, "Welcome");
    client.send("Note", ("first",)).await.unwrap();
    client.send("Note", ("second",)).await.unwrap();
    pass(seconds(60)).await;
    assert_eq!(stage.log.take(), [""; 0]);
    stage.gate.open(1);
    settle().await;
    assert_eq!(stage.log.take(), ["connected", "first", "second"]);
    drop(client);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_receives_while_on_connected_runs() {
    let stage = Stage::new(Welcome::WaitAtTheGate);
    let mut client = stage.server.connect().await;
    assert_eq!(client.push().await.unwrap().0, "Welcome");
    let group = stage.server.context().clients().group("everybody");
    group.send("News", ()).await.unwrap();
    assert_eq!(client.push().await.unwrap().0, "News");
    drop(client);
    stage.gate.open(1);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_on_connected_closes_without_reconnect_and_skips_on_disconnected() {
    for (welcome, error) in [
        (Welcome::Fail, "Connection closed with an error."),
        (Welcome::Panic, "Connection closed with an error."),
        (
            Welcome::Refuse,
            "Connection closed with an error. HubException: not today",
        ),
    ] {
        let stage = Stage::new(welcome);
        let mut client = stage.server.connect().await;
        assert_eq!(client.push().await.unwrap().0, "Welcome");
        assert_closed_with(&mut client, json!({"type": 7, "error": error})).await;
        assert_eq!(stage.log.take(), [""; 0]);
        stage.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn in_on_disconnected_the_connection_is_still_in_its_groups_but_receives_nothing() {
    let stage = Stage::new(Welcome::Accept);
    let mut stays = stage.connect().await;
    let mut goes = stage.connect().await;
    goes.send("Abort", ()).await.unwrap();
    assert_closed_with(&mut goes, json!({"type": 7})).await;
    assert_eq!(stays.push().await.unwrap().0, "Left");
    assert_silent(&mut stays, seconds(60)).await;
    drop(stays);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn items_are_kept_between_calls_and_belong_to_one_connection() {
    let stage = Stage::new(Welcome::Accept);
    let mut first = stage.connect().await;
    let mut second = stage.connect().await;
    for expected in 1..=3 {
        assert_eq!(first.invoke("Count", ()).await, Ok(expected.into()));
    }
    assert_eq!(second.invoke("Count", ()).await, Ok(1.into()));
    drop((first, second));
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_running_method_outlives_its_connection_and_its_hook() {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    client.start("Outlive", ()).await.unwrap();
    settle().await;
    assert_eq!(stage.log.take(), [""; 0]);
    let began = Instant::now();
    drop(client);
    settle().await;
    let mut notes = stage.log.take();
    notes.sort();
    assert_eq!(notes, ["TransportClosed", "aborted"]);
    assert_elapsed(began, 0.0..=0.01);
    let left = server_left(&stage);
    assert_eq!(left, (0, 1), "only the method is left");
    pass(seconds(600)).await;
    stage.gate.open(1);
    settle().await;
    assert_eq!(stage.log.take(), ["ended"]);
    stage.leaves_nothing_behind().await;
}

fn server_left(stage: &Stage) -> (usize, usize) {
    let statistics = stage.server.signalr.statistics();
    (statistics.connections, statistics.tasks)
}
