//! Nothing that a client chooses is the value of a label.

use test_support::in_memory::*;

use super::*;

/// A word that is in nothing but what the client sends.
const CHOSEN: &str = "chosen";

#[test]
fn what_a_client_chooses_is_in_no_label() {
    let recorded = recorded(async {
        let server = server(|hub| hub);
        let mut client = server.connect_as(CHOSEN).await;
        client.invoke("Join", (CHOSEN,)).await.unwrap();
        client.invoke(CHOSEN, (CHOSEN,)).await.unwrap_err();
        client.invoke("jOiN", (CHOSEN, CHOSEN)).await.unwrap_err();
        client.invoke("Take", (CHOSEN,)).await.ok();
        record(
            &mut client,
            json!({"type": 4, "invocationId": CHOSEN, "target": CHOSEN, "arguments": [CHOSEN]}),
        )
        .await;
        upload(&mut client, "Read", &[CHOSEN]).await;
        let all = server.context().clients();
        all.client(CHOSEN).send(CHOSEN, ()).await.unwrap();
        for clients in [all.group(CHOSEN), all.user(CHOSEN)] {
            clients.send(CHOSEN, (CHOSEN,)).await.unwrap();
            clients.latest(CHOSEN).send(CHOSEN, ()).await.unwrap();
        }
        let farewell = json!({"type": 7, "error": CHOSEN});
        record(&mut client, farewell).await;
        let mut stranger = TestClient::open(&server.endpoint, None);
        let handshake = json!({"protocol": CHOSEN, "version": 1});
        record(&mut stranger, handshake).await;
        pass(seconds(3)).await;
    });
    assert!(recorded.len() > 50, "{}", recorded.len());
    for (key, ..) in recorded {
        for label in key.key().labels() {
            let value = label.value().to_lowercase();
            assert!(!value.contains(CHOSEN), "{}: {label:?}", key.key().name());
        }
    }
}
