//! `POST /api/login`: a token for an account, or for a guest.

mod accounts;
mod admin;
mod auth_time;
mod guests;
mod key;
mod name;
mod origin;
mod outcomes;
mod passwords;
mod refusal;
mod sign_in;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use hubwire::Principal;
use serde::Serialize;
use tokio::time::timeout;

pub(crate) use self::accounts::Accounts;
pub(crate) use self::admin::Admin;
use self::auth_time::AuthTime;
use self::guests::Guests;
pub(crate) use self::key::Key;
use self::origin::Origin;
use self::outcomes::Outcomes;
use self::passwords::Passwords;
use self::refusal::Refusal;
use self::sign_in::{BODY_TIMEOUT, MAXIMUM_BODY_BYTES, SignIn};
use self::tokens::User;
pub(crate) use self::tokens::{Tokens, bearer};

/// What signs visitors in.
#[derive(Debug)]
pub(crate) struct Login {
    accounts: Accounts,
    passwords: Passwords,
    guests: Guests,
    tokens: Tokens,
    outcomes: Outcomes,
}

/// The response to a request that is granted.
#[derive(Serialize)]
struct Granted {
    token: String,
}

impl Login {
    /// Creates what signs visitors in, with tokens signed by `tokens`.
    pub(crate) fn new(accounts: Accounts, tokens: Tokens) -> Self {
        Self {
            accounts,
            passwords: Passwords::new(passwords::is_of),
            guests: Guests::default(),
            tokens,
            outcomes: Outcomes::default(),
        }
    }

    /// Waits for the passwords that are still being verified; those that wait are dropped with their
    /// requests. Nobody signs in any more.
    pub(crate) async fn finish(&self) {
        self.passwords.finish().await;
        self.outcomes.finish().await;
    }

    /// Returns the token that a request asks for.
    async fn sign_in(
        &self,
        bearer: Option<&Principal>,
        request: Request,
    ) -> Result<String, Refusal> {
        let origin = Origin::of(request.headers());
        let asked = SignIn::parse(&body(request).await?)?;
        self.token(asked, bearer, origin).await
    }

    async fn token(
        &self,
        asked: SignIn,
        bearer: Option<&Principal>,
        origin: Origin,
    ) -> Result<String, Refusal> {
        let user = match asked {
            SignIn::Account { user, password } => self.account(&user, password, origin).await?,
            SignIn::Guest { name } => match bearer {
                Some(bearer) if User::guest(bearer).is_some() => {
                    return self.renewed(bearer, origin);
                }
                _ => self.guests.welcome(name.as_deref())?,
            },
            SignIn::Renewal => {
                return self.renewed(bearer.ok_or(Refusal::NotRenewed)?, origin);
            }
        };
        Ok(self.tokens.sign(&user, Some(AuthTime::now())))
    }

    /// Returns another token for the user of one that is good. An account has the role that it has now,
    /// and must still be there, for a request of this origin.
    fn renewed(&self, known: &Principal, origin: Origin) -> Result<String, Refusal> {
        let signed_in = AuthTime::of(known);
        if let Some(guest) = User::guest(known) {
            let guest = self.guests.renew(guest)?;
            return Ok(self.tokens.sign(&guest, signed_in));
        }
        let signed_in = signed_in.filter(|it| it.is_recent());
        let signed_in = signed_in.ok_or(Refusal::NotRenewed)?;
        // Another token would be good no longer, and the page is to warn its user in time.
        let expires = known.expires().map(auth_time::seconds_of);
        if expires.is_none_or(|it| it >= signed_in.end_of_session()) {
            return Err(Refusal::NotRenewed);
        }
        let account = known
            .claim("sub")
            .and_then(|it| self.accounts.find(it, origin));
        let user = User::from(account.ok_or(Refusal::NotRenewed)?);
        Ok(self.tokens.sign_for_session(&user, signed_in))
    }

    /// An unknown user takes as long as a wrong password, and gets the same answer.
    async fn account(&self, user: &str, password: String, origin: Origin) -> Result<User, Refusal> {
        let account = self.accounts.find(user, origin);
        let hash = account.map_or(accounts::NOBODYS_HASH, |it| it.hash);
        let is_right = self.passwords.verify(password, hash).await?;
        match account {
            Some(account) if is_right => Ok(User::from(account)),
            _ => Err(Refusal::WrongPassword),
        }
    }
}

/// Responds with a token, which `Authorization: Bearer` of later requests has.
///
/// The body is `{"user", "password"}` of an account, `{"guest": true, "name"?}`, or `{"renew": true}`, which
/// asks for another token of the user whose token is in `Authorization`. `{"guest": true}` does so too if
/// that is a guest's.
pub(crate) async fn login(
    State(login): State<Arc<Login>>,
    bearer: Option<Principal>,
    request: Request,
) -> Result<impl IntoResponse, Refusal> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let address = peer.map(|ConnectInfo(peer)| peer.ip());
    let signed_in = login.sign_in(bearer.as_ref(), request).await;
    login.outcomes.report(&signed_in, address);
    let token = signed_in?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(Granted { token })))
}

async fn body(request: Request) -> Result<Bytes, Refusal> {
    let read = axum::body::to_bytes(request.into_body(), MAXIMUM_BODY_BYTES);
    match timeout(BODY_TIMEOUT, read).await {
        Ok(Ok(body)) => Ok(body),
        // The client is gone, or has sent too much.
        Ok(Err(_)) => Err(Refusal::TooLarge),
        Err(_) => Err(Refusal::TooSlow),
    }
}

#[cfg(test)]
mod tests;
