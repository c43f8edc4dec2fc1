//! Signing in and out, for browsers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use hubwire::auth::AuthenticationRequest;
use hubwire::{Disconnect, HubContext};
use serde::Deserialize;

use crate::secrets::SecretHash;
use crate::secure_hub::SecureHub;
use crate::sessions::{COOKIE, LIFETIME, Sessions};

/// What both routes need.
pub(crate) struct SignIn {
    pub(crate) sessions: Sessions,
    /// Of the password of this run, which is random. Passwords of users need a slow hash, as in
    /// ShopNest (`apps/shopnest/src/login`).
    pub(crate) password: SecretHash,
    pub(crate) context: HubContext<SecureHub>,
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    user: String,
    password: String,
}

/// Begins a session. The body is JSON: browsers ask before they send JSON for a page of another origin
/// (a preflight of CORS), and nothing here allows it.
pub(crate) async fn sign_in(
    State(state): State<Arc<SignIn>>,
    Json(credentials): Json<Credentials>,
) -> Response {
    if !state.password.is_of(&credentials.password) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(id) = state.sessions.begin(credentials.user) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    with_cookie(id.reveal(), LIFETIME.as_secs())
}

/// Ends the session, and all connections of its user: otherwise WebSockets and event streams that
/// are open would outlive it.
pub(crate) async fn sign_out(State(state): State<Arc<SignIn>>, parts: Parts) -> Response {
    let request = AuthenticationRequest::new(&parts);
    let id = request.cookie(COOKIE);
    if let Some(user) = id.and_then(|id| state.sessions.end(id)) {
        let because = Disconnect::for_good().because("You have signed out");
        state.context.disconnect_user(user, because);
    }
    with_cookie("", 0)
}

/// Scripts cannot read the cookie (`HttpOnly`), it is sent over HTTPS only (`Secure`), and for
/// requests of pages of this site only (`SameSite`).
fn with_cookie(value: &str, max_age: u64) -> Response {
    let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax";
    let cookie = format!("{COOKIE}={value}; Max-Age={max_age}; {attributes}");
    (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response()
}
