//! Policies by their names, as `#[authorize(policy = "..")]` refers to them.

use std::collections::BTreeMap;

use super::Policy;

/// Policies by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies(BTreeMap<String, Policy>);

impl Policies {
    pub(crate) fn insert(&mut self, name: String, policy: Policy) {
        self.0.insert(name, policy);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Policy> {
        self.0.get(name)
    }

    /// Returns these policies, and of the others those whose names are free.
    pub(crate) fn or(&self, others: &Self) -> Self {
        let mut all = others.clone();
        all.0.extend(self.0.clone());
        all
    }
}
