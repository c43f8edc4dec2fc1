//! The claims of a token whose signature is verified.

use std::collections::HashSet;
use std::fmt;

use hubwire_server::{NAME_IDENTIFIER, Principal};
use serde::Deserialize;
use serde::de::{Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Rejection;

/// The claims of a token, each with the JSON text of its value.
pub(crate) struct Claims<'a>(Vec<(String, &'a RawValue)>);

/// A user with more claims than this is refused: enough for the 200 groups that Microsoft Entra ID
/// puts into a token.
const MAXIMUM_CLAIMS: usize = 1_000;

/// The claims of a user may take this many bytes. A token's own size does not bound it, because
/// each value of a list becomes a claim with the name of the list.
const MAXIMUM_SIZE: usize = 64 * 1024;

impl<'a> Claims<'a> {
    /// Reads claims. Their names must be unique (RFC 7519, section 4): another party may have taken
    /// the first of two for valid.
    pub(crate) fn read(json: &'a [u8]) -> Result<Self, Rejection> {
        serde_json::from_slice(json).map_err(|_| Rejection::Claims)
    }

    /// Returns the JSON text of a value; `None` if it is missing or null.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(kept, _)| kept == name)?;
        Some(value.get()).filter(|text| *text != "null")
    }

    /// Returns the user with these claims: a list is one claim for each of its values, and what is
    /// no text is its JSON.
    pub(crate) fn principal(&self) -> Result<Principal, Rejection> {
        self.check_subject()?;
        let mut kept = Kept::default();
        for (name, value) in &self.0 {
            match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
                Ok(values) => values.iter().try_for_each(|it| kept.add(name, it.get()))?,
                Err(_) => kept.add(name, value.get())?,
            }
        }
        Ok(Principal::new(kept.claims))
    }

    /// Checks that `sub`, and .NET's claim for the same, name one user, where there is one: it is a
    /// text (RFC 7519, section 4.1.2), or a number, as some issuers write it.
    fn check_subject(&self) -> Result<(), Rejection> {
        let names_a_user = |json: &str| match serde_json::from_str(json) {
            Ok(Value::String(name)) => !name.is_empty(),
            Ok(Value::Number(_)) => true,
            _ => false,
        };
        let mut names = ["sub", NAME_IDENTIFIER]
            .into_iter()
            .filter_map(|it| self.get(it));
        match names.all(names_a_user) {
            true => Ok(()),
            false => Err(Rejection::Subject),
        }
    }
}

/// The claims of a user, within bounds.
#[derive(Default)]
struct Kept {
    claims: Vec<(String, String)>,
    size: usize,
}

impl Kept {
    fn add(&mut self, name: &str, json: &str) -> Result<(), Rejection> {
        if json == "null" {
            return Ok(());
        }
        self.size = self.size.saturating_add(name.len() + json.len());
        if self.claims.len() == MAXIMUM_CLAIMS || self.size > MAXIMUM_SIZE {
            return Err(Rejection::TooManyClaims);
        }
        let value = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
        self.claims.push((name.to_owned(), value));
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Claims<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UniqueNames;

        impl<'de> Visitor<'de> for UniqueNames {
            type Value = Claims<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("claims")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims<'de>, A::Error> {
                let mut names = HashSet::new();
                let mut claims = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if claims.len() == MAXIMUM_CLAIMS || !names.insert(name.clone()) {
                        return Err(A::Error::custom("too many claims, or two with one name"));
                    }
                    claims.push((name, value));
                }
                Ok(Claims(claims))
            }
        }

        deserializer.deserialize_map(UniqueNames)
    }
}
