//! The deprecated methods of a hub, whose calls are counted.

use hubwire_core::HubName;

use super::Method;

/// The metric that counts the calls of deprecated methods, by hub and method as declared.
const METRIC: &str = "hubwire.deprecated.calls";

/// The indices of a hub's deprecated methods, usually none.
#[derive(Debug)]
pub(super) struct DeprecatedMethods(Box<[usize]>);

impl DeprecatedMethods {
    pub(super) fn of(methods: &[Method]) -> Self {
        let methods = methods.iter().enumerate();
        let deprecated = methods.filter(|(_, method)| method.is_deprecated);
        Self(deprecated.map(|(index, _)| index).collect())
    }

    pub(super) fn contains(&self, method: usize) -> bool {
        self.0.contains(&method)
    }
}

/// Counts a call of the deprecated method with this declared name.
pub(super) fn count(hub: &HubName, method: &str) {
    let labels = [("hub", hub.to_string()), ("method", method.to_owned())];
    metrics::counter!(METRIC, &labels).increment(1);
}
