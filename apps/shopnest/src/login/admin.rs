//! The right of the shop's staff.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use hubwire::Principal;

/// As an argument of a handler, lets only users with the role `Admin` use it: others get 403, and
/// requests without a user 401.
#[derive(Debug)]
pub(crate) struct Admin;

impl<S: Sync> FromRequestParts<S> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let user = <Principal as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        match user.is_in_role("Admin") {
            true => Ok(Self),
            false => Err(StatusCode::FORBIDDEN.into_response()),
        }
    }
}
