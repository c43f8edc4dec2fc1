//! Values on their way: arguments to be sent, and received ones that are not decoded yet.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{DeserializeOwned, IgnoredAny, SeqAccess, Visitor};

use crate::error::{BindError, DecodeError, EncodeError};

mod tuples;

/// What can be sent as the arguments of an invocation: a tuple of serializable values.
///
/// Implemented for tuples of up to 16 values. One argument is a tuple of one, `(value,)`, and
/// none is `()`. The trait is object-safe, so that one list of arguments can be kept and
/// written once for each protocol that is in use.
///
/// ```
/// use hubwire_protocol::Arguments;
///
/// let mut out = Vec::new();
/// let arguments: &dyn Arguments = &("room", 7);
/// arguments.write_json(&mut out)?;
/// assert_eq!(out, br#"["room",7]"#);
/// # Ok::<(), hubwire_protocol::EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of arguments",
    label = "not a tuple of at most 16 serializable values",
    note = "arguments are a tuple, also when there is one of them, `(value,)`, or none, `()`",
    note = "each value must implement `serde::Serialize`, `Send` and `Sync`"
)]
pub trait Arguments: Send + Sync {
    /// Appends the arguments as a JSON array.
    ///
    /// # Errors
    ///
    /// If a value cannot be serialized; `out` may then end in a part of the array.
    fn write_json(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

/// What received arguments can be bound to: a tuple of deserializable values.
///
/// Implemented for tuples of up to 16 values.
#[diagnostic::on_unimplemented(
    message = "received arguments cannot be bound to `{Self}`",
    label = "not a tuple of at most 16 deserializable values",
    note = "arguments are bound to a tuple, also when there is one of them, `(T,)`, or none, `()`",
    note = "each type must implement `serde::de::DeserializeOwned`"
)]
pub trait BindArguments: Sized {
    /// How many arguments there must be.
    const COUNT: usize;

    /// Decodes `COUNT` elements and counts them in `provided`; `None` if there are fewer.
    ///
    /// # Errors
    ///
    /// If an element does not fit its type.
    fn bind_elements<'de, A: SeqAccess<'de>>(
        elements: &mut A,
        provided: &mut usize,
    ) -> Result<Option<Self>, A::Error>;
}

/// Received arguments, not decoded yet: it takes the method to know their types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawArguments<'a> {
    json: Cow<'a, str>,
}

impl<'a> RawArguments<'a> {
    /// Takes the text of a JSON array that was found to be well-formed.
    pub(crate) const fn from_json(array: &'a str) -> Self {
        Self {
            json: Cow::Borrowed(array),
        }
    }

    /// Decodes each argument once, straight into its type.
    ///
    /// As in ASP.NET Core, arguments are bound in order, so that the first that does not fit
    /// decides; surplus ones are counted to the end, and only then is their number compared.
    ///
    /// ```
    /// # use hubwire_protocol::{HubMessage, HubProtocol};
    /// # let record = b"{\"type\":1,\"target\":\"Add\",\"arguments\":[1,2]}\x1e";
    /// # let (message, _) = HubProtocol::Json.next_message(record, None)?.unwrap();
    /// # let HubMessage::Invocation(invocation) = message else { panic!() };
    /// assert_eq!(invocation.arguments.bind::<(u8, i64)>()?, (1, 2));
    ///
    /// let error = invocation.arguments.bind::<(u8,)>().unwrap_err();
    /// assert_eq!(error.to_string(), "Invocation provides 2 argument(s) but target expects 1.");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If an argument does not fit, or their number is another.
    pub fn bind<T: BindArguments>(&self) -> Result<T, BindError> {
        let mut provided = 0;
        let visitor = Binding {
            provided: &mut provided,
            to: PhantomData,
        };
        match serde_json::Deserializer::from_str(&self.json).deserialize_seq(visitor) {
            Ok(Some(bound)) if provided == T::COUNT => Ok(bound),
            Ok(_) => Err(BindError::Count {
                provided,
                expected: T::COUNT,
            }),
            Err(error) => Err(BindError::Conversion {
                argument: provided,
                source: error.into(),
            }),
        }
    }

    /// Copies what is borrowed, so that the arguments outlive their buffer.
    #[must_use]
    pub fn into_owned(self) -> RawArguments<'static> {
        RawArguments {
            json: Cow::Owned(self.json.into_owned()),
        }
    }
}

/// Received arguments pass on as they came.
impl Arguments for RawArguments<'_> {
    fn write_json(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(self.json.as_bytes());
        Ok(())
    }
}

/// A received stream item or result, not decoded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawItem<'a> {
    json: Cow<'a, str>,
}

impl<'a> RawItem<'a> {
    /// Takes the text of a JSON value that was found to be well-formed.
    pub(crate) const fn from_json(value: &'a str) -> Self {
        Self {
            json: Cow::Borrowed(value),
        }
    }

    /// Decodes the value into the type that is expected of it.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        serde_json::from_str(&self.json).map_err(DecodeError::new)
    }

    /// Copies what is borrowed, so that the value outlives its buffer.
    #[must_use]
    pub fn into_owned(self) -> RawItem<'static> {
        RawItem {
            json: Cow::Owned(self.json.into_owned()),
        }
    }
}

struct Binding<'p, T> {
    provided: &'p mut usize,
    to: PhantomData<T>,
}

impl<'de, T: BindArguments> Visitor<'de> for Binding<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {} arguments", T::COUNT)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let bound = T::bind_elements(&mut elements, self.provided)?;
        while elements.next_element::<IgnoredAny>()?.is_some() {
            *self.provided += 1;
        }
        Ok(bound)
    }
}
