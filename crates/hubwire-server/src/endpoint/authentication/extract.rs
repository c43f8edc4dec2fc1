//! The user of a request as an argument of axum's handlers.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::header::WWW_AUTHENTICATE;
use http::request::Parts;
use http::{Response, StatusCode};

use super::layer::Challenge;
use crate::connection::Principal;
use crate::endpoint::response;

/// Takes the user that an [`AuthenticationLayer`](super::AuthenticationLayer), or a middleware, has
/// determined. A request without one is refused (401).
impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response<Body>> {
        let principal = parts.extensions.get::<Self>().cloned();
        principal.ok_or_else(|| {
            let mut refusal = response::empty(StatusCode::UNAUTHORIZED);
            if let Some(Challenge(challenge)) = parts.extensions.remove() {
                refusal.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
            refusal
        })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Principal {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
