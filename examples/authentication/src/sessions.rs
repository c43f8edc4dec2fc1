//! Sessions, which a browser names by a cookie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use hubwire::Principal;
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator};

use crate::secrets::{Secret, SecretHash};

/// The name of the cookie. With this prefix, browsers keep it to this host and to HTTPS; all but
/// Safari take it from `http://localhost`, too.
pub(crate) const COOKIE: &str = "__Host-session";

/// How long a session lasts.
pub(crate) const LIFETIME: Duration = Duration::from_secs(8 * 60 * 60);

/// How many sessions are kept; each takes some hundred bytes.
const MAXIMUM: usize = 100_000;

/// All sessions, by the hashes of their ids. Clones are the same sessions.
#[derive(Clone, Default)]
pub(crate) struct Sessions(Arc<Mutex<HashMap<SecretHash, Session>>>);

struct Session {
    user: String,
    ends: SystemTime,
}

impl Sessions {
    /// Begins a session; returns its id for the cookie, or `None` if there are too many.
    pub(crate) fn begin(&self, user: String) -> Option<Secret> {
        let (id, now) = (Secret::new(), now());
        let mut sessions = self.lock();
        if sessions.len() >= MAXIMUM {
            sessions.retain(|_, session| session.ends > now);
        }
        if sessions.len() >= MAXIMUM {
            return None;
        }
        let ends = now + LIFETIME;
        sessions.insert(id.hash(), Session { user, ends });
        Some(id)
    }

    /// Ends a session; returns whose it was.
    pub(crate) fn end(&self, id: &str) -> Option<String> {
        let session = self.lock().remove(&SecretHash::of(id))?;
        Some(session.user)
    }

    fn principal(&self, id: &str) -> Option<Principal> {
        let sessions = self.lock();
        let session = sessions.get(&SecretHash::of(id))?;
        let principal = Principal::new([("sub", &session.user)]).expiring_at(session.ends);
        (session.ends > now()).then_some(principal)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SecretHash, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Authenticator for Sessions {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        let Some(id) = request.cookie(COOKIE) else {
            return Ok(None);
        };
        let principal = self.principal(id).map(Some);
        principal.ok_or_else(|| AuthenticationError::rejected("an unknown or ended session"))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "sessions end by the clock on the wall"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
