//! Tokens: what is claimed of a user, signed by the shop.

use std::time::Duration;

use hubwire::auth::jwt::{JwtBearer, JwtConfigurationError, JwtSigner};
use hubwire::{Principal, Timestamp};
use ring::rand::{RandomlyConstructable, SystemRandom, generate};
use serde::Serialize;

use super::accounts::{self, Account};
use super::auth_time::{AuthTime, seconds};
use super::key::Key;

/// How long a token is good.
pub(super) const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The issuer of the tokens, and whom they are for.
const SHOP: &str = "shopnest";

/// The longest id of a guest whose token was signed elsewhere.
const MAXIMUM_GUEST_ID_BYTES: usize = 256;

/// Somebody who has a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    /// The account's name, or the guest's random id.
    pub(super) sub: String,
    /// The name that others see.
    pub(super) name: String,
    pub(super) role: Option<&'static str>,
}

/// Signs tokens.
#[derive(Debug)]
pub(crate) struct Tokens(JwtSigner);

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    iss: &'a str,
    aud: &'a str,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<AuthTime>,
}

impl User {
    pub(super) fn new(sub: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            sub: sub.into(),
            name: name.into(),
            role: None,
        }
    }

    /// Returns the guest whose token a request has; `None` if its user is no guest, but has an account or
    /// a role.
    pub(super) fn guest(principal: &Principal) -> Option<Self> {
        let sub = principal.claim("sub")?;
        let is_guest = sub.len() <= MAXIMUM_GUEST_ID_BYTES
            && accounts::reserved_names().all(|name| name != sub)
            && principal.claim("role").is_none();
        is_guest.then(|| Self::new(sub, principal.name().unwrap_or(sub)))
    }
}

impl From<&Account> for User {
    fn from(account: &Account) -> Self {
        Self {
            role: account.role,
            ..Self::new(account.name, account.name)
        }
    }
}

impl Tokens {
    pub(crate) fn new(key: &Key) -> Result<Self, JwtConfigurationError> {
        JwtSigner::hs256(key.bytes()).map(Self)
    }

    /// Returns a token that is good for an hour, for a user who signed in at this time, if that is known.
    pub(super) fn sign(&self, user: &User, auth_time: Option<AuthTime>) -> String {
        self.sign_until(user, auth_time, in_an_hour())
    }

    /// Returns a token that is good for an hour, but not for longer than the session of an account's user
    /// who signed in at this time.
    pub(super) fn sign_for_session(&self, user: &User, signed_in: AuthTime) -> String {
        let exp = in_an_hour().min(signed_in.end_of_session());
        self.sign_until(user, Some(signed_in), exp)
    }

    /// Does the same, for a token that is good until this time, in seconds since 1970.
    pub(super) fn sign_until(&self, user: &User, auth_time: Option<AuthTime>, exp: u64) -> String {
        let claims = Claims {
            sub: &user.sub,
            name: &user.name,
            role: user.role,
            iss: SHOP,
            aud: SHOP,
            exp,
            auth_time,
        };
        let token = self.0.sign(&claims);
        token.expect("the claims are texts and numbers")
    }
}

/// Returns what determines users by the tokens that are signed with a key, here or elsewhere.
///
/// There is no leeway: the clock that they expire by is the one that they were signed by.
pub(crate) fn bearer(key: &Key) -> Result<JwtBearer, JwtConfigurationError> {
    let tokens = JwtBearer::builder().hs256(key.bytes());
    let tokens = tokens.issuer(SHOP).audience(SHOP);
    tokens.leeway(Duration::ZERO).build()
}

fn in_an_hour() -> u64 {
    seconds(Timestamp::now()) + LIFETIME.as_secs()
}

/// Returns the id of a new guest, which nobody can guess.
pub(super) fn guest_id() -> String {
    format!("guest-{:032x}", u128::from_ne_bytes(random()))
}

/// Returns a number below `end`.
pub(super) fn random_number(end: u32) -> u32 {
    u32::from_ne_bytes(random()) % end
}

fn random<T: RandomlyConstructable>() -> T {
    let bytes = generate(&SystemRandom::new());
    bytes.expect("the system provides random bytes").expose()
}
