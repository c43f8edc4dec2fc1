//! The deprecated methods of a hub, whose calls are counted.

use hubwire_core::HubName;

use super::Method;
use crate::node::{Count, DEPRECATED_CALLS};

/// The deprecated methods of a hub by their indices, usually none.
#[derive(Debug)]
pub(super) struct DeprecatedMethods(Box<[(usize, Count)]>);

impl DeprecatedMethods {
    pub(super) fn of(hub: &HubName, methods: &[Method]) -> Self {
        let methods = methods.iter().enumerate();
        let deprecated = methods.filter(|(_, method)| method.is_deprecated);
        let counted = deprecated.map(|(index, method)| {
            let labels = [hub.to_string().into(), method.name.into()];
            (index, Count::new(&DEPRECATED_CALLS, labels))
        });
        Self(counted.collect())
    }

    /// Counts a call if its method is deprecated; returns whether it is.
    pub(super) fn count(&self, method: usize) -> bool {
        let found = self.0.binary_search_by_key(&method, |(index, _)| *index);
        let calls = found.ok().and_then(|position| self.0.get(position));
        calls.inspect(|(_, calls)| calls.add(1)).is_some()
    }

    pub(super) fn pass_on_metrics(&self) {
        self.0.iter().for_each(|(_, calls)| calls.pass_on());
    }
}
