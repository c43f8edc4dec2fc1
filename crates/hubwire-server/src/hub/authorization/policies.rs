//! Policies by their names, as `#[authorize(policy = "..")]` refers to them.

use std::collections::BTreeMap;

use super::{Authorize, Policy};

/// Policies by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies(BTreeMap<String, Policy>);

impl Policies {
    pub(crate) fn insert(&mut self, name: String, policy: Policy) {
        self.0.insert(name, policy);
    }

    /// Returns what all of these ask for; `None` if they are none.
    ///
    /// # Errors
    ///
    /// Returns the name of a policy that does not exist.
    pub(crate) fn combined(&self, authorize: &[Authorize]) -> Result<Option<Policy>, &'static str> {
        let mut combined: Option<Policy> = None;
        for authorize in authorize {
            let mut asked = Policy::of_roles(authorize);
            if let Some(name) = authorize.policy {
                asked = asked.and(self.0.get(name).ok_or(name)?.clone());
            }
            combined = Some(match combined {
                Some(before) => before.and(asked),
                None => asked,
            });
        }
        Ok(combined)
    }

    /// Returns these policies, and of the others those whose names are free.
    pub(crate) fn or(&self, others: &Self) -> Self {
        let mut all = others.clone();
        all.0.extend(self.0.clone());
        all
    }
}
