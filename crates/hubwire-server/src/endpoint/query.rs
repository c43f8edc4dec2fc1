//! Reading a query as ASP.NET Core does: keys are case-insensitive, and the values of a repeated
//! key are joined by commas.

use std::borrow::Cow;

/// Returns the decoded values of a key.
pub(crate) fn values<'a>(query: &'a str, key: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    form_urlencoded::parse(query.as_bytes())
        .filter(move |(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, value)| value)
}

/// Returns the value of a key; `None` if the key is missing or empty.
pub(crate) fn value(query: &str, key: &str) -> Option<String> {
    let joined = values(query, key).collect::<Vec<_>>().join(",");
    Some(joined).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_match_in_any_case_and_doubles_are_joined() {
        assert_eq!(value("ID=a%2Bb&x=1", "id").as_deref(), Some("a+b"));
        assert_eq!(value("id=a&Id=b", "id").as_deref(), Some("a,b"));
        assert_eq!(value("id=&x=1", "id"), None);
        assert_eq!(value("", "id"), None);
    }
}
