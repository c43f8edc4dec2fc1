//! A filter that validates arguments by the rules that their types declare.

use std::collections::BTreeMap;
use std::fmt;

use garde::Validate;
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::{HubError, HubResult};
use serde::de::DeserializeOwned;

/// Validates the arguments of methods before they run.
#[derive(Default)]
pub(crate) struct Validation {
    rules: BTreeMap<&'static str, Vec<Rule>>,
}

type Rule = Box<dyn Fn(&HubInvocation) -> HubResult + Send + Sync>;

impl Validation {
    /// Validates the argument of a method at this position, counted from 0.
    pub(crate) fn argument<T>(mut self, method: &'static str, position: usize) -> Self
    where
        T: Validate<Context = ()> + DeserializeOwned,
    {
        let rule: Rule = Box::new(move |invocation| {
            let argument: T = invocation.argument(position)?;
            argument.validate().map_err(|report| refusal(&report))
        });
        self.rules.entry(method).or_default().push(rule);
        self
    }
}

/// Creates the error that tells the caller which members are invalid, and why.
fn refusal(report: &garde::Report) -> HubError {
    let mut errors: Vec<_> = report
        .iter()
        .map(|(member, error)| format!("{member}: {error}"))
        .collect();
    errors.sort();
    HubError::new(errors.join("; "))
}

impl HubFilter for Validation {
    fn reads_results(&self) -> bool {
        false
    }

    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        for rule in self
            .rules
            .get(invocation.method_name())
            .into_iter()
            .flatten()
        {
            rule(invocation)?;
        }
        next.run(invocation).await
    }
}

impl fmt::Debug for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.rules.keys()).finish()
    }
}
