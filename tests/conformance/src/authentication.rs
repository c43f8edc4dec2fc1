//! The users of the transcripts: a client with the bearer token `ann` is the user ann.

use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use hubwire::{NAME_IDENTIFIER, Principal};

/// Adds the user that the token names to the request; a bad token names nobody.
pub(crate) async fn authenticate(mut request: Request) -> Request {
    if let Some(user) = token(&request).filter(|token| token != "bad") {
        let principal = Principal::new([(NAME_IDENTIFIER, user)]);
        request.extensions_mut().insert(principal);
    }
    request
}

fn token(request: &Request) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION);
    let bearer = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    match bearer {
        Some(token) => Some(token.to_owned()),
        None => form_urlencoded::parse(request.uri().query()?.as_bytes())
            .find(|(key, _)| key == "access_token")
            .map(|(_, token)| token.into_owned()),
    }
}
