//! What the claims of a token must say.

use std::time::{Duration, UNIX_EPOCH};

use hubwire_server::Principal;
use serde::Deserialize;

use crate::Rejection;
use crate::claims::Claims;
use crate::clock::Clock;

/// What the claims of a token must say.
#[derive(Clone, Debug)]
pub(crate) struct Validation {
    pub(crate) issuers: Vec<String>,
    pub(crate) audiences: Audiences,
    pub(crate) leeway: Duration,
    pub(crate) clock: Clock,
}

/// For whom tokens may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Audiences {
    /// For one of these; if there are none, for nobody in particular.
    Only(Vec<String>),
    Any,
}

impl Validation {
    /// Returns the user of a token with these claims.
    pub(crate) fn principal(&self, claims: &Claims<'_>) -> Result<Principal, Rejection> {
        let expires = self.check_times(claims)?;
        self.check_issuer(claims)?;
        self.check_audience(claims)?;
        let expires = UNIX_EPOCH.checked_add(Duration::from_secs(expires));
        let expires = expires.ok_or(Rejection::Expiration)?;
        Ok(claims.principal()?.expiring_at(expires))
    }

    /// Returns `exp`. A token is good before it and from `nbf` on (RFC 7519, sections 4.1.4 and
    /// 4.1.5).
    fn check_times(&self, claims: &Claims<'_>) -> Result<u64, Rejection> {
        let now = self.clock.seconds();
        let leeway = self.leeway.as_secs();
        let expires = claims.get("exp").ok_or(Rejection::NoExpiration)?;
        let expires = numeric_date(expires).ok_or(Rejection::Expiration)?;
        if now >= expires.saturating_add(leeway) {
            return Err(Rejection::Expired);
        }
        if let Some(not_before) = claims.get("nbf") {
            let not_before = numeric_date(not_before).ok_or(Rejection::NotBefore)?;
            if now < not_before.saturating_sub(leeway) {
                return Err(Rejection::NotYetValid);
            }
        }
        Ok(expires)
    }

    /// Checks `iss`, which is a text (RFC 7519, section 4.1.1), and compared exactly.
    fn check_issuer(&self, claims: &Claims<'_>) -> Result<(), Rejection> {
        if self.issuers.is_empty() {
            return Ok(());
        }
        let issuer = claims.get("iss").ok_or(Rejection::NoIssuer)?;
        let issuer: String = serde_json::from_str(issuer).map_err(|_| Rejection::Issuer)?;
        match self.issuers.contains(&issuer) {
            true => Ok(()),
            false => Err(Rejection::Issuer),
        }
    }

    /// Checks `aud`, which is a text or a list of them (RFC 7519, section 4.1.3): who is not
    /// mentioned in one must refuse the token.
    fn check_audience(&self, claims: &Claims<'_>) -> Result<(), Rejection> {
        let Audiences::Only(own) = &self.audiences else {
            return Ok(());
        };
        let Some(named) = claims.get("aud") else {
            return match own.is_empty() {
                true => Ok(()),
                false => Err(Rejection::NoAudience),
            };
        };
        if own.is_empty() {
            return Err(Rejection::UnexpectedAudience);
        }
        let named: OneOrMany = serde_json::from_str(named).map_err(|_| Rejection::Audience)?;
        let is_own = match named {
            OneOrMany::One(name) => own.contains(&name),
            OneOrMany::Many(names) => names.iter().any(|name| own.contains(name)),
        };
        match is_own {
            true => Ok(()),
            false => Err(Rejection::Audience),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Reads a `NumericDate` (RFC 7519, section 2): a number of seconds since 1970, perhaps with a
/// fraction, which is left out. Returns `None` for what is no number, and for a time before 1970 or
/// after the year 9999, which no issuer means.
fn numeric_date(json: &str) -> Option<u64> {
    const LAST: u64 = 253_402_300_799;
    let seconds = match serde_json::from_str::<u64>(json) {
        Ok(seconds) => seconds,
        Err(_) => {
            let seconds: f64 = serde_json::from_str(json).ok()?;
            // A cast would turn negative numbers into 0.
            (seconds >= 0.0).then_some(seconds as u64)?
        }
    };
    (seconds <= LAST).then_some(seconds)
}
