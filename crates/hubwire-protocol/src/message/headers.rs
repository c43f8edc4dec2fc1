//! The headers of a hub message: a short list of names and values.

use std::borrow::Cow;

/// The headers of a hub message, in the order in which they arrived.
///
/// SignalR carries headers and gives them no meaning; .NET clients put trace context there. An
/// empty list does not allocate. The last of two equal names counts, but both are kept: a search
/// for each new name would let a peer cause quadratic time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Headers<'a> {
    /// Creates an empty list of headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns whether there are no headers.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of headers.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the value of the header with this name. Names are case-sensitive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find_map(|(known, value)| (known == name).then_some(&**value))
    }

    /// Appends a header.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.0.push((name.into(), value.into()));
    }

    /// Iterates over names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Copies what is borrowed. The result may outlive the buffer.
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
