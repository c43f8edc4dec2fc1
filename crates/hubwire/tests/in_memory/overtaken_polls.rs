//! Polls that overtake each other while it is decided about them.

#![expect(
    clippy::disallowed_methods,
    reason = "each test waits for the tasks that it spawns"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hubwire::Principal;
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator};
use serde_json::json;
use test_support::http_client::HttpClient;
use test_support::in_memory::*;

use crate::http_stage::{Stage, call};

/// Looks the role up at once, and may take its time after that.
#[derive(Clone)]
struct Roles {
    is_admin: Arc<AtomicBool>,
    next_is_slow: Arc<AtomicBool>,
    gate: Gate,
}

impl Authenticator for Roles {
    async fn authenticate(
        &self,
        _: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        let role = match self.is_admin.load(Ordering::SeqCst) {
            true => "Admin",
            false => "Guest",
        };
        if self.next_is_slow.swap(false, Ordering::SeqCst) {
            self.gate.passed().await;
        }
        Ok(Some(Principal::new([("sub", "ann"), ("role", role)])))
    }
}

/// A role that was taken away does not come back with an older poll.
#[tokio::test(start_paused = true)]
async fn a_poll_that_was_overtaken_brings_no_older_claims_back() {
    let roles = Roles {
        is_admin: Arc::new(AtomicBool::new(true)),
        next_is_slow: Arc::default(),
        gate: Gate::closed(),
    };
    let it = Stage::with(|hub| hub, |it| it.authenticator(roles.clone()));
    let ann = HttpClient::negotiate(&it.endpoint).await;
    ann.shake_hands().await;
    roles.next_is_slow.store(true, Ordering::SeqCst);
    let polling = ann.clone();
    let older = tokio::spawn(async move { polling.poll().await });
    settle().await;
    roles.is_admin.store(false, Ordering::SeqCst);
    let polling = ann.clone();
    let newer = tokio::spawn(async move { polling.poll().await });
    settle().await;
    roles.gate.open(1);
    settle().await;
    assert_eq!(ann.post(call("1", "Role", &json!([]))).await.status, 200);
    let mut messages = Vec::new();
    for poll in [older, newer] {
        let answer = poll.await.unwrap();
        if answer.status == 200 {
            messages.extend(answer.messages());
        }
    }
    assert_eq!(messages[0]["result"], "Guest", "{messages:?}");
}
