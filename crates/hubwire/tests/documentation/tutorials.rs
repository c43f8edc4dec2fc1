//! The hubs at the beginning of SignalR's tutorials, written as the README and docs/ teach, and what their
//! clients receive.

mod first_chat;
mod notifications;
mod orders;
mod presence;
mod rooms;
mod secure_hub;
mod shop_chat;
mod stock_ticker;
mod typed_notifications;

use hubwire::testing::TestClient;
use hubwire::{HubEndpoint, Principal};
use serde_json::Value;

/// Connects a client without a user.
async fn connect(endpoint: &HubEndpoint) -> TestClient {
    TestClient::connect(endpoint).await.unwrap()
}

async fn connect_as(endpoint: &HubEndpoint, name: &str) -> TestClient {
    let principal = Principal::new([(hubwire::NAME_IDENTIFIER, name)]);
    let client = TestClient::connect_as(endpoint, principal).await;
    client.unwrap()
}

/// Calls a method that has no result.
async fn call(client: &mut TestClient, method: &str, arguments: impl hubwire::manual::Arguments) {
    client.invoke_as::<()>(method, arguments).await.unwrap();
}

/// Asserts the error that a client receives.
async fn refused(
    client: &mut TestClient,
    method: &str,
    arguments: impl hubwire::manual::Arguments,
) -> String {
    let error = client.invoke_as::<()>(method, arguments).await.unwrap_err();
    error.text().to_owned()
}

/// Asserts what a client receives next.
async fn hears(client: &mut TestClient, event: &str, arguments: Value) {
    let heard = client.push().await.unwrap();
    assert_eq!(heard, (event.to_owned(), arguments));
}

/// Asserts that nothing arrives for a client within a second of paused time.
async fn hears_nothing(client: &mut TestClient) {
    let silence = tokio::time::timeout(std::time::Duration::from_secs(1), client.push());
    assert!(silence.await.is_err(), "something arrived");
}
