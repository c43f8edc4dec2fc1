//! Hints for calls of unknown methods: which method the client may have meant.

use super::{Helper, Method};

/// The maximum length of names that are compared, which limits the work that a peer can cause.
const LONGEST: usize = 64;

/// Returns a hint that names a method that clients cannot call, or else the callable method with
/// the nearest name.
pub(super) fn hint(methods: &[Method], helpers: &[Helper], target: &str) -> Option<String> {
    if target.len() > LONGEST {
        return None;
    }
    let is_meant = |helper: &&Helper| {
        target.eq_ignore_ascii_case(helper.name) || target.eq_ignore_ascii_case(helper.rust_name)
    };
    if let Some(helper) = helpers.iter().find(is_meant) {
        let name = helper.rust_name;
        return Some(match helper.is_skipped {
            true => {
                format!("the hub has a method `{name}`, which `#[hub(skip)]` keeps from clients")
            }
            false => format!("the hub has a method `{name}`, but it is not `pub`"),
        });
    }
    let nearest = nearest(methods, target)?;
    Some(format!("did you mean `{nearest}`?"))
}

/// Returns the name with the smallest edit distance, which must be at most a third of the longer
/// name's length.
fn nearest(methods: &[Method], target: &str) -> Option<&'static str> {
    let target = target.to_ascii_lowercase();
    let length = target.chars().count();
    let near = methods.iter().filter_map(|method| {
        let name = method.name.to_ascii_lowercase();
        let other = name.chars().count();
        let most = length.max(other) / 3;
        // The lengths differ by at most the number of edits.
        let may_be_near = name.len() <= LONGEST && length.abs_diff(other) <= most;
        let edits = may_be_near.then(|| strsim::levenshtein(&target, &name))?;
        (edits <= most).then_some((edits, method.name))
    });
    near.min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const METHODS: &[Method] = &[
        Method::new("SendMessage", &[], ""),
        Method::new("JoinRoom", &[], ""),
        Method::new("LeaveRoom", &[], ""),
        Method::new("öffneTür", &[], ""),
    ];
    const HELPERS: &[Helper] = &[
        Helper::new("IsClean", "is_clean"),
        Helper::new("Product", "product").skipped(),
        Helper::new("SendMassage", "send_massage"),
    ];

    fn of(target: &str) -> Option<String> {
        hint(METHODS, HELPERS, target)
    }

    #[test]
    fn a_method_that_clients_cannot_call_is_named_with_the_reason() {
        for target in ["IsClean", "isclean", "is_clean"] {
            let hint = of(target);
            assert_eq!(
                hint.as_deref(),
                Some("the hub has a method `is_clean`, but it is not `pub`"),
                "{target}"
            );
        }
        assert_eq!(
            of("Product").as_deref(),
            Some("the hub has a method `product`, which `#[hub(skip)]` keeps from clients")
        );
        assert!(of("SendMassage").is_some_and(|hint| hint.contains("not `pub`")));
    }

    #[test]
    fn the_nearest_method_is_named() {
        for (target, name) in [
            ("send_message", "SendMessage"),
            ("SendMessageAsync", "SendMessage"),
            ("joinroon", "JoinRoom"),
            ("öffnetur", "öffneTür"),
        ] {
            let expected = format!("did you mean `{name}`?");
            assert_eq!(of(target), Some(expected), "{target}");
        }
    }

    #[test]
    fn nothing_is_said_of_names_that_are_like_none() {
        let long = "SendMessage".repeat(1000);
        for target in ["", "Room", "Delete", "äöü", "🦀", &long] {
            assert_eq!(of(target), None, "{target}");
        }
        assert_eq!(hint(&[], &[], "Any"), None);
    }

    proptest! {
        #[test]
        fn any_name_is_taken(target in ".*") {
            if let Some(hint) = of(&target) {
                prop_assert!(target.len() <= LONGEST && hint.contains('`'));
            }
        }

        #[test]
        fn a_letter_too_much_is_forgiven(method in 0..METHODS.len(), at in 0..6_usize, letter: char) {
            let name = METHODS[method].name;
            let mut target: Vec<char> = name.chars().collect();
            target.insert(at, letter);
            let target: String = target.into_iter().collect();
            prop_assert_eq!(of(&target), Some(format!("did you mean `{name}`?")));
        }
    }
}
