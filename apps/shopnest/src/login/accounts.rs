//! The accounts of the demo.

use super::origin::Origin;

/// An account; its user signs in with a password.
#[derive(Debug)]
pub(crate) struct Account {
    /// The name of the account and of its user.
    pub(super) name: &'static str,
    pub(super) role: Option<&'static str>,
    /// The hash of the password, as a PHC string.
    pub(super) hash: &'static str,
}

/// Who may use the accounts of the demo, whose passwords everybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accounts {
    Everybody,
    /// Those whose requests no proxy has passed on. The shop listens on this machine only.
    ThisMachine,
    Nobody,
}

/// The password of each is its name, followed by `-demo`.
const DEMO: &[Account] = &[
    Account {
        name: "ann",
        role: None,
        hash: "$argon2id$v=19$m=19456,t=2,p=1$BKpsYx8uS+aZ0IWvrtVEXg$xOHfNE1l7QvNuPyb1teZ0x0fxQOwwbhju4D1dnq64Xo",
    },
    Account {
        name: "bob",
        role: None,
        hash: "$argon2id$v=19$m=19456,t=2,p=1$4xv1EQqPOvrbr6OJGOgGAw$AMNjZVdLSgiXCldh9j1FIlvTs4ZakhAHZFAW73OxZa0",
    },
    Account {
        name: "admin",
        role: Some("Admin"),
        hash: "$argon2id$v=19$m=19456,t=2,p=1$ooN6sc0P0oZd4yrtX4PnGQ$X6bob8EX0J3CaZR1TiMP0J7aaaxz28sOMXRtJxeqWCk",
    },
];

/// The hash of a password that nobody has; the password of an unknown user is compared to it.
pub(super) const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$dhyR2RKaYUWLfzeDhWJ3Tw$QuX7+3Q6KZqfisoYrXBqwYu8FFiq5Lv98IQSus4TJd8";

impl Accounts {
    /// Returns the account with this name; `None` if there is none for a request of this origin.
    pub(super) fn find(self, name: &str, origin: Origin) -> Option<&'static Account> {
        let may_use = match self {
            Self::Everybody => true,
            Self::ThisMachine => origin == Origin::Direct,
            Self::Nobody => false,
        };
        let account = DEMO.iter().find(|account| account.name == name);
        account.filter(|_| may_use)
    }
}

/// Returns the names that no guest may take, whether these accounts exist or not.
pub(super) fn reserved_names() -> impl Iterator<Item = &'static str> {
    DEMO.iter().map(|account| account.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::login::passwords;

    #[test]
    fn each_demo_account_has_the_password_that_the_readme_says() {
        for account in DEMO {
            let password = format!("{}-demo", account.name);
            assert!(passwords::is_of(&password, account.hash), "{account:?}");
            assert!(!passwords::is_of("ann-demo ", account.hash), "{account:?}");
        }
    }

    #[test]
    fn an_unknown_users_password_takes_as_long() {
        let cost = |hash: &str| {
            hash.split('$')
                .take(4)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let [first, ..] = DEMO else { unreachable!() };
        assert_eq!(cost(first.hash)[1], "argon2id");
        for account in DEMO {
            assert_eq!(cost(account.hash), cost(NOBODYS_HASH));
            assert_eq!(account.hash.len(), NOBODYS_HASH.len());
        }
    }
}
