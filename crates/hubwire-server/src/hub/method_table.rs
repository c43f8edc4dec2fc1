//! Finding a method by the name that a client wrote.

use super::Method;

/// Indices of methods, sorted by name without regard to ASCII case.
///
/// SignalR matches method names without regard to case; a lookup in a sorted table needs no
/// allocation.
#[derive(Debug)]
pub(crate) struct MethodTable {
    sorted: Box<[(&'static str, usize)]>,
}

impl MethodTable {
    /// # Panics
    ///
    /// Panics if a name is empty, or equals another one without regard to ASCII case.
    #[track_caller]
    pub(crate) fn new(methods: &'static [Method]) -> Self {
        let names = methods.iter().map(|method| method.name);
        let mut sorted: Box<[_]> = names.enumerate().map(|(i, name)| (name, i)).collect();
        sorted.sort_by(|(a, _), (b, _)| lower_case(a).cmp(lower_case(b)));
        assert!(
            sorted.iter().all(|(name, _)| !name.is_empty()),
            "a hub method has no name"
        );
        for (first, second) in sorted.iter().zip(sorted.iter().skip(1)) {
            let (first, second) = (first.0, second.0);
            assert!(
                !first.eq_ignore_ascii_case(second),
                "two hub methods are called `{first}` and `{second}`, which clients may write alike"
            );
        }
        Self { sorted }
    }

    pub(crate) fn find(&self, target: &str) -> Option<usize> {
        let found = self
            .sorted
            .binary_search_by(|(name, _)| lower_case(name).cmp(lower_case(target)));
        let (_, index) = self.sorted.get(found.ok()?)?;
        Some(*index)
    }
}

fn lower_case(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: &[Method] = &[
        Method::new("SendMessage", &[], ""),
        Method::new("Echo", &[], ""),
        Method::new("echoAll", &[], ""),
    ];

    #[test]
    #[should_panic(expected = "two hub methods are called `Echo` and `ECHO`")]
    fn names_that_differ_in_case_alone_are_refused() {
        const TWICE: &[Method] = &[Method::new("Echo", &[], ""), Method::new("ECHO", &[], "")];
        MethodTable::new(TWICE);
    }

    #[test]
    fn finds_names_in_any_ascii_case() {
        let table = MethodTable::new(METHODS);
        assert_eq!(table.find("sendmessage"), Some(0));
        assert_eq!(table.find("ECHO"), Some(1));
        assert_eq!(table.find("EchoAll"), Some(2));
        assert_eq!(table.find("Ech"), None);
        assert_eq!(table.find("Echos"), None);
        assert_eq!(table.find(""), None);
    }
}
