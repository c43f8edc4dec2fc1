//! What the server holds, for tests that wait until nothing is left behind.

use axum::routing::get;
use axum::{Json, Router};
use hubwire::SignalR;
use serde_json::json;

/// Returns the route.
pub(crate) fn router(signalr: &SignalR) -> Router {
    let signalr = signalr.clone();
    let statistics = get(async move || {
        let held = signalr.statistics();
        Json(json!({
            "connections": held.connections,
            "tasks": held.tasks,
            "tokens": held.tokens,
        }))
    });
    Router::new().route("/statistics", statistics)
}
