//! The users of the transcripts: a client with the bearer token `ann` is the user ann.

use std::time::{Duration, SystemTime};

use axum::Router;
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator};
use hubwire::{HubEndpoint, MapHub, NAME_IDENTIFIER, Principal, Timestamp};

/// Returns the routes of hubs whose users are named by their tokens.
pub(crate) fn with_users<const N: usize>(endpoints: [(&str, HubEndpoint); N]) -> Router {
    let router = Router::new();
    endpoints.into_iter().fold(router, |router, (path, it)| {
        router.map_hub(path, it.authenticator(NamesAsTokens))
    })
}

/// The user with the role `Admin`.
const ADMIN: &str = "admin";

/// Takes a token for the name of a user. `ann.3s` is ann for 3 s from the request on, and `bad` is
/// nobody.
#[derive(Clone, Copy, Debug)]
struct NamesAsTokens;

impl Authenticator for NamesAsTokens {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        // The recorded server read the query of every request.
        let token = request.bearer_token();
        match token.or_else(|| request.query("access_token")).as_deref() {
            None => Ok(None),
            Some("bad") => Err(AuthenticationError::rejected("the token is `bad`")),
            Some(token) => Ok(Some(user(token))),
        }
    }
}

fn user(token: &str) -> Principal {
    let (name, expires) = match expiring(token) {
        Some((name, expires)) => (name, Some(expires)),
        None => (token, None),
    };
    let role = (name == ADMIN).then_some(("role", "Admin"));
    let user = Principal::new([(NAME_IDENTIFIER, name)].into_iter().chain(role));
    match expires {
        Some(time) => user.expiring_at(time),
        None => user,
    }
}

/// Returns the name in a token that expires, and when it does; this may be past already.
fn expiring(token: &str) -> Option<(&str, SystemTime)> {
    let (name, lifetime) = token.rsplit_once('.')?;
    let seconds: i32 = lifetime.strip_suffix('s')?.parse().ok()?;
    let span = Duration::from_secs(seconds.unsigned_abs().into());
    let now = SystemTime::try_from(Timestamp::now()).ok()?;
    let time = match seconds {
        0.. => now.checked_add(span),
        _ => now.checked_sub(span),
    };
    Some((name, time?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_name_and_perhaps_a_lifetime() {
        for (token, name) in [("ann", "ann"), ("ann.b", "ann.b"), ("ann.xs", "ann.xs")] {
            let user = user(token);
            assert_eq!((user.name_identifier(), user.expires()), (Some(name), None));
        }
        let now = SystemTime::try_from(Timestamp::now()).unwrap();
        for (token, is_good) in [("ann.3s", true), ("ann.-5s", false)] {
            let user = user(token);
            assert_eq!(user.name_identifier(), Some("ann"));
            assert_eq!(user.expires().unwrap() > now, is_good);
        }
    }
}
