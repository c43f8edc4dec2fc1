//! Who may call the methods of a hub.

use super::{Policies, Policy};
use crate::hub::Method;

/// Who may call the methods of a hub, by the methods' indices; empty if everybody may call all of
/// them.
#[derive(Debug, Default)]
pub(crate) struct Restrictions(Box<[Option<Restriction>]>);

/// Who may call a method.
#[derive(Debug)]
pub(crate) struct Restriction {
    /// What all `#[authorize]` of the method ask for.
    pub(crate) policy: Policy,
    /// Whether the method is declared to read streams of its client; its calls take no slot.
    pub(crate) reads_streams: bool,
}

/// A policy that does not exist.
#[derive(Debug)]
pub(crate) struct MissingPolicy {
    pub(crate) method: &'static str,
    pub(crate) policy: &'static str,
}

impl Restrictions {
    /// Combines what each method asks for.
    pub(crate) fn of(methods: &[Method], policies: &Policies) -> Result<Self, MissingPolicy> {
        if methods.iter().all(|method| method.authorize.is_empty()) {
            return Ok(Self::default());
        }
        let restriction = |method: &Method| {
            let asked = policies.combined(method.authorize);
            let asked = asked.map_err(|policy| MissingPolicy {
                method: method.name,
                policy,
            })?;
            Ok(asked.map(|policy| Restriction {
                policy,
                reads_streams: method.parameters.iter().any(|it| it.is_stream),
            }))
        };
        methods
            .iter()
            .map(restriction)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns who may call the method at this index; `None` if everybody may.
    pub(crate) fn of_method(&self, method: usize) -> Option<&Restriction> {
        self.0.get(method)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Principal;
    use crate::hub::{Authorize, Parameter};

    const METHODS: &[Method] = &[
        Method::new("Open", &[], ""),
        Method::new("Cook", &[Parameter::new("steps", "u8").stream()], "").authorized(&[
            Authorize::new().roles(&["Cook", "Owner"]),
            Authorize::new().policy("Day"),
        ]),
    ];

    #[test]
    fn all_that_a_method_asks_for_must_be_met() {
        let mut policies = Policies::default();
        policies.insert("Day".to_owned(), Policy::claim("shift", ["day"]));
        let restrictions = Restrictions::of(METHODS, &policies).unwrap();
        assert!(restrictions.of_method(0).is_none());
        assert!(restrictions.of_method(2).is_none());
        let cook = restrictions.of_method(1).unwrap();
        assert!(cook.reads_streams);
        let allows = |claims: &[(&str, &str)]| {
            let claims = claims.iter().copied();
            cook.policy.allows(&Principal::new(claims))
        };
        assert!(allows(&[("role", "Owner"), ("shift", "day")]));
        assert!(!allows(&[("role", "Owner"), ("shift", "night")]));
        assert!(!allows(&[("role", "Waiter"), ("shift", "day")]));
        assert!(!allows(&[]));
    }

    #[test]
    fn the_policy_that_is_missing_is_named() {
        let missing = Restrictions::of(METHODS, &Policies::default()).unwrap_err();
        assert_eq!((missing.method, missing.policy), ("Cook", "Day"));
        let open = METHODS.get(..1).unwrap();
        assert!(
            Restrictions::of(open, &Policies::default())
                .unwrap()
                .0
                .is_empty()
        );
    }
}
