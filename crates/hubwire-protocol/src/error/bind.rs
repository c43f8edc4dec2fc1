//! Why the arguments of a call do not fit its method.

use std::error::Error;
use std::fmt;

use crate::excerpt::Excerpt;

use super::{cause_of, with_advice};
use crate::arguments::{MemberFinder, PathNames, RawArguments};
use crate::messagepack;
use crate::without_values::without_values;

/// The reason why the arguments of a call could not be bound to the method's parameters.
///
/// The display text is SignalR's own, word for word. The debug text names the argument, counted from
/// one, and the cause, which may quote the value.
#[non_exhaustive]
pub enum BindError {
    /// An argument does not fit the type of its parameter.
    Conversion {
        /// The position of the argument, from zero.
        argument: usize,
        /// Finds the member of the argument that does not fit.
        member: MemberFinder,
        /// The error of the type's own deserialization.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The call has fewer or more arguments than the method has parameters.
    Count {
        /// The number of arguments in the call.
        provided: usize,
        /// The number of parameters that the method takes from the wire.
        expected: usize,
    },
    /// The arguments are not an array, or announce more elements than there are (MessagePack).
    NoArray,
}

impl BindError {
    /// Returns the name of the exception that ASP.NET Core throws for this error.
    #[must_use]
    pub const fn exception_name(&self) -> &'static str {
        "InvalidDataException"
    }

    /// Returns whether an argument in MessagePack has more than 500 levels of arrays and maps.
    #[must_use]
    pub fn is_nested_too_deeply(&self) -> bool {
        match self {
            Self::Conversion { source, .. } => messagepack::is_nested_too_deeply(&**source),
            Self::Count { .. } | Self::NoArray => false,
        }
    }

    /// Returns what is wrong and where, for the server's operator. Clients are told less.
    ///
    /// The member is found by decoding the arguments once more, so this is for a log that is read. Its names are those
    /// on the wire.
    ///
    /// ```
    /// # use hubwire::protocol::{HubMessage, HubProtocol};
    /// # #[derive(Debug, serde::Deserialize)]
    /// # struct Order { items: Vec<u8> }
    /// # let record = b"{\"type\":1,\"target\":\"Buy\",\"arguments\":[{\"items\":[1,null]}]}\x1e";
    /// # let (message, _) = HubProtocol::Json.next_message(record, None)?.unwrap();
    /// # let HubMessage::Invocation(invocation) = message else { panic!() };
    /// let error = invocation.arguments.bind::<(Order,)>().unwrap_err();
    /// let detail = error.detail(Some("order"), &invocation.arguments);
    /// assert!(detail.starts_with("argument 1, order.items[1]: invalid type: null, expected u8"));
    /// assert!(detail.ends_with("take an Option"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn detail(&self, parameter: Option<&str>, arguments: &RawArguments<'_>) -> String {
        self.detail_with(parameter, arguments, PathNames::All, cause_of)
    }

    /// Returns the [`detail`](Self::detail) without the value that does not fit: only its kind, what was expected, and
    /// where. The key of a map is part of the value, and is shown as `[key]`.
    ///
    /// ```
    /// # use hubwire::protocol::{HubMessage, HubProtocol};
    /// # let record = b"{\"type\":1,\"target\":\"Log\",\"arguments\":[\"hunter2\"]}\x1e";
    /// # let (message, _) = HubProtocol::Json.next_message(record, None)?.unwrap();
    /// # let HubMessage::Invocation(invocation) = message else { panic!() };
    /// let error = invocation.arguments.bind::<(u8,)>().unwrap_err();
    /// let detail = error.detail_without_value(Some("level"), &invocation.arguments);
    /// assert!(detail.starts_with("argument 1, level: invalid type: string, expected u8"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn detail_without_value(
        &self,
        parameter: Option<&str>,
        arguments: &RawArguments<'_>,
    ) -> String {
        self.detail_with(parameter, arguments, PathNames::Declared, |source| {
            without_values(&source)
        })
    }

    fn detail_with(
        &self,
        parameter: Option<&str>,
        arguments: &RawArguments<'_>,
        names: PathNames,
        shown: impl FnOnce(&dyn Error) -> String,
    ) -> String {
        let Self::Conversion {
            argument,
            member,
            source,
        } = self
        else {
            return self.to_string();
        };
        let place = format!(
            "{}{}",
            parameter.unwrap_or_default(),
            member.find(arguments, names)
        );
        let place = place.trim_start_matches('.');
        let separator = if place.is_empty() { "" } else { ", " };
        format!(
            "argument {}{separator}{place}: {}",
            argument + 1,
            with_advice(shown(&**source))
        )
    }
}

impl fmt::Debug for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversion {
                argument, source, ..
            } => {
                let position = argument + 1;
                write!(f, "Conversion(argument {position}: {})", Excerpt(source))
            }
            Self::Count { provided, expected } => f
                .debug_struct("Count")
                .field("provided", provided)
                .field("expected", expected)
                .finish(),
            Self::NoArray => f.write_str("NoArray"),
        }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversion { .. } => f.write_str(
                "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.",
            ),
            Self::Count { provided, expected } => {
                write!(f, "Invocation provides {provided} argument(s) but target expects {expected}.")
            }
            Self::NoArray => f.write_str("Reading array length for 'arguments' failed."),
        }
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Conversion { source, .. } => Some(&**source),
            Self::Count { .. } | Self::NoArray => None,
        }
    }
}
