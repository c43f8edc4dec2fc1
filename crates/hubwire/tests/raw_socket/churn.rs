//! Clients that come and go.

use crate::server::Server;
use test_support::client::Received;

const ROUNDS: usize = 200;

#[tokio::test]
async fn connects_and_disconnects_of_all_kinds_leave_nothing() {
    let server = Server::start().await;
    for round in 0..ROUNDS {
        let mut polite = server.open("/plain").await;
        polite
            .call("1", "Enter", &format!("\"room {}\"", round % 7))
            .await;
        polite
            .expect(r#"{"type":3,"invocationId":"1","result":null}"#)
            .await;
        polite.leave().await;

        let mut orderly = server.open("/plain").await;
        orderly.send(r#"{"type":7}"#).await;
        orderly.expect(r#"{"type":7}"#).await;
        orderly.expect_closed(1000).await;

        let mut halting = server.open("/plain").await;
        halting.call("1", "Enter", r#""room""#).await;
        halting.send_fin().await;
        while halting.next().await != Received::Eof {}

        let mut rude = server.open("/plain").await;
        rude.call("1", "Enter", r#""room""#).await;
        rude.reset();

        let mut hesitant = server.upgrade("/plain").await;
        hesitant.send_text("{").await;
    }
    let journal = server.finish().await;
    let connected = journal.iter().filter(|entry| *entry == "connected");
    assert_eq!(connected.count(), 4 * ROUNDS);
    assert_eq!(journal.len(), 8 * ROUNDS);
}

#[tokio::test]
async fn many_clients_at_once_leave_nothing() {
    let server = Server::start().await;
    let mut clients = Vec::new();
    for _ in 0..200 {
        clients.push(server.open("/plain").await);
    }
    assert_eq!(server.signalr.statistics().connections, 201);
    let last = clients.pop();
    drop(clients);
    last.expect("one is left").leave().await;
    assert_eq!(server.finish().await.len(), 400);
}
