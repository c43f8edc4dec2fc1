//! The headers of a hub message: a short list of names and values.

use std::borrow::Cow;

/// The headers of a hub message, in the order in which they came.
///
/// SignalR carries them and gives them no meaning; .NET clients put trace context there.
/// No headers cost no allocation. Of two equal names the last counts; both are kept, because a
/// search for each new one would let a peer buy quadratic time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Headers<'a> {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The value of the header of this name, upper and lower case being different.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find_map(|(known, value)| (known == name).then_some(&**value))
    }

    /// Adds a header behind the others.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.0.push((name.into(), value.into()));
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Copies what is borrowed, so that the headers outlive their buffer.
    #[must_use]
    pub fn into_owned(self) -> Headers<'static> {
        self.0
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }
}

impl<'a, N: Into<Cow<'a, str>>, V: Into<Cow<'a, str>>> FromIterator<(N, V)> for Headers<'a> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        Self(
            headers
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_two_equal_names_counts() {
        let headers: Headers<'_> = [("a", "1"), ("A", "2"), ("a", "3")].into_iter().collect();
        assert_eq!(headers.get("a"), Some("3"));
        assert_eq!(headers.get("A"), Some("2"));
        assert_eq!(headers.get("b"), None);
        assert_eq!(headers.len(), 3);
    }
}
