//! Clients that poll whose users lose a role while a call of theirs waits, or is being decided about.

use serde_json::{Value, json};
use test_support::http_client::{HANDSHAKE, HttpClient, record};

use super::*;
use crate::http_stage::{call, send};

fn user(roles: &[&'static str]) -> Principal {
    let roles = roles.iter().map(|role| ("role", *role));
    Principal::new(roles.chain([("sub", "ann")]))
}

/// Returns a client that polls, and whose user is a cook.
async fn cook(stage: &Stage) -> HttpClient {
    let cook = HttpClient::negotiate_as(&stage.server.endpoint, Some("ann")).await;
    let cook = cook.with_principal(user(&["Cook"]));
    let octets = Some("application/octet-stream");
    cook.poll().await.assert_is(200, octets, "");
    cook.post(HANDSHAKE).await;
    assert_eq!(cook.poll().await.status, 200);
    cook
}

/// The user is no cook any more, and polls while `meanwhile` runs. Returns what the client hears.
async fn demoted(cook: HttpClient, meanwhile: impl AsyncFnOnce(), count: usize) -> Vec<Value> {
    let demoted = cook.with_principal(user(&[]));
    let (mut heard, ()) = tokio::join!(async { demoted.poll().await.messages() }, async {
        pass(seconds(10)).await;
        meanwhile().await;
    });
    while heard.len() < count {
        heard.extend(demoted.poll().await.messages());
    }
    demoted.delete().await;
    heard
}

#[tokio::test(start_paused = true)]
async fn who_is_demoted_before_the_policy_is_asked_cannot_call() {
    let stage = Stage::new();
    let cook = cook(&stage).await;
    cook.post(call("1", "Wait", &json!([]))).await;
    cook.post(call("2", "EnterAsCook", &json!([]))).await;
    settle().await;
    let heard = demoted(cook, async || stage.gate.open(1), 2).await;
    let error = "Failed to invoke 'EnterAsCook' because user is unauthorized";
    assert_eq!(heard[1]["error"], error, "{heard:?}");
    assert!(stage.log.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_is_demoted_while_the_policy_decides_cannot_call() {
    let streaming = |id, target: &str, streams: &[&str]| {
        record(&json!({
            "type": 4, "invocationId": id, "target": target, "arguments": [], "streamIds": streams,
        }))
    };
    for (target, message) in [
        ("EnterAsCook", call("1", "EnterAsCook", &json!([]))),
        ("CountAsCook", streaming("1", "CountAsCook", &[])),
        (
            "SumAsCook",
            record(&json!({
                "type": 1, "invocationId": "1", "target": "SumAsCook", "arguments": [],
                "streamIds": ["a"],
            })),
        ),
    ] {
        let told = Log::default();
        let stage = Stage::with(|hub| hub.filter(Watching("filter", told.clone())));
        stage.says(Says::NotYet);
        let cook = cook(&stage).await;
        cook.post(message).await;
        settle().await;
        stage.says(Says::Yes);
        let heard = demoted(cook, async || stage.door.open(1), 1).await;
        let error = format!("Failed to invoke '{target}' because user is unauthorized");
        assert_eq!(heard[0]["error"], error, "{heard:?}");
        assert_eq!(told.take(), [format!("filter {target} Unauthorized")]);
        assert_eq!(stage.log.take(), ["asked"], "nothing of the method runs");
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_of_who_is_demoted_while_the_policy_decides_does_not_run() {
    let stage = Stage::new();
    stage.says(Says::NotYet);
    let cook = cook(&stage).await;
    cook.post(send("EnterAsCook", &json!([]))).await;
    cook.post(call("1", "Echo", &json!(["here"]))).await;
    settle().await;
    stage.says(Says::Yes);
    let heard = demoted(cook, async || stage.door.open(1), 1).await;
    assert_eq!(heard[0]["result"], "here", "{heard:?}");
    assert_eq!(stage.log.take(), ["asked"]);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn who_keeps_the_role_while_the_policy_decides_can_call() {
    let stage = Stage::new();
    stage.says(Says::NotYet);
    let cook = cook(&stage).await;
    cook.post(call("1", "EnterAsCook", &json!([]))).await;
    settle().await;
    stage.says(Says::Yes);
    let (answer, ()) = tokio::join!(cook.poll(), async {
        pass(seconds(10)).await;
        stage.door.open(1);
    });
    assert_eq!(answer.messages()[0]["result"], Value::Null);
    assert_eq!(stage.log.take(), ["asked", "enter as cook"]);
    cook.delete().await;
    stage.server.leaves_nothing_behind().await;
}
