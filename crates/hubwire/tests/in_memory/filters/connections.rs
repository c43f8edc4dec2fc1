//! Filters around `on_connected`.

use std::sync::{Arc, Mutex};

use hubwire::filters::{HubFilter, NextHook};
use hubwire::{Caller, HubError, HubResult};
use serde_json::json;
use test_support::in_memory::*;

use super::FilteredHub;

/// A filter that runs `on_connected` or does not, and refuses connections.
struct Doorkeeper(Arc<Mutex<HubResult<bool>>>);

impl HubFilter for Doorkeeper {
    async fn on_connected(&self, _: &Caller, next: NextHook<'_>) -> HubResult {
        let answer = std::mem::replace(&mut *self.0.lock().unwrap(), Ok(true));
        match answer? {
            true => next.run().await,
            false => Ok(()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_skips_on_connected_or_refuses_the_connection() {
    let (log, answer) = (Log::default(), Arc::new(Mutex::new(Ok(false))));
    let server = TestServer::with(FilteredHub(log.clone()), |hub| {
        hub.filter(Doorkeeper(Arc::clone(&answer)))
    });
    let mut client = server.connect().await;
    assert_eq!(client.invoke_as::<i32>("Double", (1,)).await.unwrap(), 2);
    assert_eq!(log.take(), ["double 1"]);
    drop(client);
    settle().await;
    assert_eq!(log.take(), ["on_disconnected"]);

    *answer.lock().unwrap() = Err(HubError::new("The shop is closed"));
    let mut client = server.open();
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await.unwrap();
    assert_eq!(message(&mut client).await, json!({}));
    let error = "Connection closed with an error. HubException: The shop is closed";
    assert_closed_with(&mut client, json!({"type": 7, "error": error})).await;
    server.leaves_nothing_behind().await;
    assert_eq!(log.take(), [""; 0]);
}
