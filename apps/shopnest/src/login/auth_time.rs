//! When a user signed in, and for how long tokens may be renewed without another password.

use std::time::{Duration, SystemTime};

use hubwire::{Principal, Timestamp};
use serde::Serialize;

/// How long after signing in an account's tokens are renewed, and are good at most, so that a password is
/// asked for once on a day of work. At assurance level 2, NIST SP 800-63B (revision 3, section 4.2.3) has users authenticate
/// again at least once in 12 hours.
pub(super) const LONGEST_SESSION: Duration = Duration::from_secs(12 * 60 * 60);

/// The claim `auth_time`: when a user signed in, in seconds since 1970 (OpenID Connect Core 1.0,
/// section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct AuthTime(u64);

impl AuthTime {
    pub(super) fn now() -> Self {
        Self(seconds(Timestamp::now()))
    }

    /// Returns when the user of a token signed in, which is not later than now: its `auth_time`, or
    /// else its `iat`. Returns `None` if it has neither, or if that is no time.
    pub(super) fn of(user: &Principal) -> Option<Self> {
        let claimed = user.claim("auth_time").or_else(|| user.claim("iat"))?;
        let seconds = claimed.parse::<f64>().ok()?;
        // A JWT's times may have fractions (RFC 7519, section 2).
        let since = Duration::try_from_secs_f64(seconds).ok()?;
        Some(Self(since.as_secs()).min(Self::now()))
    }

    /// Returns when a password is asked for again, in seconds since 1970.
    pub(super) fn end_of_session(self) -> u64 {
        self.0.saturating_add(LONGEST_SESSION.as_secs())
    }

    /// Returns whether an account's token may still be renewed without a password.
    pub(super) fn is_recent(self) -> bool {
        let Self(now) = Self::now();
        now < self.end_of_session()
    }

    #[cfg(test)]
    pub(super) fn ago(time: Duration) -> Self {
        Self(Self::now().0 - time.as_secs())
    }
}

/// Returns a time as the claims of a token have it.
pub(super) fn seconds(time: Timestamp) -> u64 {
    SystemTime::try_from(time).map_or(0, seconds_of)
}

/// Does the same for a time of the system.
pub(super) fn seconds_of(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_begins_when_its_user_signed_in_or_else_with_its_token() {
        for (claims, expected) in [
            (&[("auth_time", "7"), ("iat", "9")][..], Some(7)),
            (&[("iat", "9.75")], Some(9)),
            (&[("auth_time", "never"), ("iat", "9")], None),
            (&[("auth_time", "-1")], None),
            (&[("iat", "NaN")], None),
            (&[("iat", "1e30")], None),
            (&[("exp", "9")], None),
        ] {
            let user = Principal::new(claims.iter().copied());
            assert_eq!(AuthTime::of(&user), expected.map(AuthTime), "{claims:?}");
        }
    }

    #[test]
    fn nobody_signed_in_later_than_now() {
        let later = (AuthTime::now().0 + 1_000).to_string();
        let user = Principal::new([("auth_time", later)]);
        let signed_in = AuthTime::of(&user).unwrap();
        assert!(signed_in <= AuthTime::now());
        assert!(signed_in.is_recent());
    }
}
