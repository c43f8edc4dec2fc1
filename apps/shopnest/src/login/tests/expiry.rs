//! Connections whose tokens expire while they are open, and the tokens with which they come back.

use axum::body::BodyDataStream;
use futures_util::StreamExt;
use tokio::time::{Instant, timeout};

use super::*;

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
const GOODBYE: &str = "{\"type\":7,\"allowReconnect\":true}\u{1e}";

const LIFETIME: Duration = Duration::from_secs(20);

/// An event stream that is open on a hub.
struct Stream {
    body: BodyDataStream,
    received: String,
}

impl Stream {
    /// Negotiates, opens the stream and completes the handshake, all with one token.
    async fn open(shop: &Shop, hub: &str, token: &str) -> Self {
        let negotiate = format!("/hubs/{hub}/negotiate?negotiateVersion=1");
        let negotiated = shop.post(&negotiate, Some(token), "").await;
        assert_eq!(negotiated.status(), 200);
        let negotiated: Value = serde_json::from_slice(&content(negotiated).await).unwrap();
        let id = negotiated["connectionToken"].as_str().unwrap();
        let path = format!("/hubs/{hub}?id={id}");
        let request = Request::get(&path).header(HOST, "localhost");
        let request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        let request = request.header("Accept", "text/event-stream");
        let request = request.body(Body::empty()).unwrap();
        let response = shop.app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let mut stream = Self {
            body: response.into_body().into_data_stream(),
            received: String::new(),
        };
        let posted = shop.post(&path, Some(token), HANDSHAKE).await;
        assert_eq!(posted.status(), 200);
        assert!(stream.hears("{}\u{1e}").await);
        stream
    }

    /// Reads until a text has arrived; returns whether it does before the end.
    async fn hears(&mut self, text: &str) -> bool {
        while !self.received.contains(text) {
            match self.body.next().await {
                Some(chunk) => self
                    .received
                    .push_str(std::str::from_utf8(&chunk.unwrap()).unwrap()),
                None => return false,
            }
        }
        true
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_when_its_token_expires_and_comes_back_with_a_renewed_one() {
    let shop = Shop::open();
    for hub in ["chat", "orders", "notifications"] {
        for user in [claimed("ann", None), User::new("guest-7", "Ada")] {
            let exp = seconds(Timestamp::now()) + LIFETIME.as_secs();
            let first = shop.tokens.sign_until(&user, Some(AuthTime::now()), exp);
            let began = Instant::now();
            let mut connection = Stream::open(&shop, hub, &first).await;
            let goodbye = timeout(LIFETIME * 2, connection.hears(GOODBYE)).await;
            assert_eq!(goodbye, Ok(true), "{hub}: {user:?}");
            let lasted = began.elapsed();
            assert!(
                lasted + Duration::from_secs(2) > LIFETIME,
                "{hub}: {lasted:?}"
            );
            while connection.body.next().await.is_some() {}

            let renewed = shop.token(renew(), Some(&first)).await;
            let mut connection = Stream::open(&shop, hub, &renewed).await;
            let goodbye = timeout(LIFETIME * 2, connection.hears(GOODBYE)).await;
            assert!(goodbye.is_err(), "{hub}: {}", connection.received);
        }
    }
}
