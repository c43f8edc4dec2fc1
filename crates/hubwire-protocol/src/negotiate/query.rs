//! Reading the query of a negotiate request.

use std::error::Error;
use std::fmt;

/// The negotiate version that this server speaks; a client that asks for a higher version gets
/// this one.
const NEGOTIATE_VERSION: i32 = 1;

/// The reason why a negotiate request is refused.
///
/// The display text is ASP.NET Core's; the response has status 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NegotiateRefusal {
    /// The version is not a 32-bit integer.
    NotAnInteger,
    /// The version is lower than this endpoint accepts.
    Unsupported {
        /// The requested version.
        version: i32,
    },
}

impl fmt::Display for NegotiateRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnInteger => {
                f.write_str("The client requested a non-integer protocol version.")
            }
            Self::Unsupported { version } => write!(
                f,
                "The client requested version '{version}', but the server does not support this version."
            ),
        }
    }
}

impl Error for NegotiateRefusal {}

/// Chooses the version of the response, from all values of `negotiateVersion` in the query.
///
/// No value means version 0, which has no connection token. Two values are treated like a value
/// that is not an integer. `minimum` is the lowest accepted version and is compared with the
/// requested version.
///
/// ```
/// use hubwire::protocol::choose_negotiate_version;
///
/// assert_eq!(choose_negotiate_version(None::<&str>, 0), Ok(0));
/// assert_eq!(choose_negotiate_version(Some("7"), 0), Ok(1));
/// assert_eq!(
///     choose_negotiate_version(["1", "1"], 0).unwrap_err().to_string(),
///     "The client requested a non-integer protocol version."
/// );
/// ```
///
/// # Errors
///
/// Returns an error if there is no version to respond with.
pub fn choose_negotiate_version<V: AsRef<str>>(
    values: impl IntoIterator<Item = V>,
    minimum: i32,
) -> Result<i32, NegotiateRefusal> {
    let mut values = values.into_iter();
    let version = match (values.next(), values.next()) {
        (None, _) => 0,
        (Some(value), None) => trim(value.as_ref())
            .parse()
            .map_err(|_| NegotiateRefusal::NotAnInteger)?,
        (Some(_), Some(_)) => return Err(NegotiateRefusal::NotAnInteger),
    };
    if version < minimum {
        return Err(NegotiateRefusal::Unsupported { version });
    }
    Ok(version.min(NEGOTIATE_VERSION))
}

/// Returns whether the values of `useStatefulReconnect` in the query mean true.
///
/// ```
/// use hubwire::protocol::asks_for_stateful_reconnect;
///
/// assert!(asks_for_stateful_reconnect(Some("True")));
/// assert!(!asks_for_stateful_reconnect(Some("1")));
/// ```
pub fn asks_for_stateful_reconnect<V: AsRef<str>>(values: impl IntoIterator<Item = V>) -> bool {
    let mut values = values.into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => trim(value.as_ref()).eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// Trims the white space that .NET's parsing of numbers and booleans allows.
fn trim(value: &str) -> &str {
    value.trim_matches(['\t', '\n', '\u{b}', '\u{c}', '\r', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_recorded_from_aspnet_core_10() {
        let unsupported = |version| Err(NegotiateRefusal::Unsupported { version });
        let no_integer = Err(NegotiateRefusal::NotAnInteger);
        let table: &[(&[&str], i32, Result<i32, NegotiateRefusal>)] = &[
            (&[], 0, Ok(0)),
            (&["1"], 0, Ok(1)),
            (&["0"], 0, Ok(0)),
            (&["2"], 0, Ok(1)),
            (&["99"], 0, Ok(1)),
            (&["-1"], 0, unsupported(-1)),
            (&["abc"], 0, no_integer),
            (&[""], 0, no_integer),
            (&["1", "0"], 0, no_integer),
            (&[], 1, unsupported(0)),
            (&["0"], 1, unsupported(0)),
            (&["2"], 1, Ok(1)),
            (&["1"], 2, unsupported(1)),
            (&["2"], 2, Ok(1)),
            (&[" 1 "], 0, Ok(1)),
            (&["+1"], 0, Ok(1)),
            (&["1.0"], 0, no_integer),
            (&["99999999999"], 0, no_integer),
        ];
        for (values, minimum, expected) in table {
            assert_eq!(
                choose_negotiate_version(*values, *minimum),
                *expected,
                "{values:?}"
            );
        }
    }

    #[test]
    fn stateful_reconnect_is_asked_for_by_true_alone() {
        for (values, expected) in [
            (&["true"][..], true),
            (&["TRUE"], true),
            (&[" true "], true),
            (&["false"], false),
            (&["1"], false),
            (&[""], false),
            (&[], false),
            (&["true", "true"], false),
        ] {
            assert_eq!(asks_for_stateful_reconnect(values), expected, "{values:?}");
        }
    }

    #[test]
    fn refusals_read_as_recorded() {
        assert_eq!(
            NegotiateRefusal::Unsupported { version: -1 }.to_string(),
            "The client requested version '-1', but the server does not support this version."
        );
    }
}
