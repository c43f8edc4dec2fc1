//! The body of a request to sign in.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::refusal::Refusal;

/// Enough for a password that is a sentence.
pub(super) const MAXIMUM_BODY_BYTES: usize = 4096;

/// How long a body may take to arrive.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Who wants to be signed in.
#[derive(PartialEq, Eq)]
pub(super) enum SignIn {
    Account {
        user: String,
        password: String,
    },
    Guest {
        name: Option<String>,
    },
    /// The user of the request's token, again.
    Renewal,
}

#[derive(Deserialize)]
struct Body {
    user: Option<String>,
    password: Option<String>,
    #[serde(default)]
    guest: bool,
    #[serde(default)]
    renew: bool,
    name: Option<String>,
}

impl SignIn {
    /// # Errors
    ///
    /// If the body is neither an account's nor a guest's, nor asks for a renewal.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let body: Body = serde_json::from_slice(body).map_err(|_| Refusal::NoSignIn)?;
        match body {
            Body {
                user: Some(user),
                password: Some(password),
                guest: false,
                renew: false,
                ..
            } => Ok(Self::Account { user, password }),
            Body {
                user: None,
                password: None,
                guest: true,
                renew: false,
                name,
            } => Ok(Self::Guest { name }),
            Body {
                user: None,
                password: None,
                guest: false,
                renew: true,
                name: None,
            } => Ok(Self::Renewal),
            _ => Err(Refusal::NoSignIn),
        }
    }
}

impl fmt::Debug for SignIn {
    /// Shows no password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account { .. } => "Account",
            Self::Guest { .. } => "Guest",
            Self::Renewal => "Renewal",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_an_accounts_or_a_guests_or_asks_for_a_renewal() {
        let account = br#"{"user":"ann","password":"ann-demo","remember":true}"#;
        let expected = SignIn::Account {
            user: "ann".to_owned(),
            password: "ann-demo".to_owned(),
        };
        assert_eq!(SignIn::parse(account), Ok(expected));
        for (body, name) in [
            (r#"{"guest":true}"#, None),
            (r#"{"guest":true,"name":null}"#, None),
            (r#"{"name":"Ada","guest":true}"#, Some("Ada")),
        ] {
            let name = name.map(str::to_owned);
            assert_eq!(SignIn::parse(body.as_bytes()), Ok(SignIn::Guest { name }));
        }
        assert_eq!(SignIn::parse(br#"{"renew":true}"#), Ok(SignIn::Renewal));
    }

    #[test]
    fn anything_else_is_refused() {
        for body in [
            "",
            "{",
            "[]",
            "{}",
            "null",
            r#"{"guest":false}"#,
            r#"{"guest":"true"}"#,
            r#"{"guest":true,"name":7}"#,
            r#"{"user":"ann"}"#,
            r#"{"user":"ann","password":null}"#,
            r#"{"user":"ann","password":"ann-demo","guest":true}"#,
            r#"{"guest":true} {"guest":true}"#,
            r#"{"renew":false}"#,
            r#"{"renew":1}"#,
            r#"{"renew":true,"guest":true}"#,
            r#"{"renew":true,"name":"Ada"}"#,
            r#"{"renew":true,"user":"ann","password":"ann-demo"}"#,
            "\u{FEFF}{\"guest\":true}",
        ] {
            assert_eq!(
                SignIn::parse(body.as_bytes()),
                Err(Refusal::NoSignIn),
                "{body}"
            );
        }
    }
}
