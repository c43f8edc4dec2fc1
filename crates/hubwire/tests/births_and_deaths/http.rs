//! Lives over event streams and polls. They may end anywhere: in a POST that waits, in a poll, before
//! the handshake or between two polls.

use std::time::Duration;

use hubwire::HubEndpoint;
use serde_json::{Value, json};
use test_support::http_client::{EventSource, HANDSHAKE, HttpClient, messages, record};
use tokio::time::timeout;

use super::{Random, action};

/// Runs until the client ends, or hears the end of its connection.
pub(crate) async fn live(endpoint: &HubEndpoint, user: &str, random: &mut Random) {
    let client = HttpClient::negotiate_as(endpoint, Some(user)).await;
    let ended = match random.below(9) {
        0 => return,
        1..5 => {
            let mut events = client.open_event_stream().await;
            act(&client, Some(&mut events), random).await
        }
        _ => {
            client.poll().await;
            act(&client, None, random).await
        }
    };
    if ended.is_some() {
        bid_farewell(&client, random).await;
    }
}

/// Returns `None` at the end of the connection.
async fn act(
    client: &HttpClient,
    mut events: Option<&mut EventSource>,
    random: &mut Random,
) -> Option<()> {
    if random.below(20) == 0 {
        client.post("{\"protocol\":").await;
        return None;
    }
    client.post(HANDSHAKE).await;
    for _ in 0..random.below(8) {
        let body: String = action(random).iter().map(record).collect();
        // A client that gives up a POST leaves part of it behind.
        let posted = timeout(a_moment(random), client.post(body)).await;
        if posted.is_ok_and(|answer| answer.status != 200) {
            return None;
        }
        let heard = match &mut events {
            Some(events) => read(events, random).await?,
            None => poll(client, random).await?,
        };
        for message in heard.iter().filter(|it| it["target"] == "Confirm") {
            if random.below(4) > 0 {
                let id = &message["invocationId"];
                let answer = json!({"type": 3, "invocationId": id, "result": true});
                let _ = timeout(a_moment(random), client.post(record(&answer))).await;
            }
        }
    }
    Some(())
}

fn a_moment(random: &mut Random) -> Duration {
    Duration::from_millis(1 + random.below(10))
}

async fn read(events: &mut EventSource, random: &mut Random) -> Option<Vec<Value>> {
    let mut heard = Vec::new();
    let moment = a_moment(random);
    while let Ok(event) = timeout(moment, events.next()).await {
        heard.extend(messages(&event?));
    }
    Some(heard)
}

/// Polls for a moment, sometimes twice at once, and gives up the polls that still wait.
async fn poll(client: &HttpClient, random: &mut Random) -> Option<Vec<Value>> {
    let (first, second) = (a_moment(random), a_moment(random));
    let first = timeout(first, client.poll());
    let answers = match random.below(4) {
        0 => {
            let (first, second) = tokio::join!(first, timeout(second, client.poll()));
            vec![first, second]
        }
        _ => vec![first.await],
    };
    let mut heard = Vec::new();
    for answer in answers.into_iter().flatten() {
        match answer.status {
            200 => heard.extend(answer.messages()),
            // Another poll has taken its place, or this is the end.
            204 => {}
            _ => return None,
        }
    }
    Some(heard)
}

async fn bid_farewell(client: &HttpClient, random: &mut Random) {
    let farewell = match random.below(6) {
        0 => record(&json!({"type": 7})),
        1 => "no json\u{1e}".to_owned(),
        2 => record(&json!({"type": 1, "target": "Abort", "arguments": []})),
        3 => {
            client.delete().await;
            return;
        }
        _ => return,
    };
    let _ = timeout(a_moment(random), client.post(farewell)).await;
    if random.below(2) == 0 {
        let _ = timeout(a_moment(random), client.poll()).await;
    }
}
