//! What SignalR's own tests read from the request that opened a connection.

use hubwire::ConnectionRequest;

/// Returns the value of a key in the query.
pub(crate) fn query(request: &ConnectionRequest, key: &str) -> Option<String> {
    form_urlencoded::parse(request.query().as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, value)| value.into_owned())
}

/// Decodes the percent escapes of a cookie; anything else stays.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| first == b'%').and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        bytes.push(escaped.unwrap_or(first));
        rest = after
            .get(if escaped.is_some() { 2 } else { 0 }..)
            .unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn escapes_are_resolved_and_nothing_else() {
        assert_eq!(percent_decoded("a%20value"), "a value");
        assert_eq!(percent_decoded("%C3%a9+%2"), "é+%2");
        assert_eq!(percent_decoded("100%zz"), "100%zz");
    }
}
