//! The shutdown of a server under load.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::server::Server;
use test_support::client::{Client, Received};

const CLIENTS: usize = 200;

/// How many echoes each client has received before the shutdown begins.
const ECHOES: usize = 5;

const LIMIT: Duration = Duration::from_secs(10);

const GOODBYE: &str = r#"{"type":7,"allowReconnect":true}"#;
const NEWS: &str = r#"{"type":1,"target":"Said","arguments":["news"]}"#;

/// Echoes until the server's Close message; only Close 1000 may follow it.
async fn echo_to_the_end(mut client: Client, echoed: watch::Sender<usize>) {
    let mut news = 0;
    let mut number = 0;
    'echoes: loop {
        client.call(&number.to_string(), "Echo", r#""x""#).await;
        let completion = format!(r#"{{"type":3,"invocationId":"{number}","result":"x"}}"#);
        loop {
            match &*client.record().await {
                NEWS => news += 1,
                GOODBYE => break 'echoes,
                record => {
                    assert_eq!(record, completion);
                    break;
                }
            }
        }
        number += 1;
        if number == ECHOES {
            echoed.send_modify(|count| *count += 1);
        }
    }
    assert!(number >= ECHOES, "only {number} echoes");
    assert!(news > 0, "no broadcast");
    assert_eq!(client.next().await, Received::Close(Some(1000)));
    client.send_close(&1000_u16.to_be_bytes()).await;
    assert_eq!(client.next().await, Received::Eof);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_peer_is_told_to_reconnect_and_nothing_follows() {
    let server = Server::start_alone().await;
    let (echoed, mut all_echoed) = watch::channel(0);
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let path = format!("/narrow?user=user{number}");
        let client = server.open(&path).await;
        clients.spawn(echo_to_the_end(client, echoed.clone()));
    }
    let mut broadcasting = JoinSet::new();
    let context = server.narrow.context();
    broadcasting.spawn(async move {
        loop {
            context.clients().all().said("news").await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    all_echoed
        .wait_for(|count| *count == CLIENTS)
        .await
        .unwrap();
    let (ending, bystander) = server.begin_shutdown().await;
    let journal = ending.end_within(LIMIT, bystander).await;
    // Broadcasts after the end reach nobody, which is not an error.
    assert!(broadcasting.try_join_next().is_none());
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let ends = journal
        .iter()
        .filter(|entry| *entry == "disconnected: server shutdown");
    assert_eq!(ends.count(), CLIENTS);
}
