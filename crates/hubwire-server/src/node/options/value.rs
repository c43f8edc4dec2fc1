//! The types that options have: how a configuration writes their values, and which make no sense.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::time::Duration;

use hubwire_core::{MessageKey, WhenBusy};
use hubwire_protocol::{HubProtocol, Naming, Transport};
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{DeadPeerTimeouts, InvalidOption, KeepConnection, KeepRequest};

/// The largest number that is accepted as a size or a count: twice as much is a number, too.
const MAXIMUM: usize = usize::MAX / 2;

/// A type that options have.
pub(super) trait OptionValue: Sized {
    /// Returns the value that a configuration writes like this, or says what it should have
    /// written.
    fn from_configuration(written: &Value) -> Result<Self, String>;

    /// Says what is wrong with a value that makes no sense for any option of this type.
    fn check(&self) -> Result<(), String>;
}

impl OptionValue for Duration {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        let duration = match written {
            Value::String(text) => humantime::parse_duration(text).ok(),
            Value::Number(seconds) => match seconds.as_u64() {
                Some(seconds) => Some(Self::from_secs(seconds)),
                None => seconds
                    .as_f64()
                    .and_then(|seconds| Self::try_from_secs_f64(seconds).ok()),
            },
            _ => None,
        };
        duration.ok_or_else(|| {
            "expected a time, such as \"15s\", \"1m 30s\" or \"500ms\", or a number of seconds"
                .into()
        })
    }

    fn check(&self) -> Result<(), String> {
        match self.is_zero() {
            true => Err("a time must be longer than zero".into()),
            false => Ok(()),
        }
    }
}

impl OptionValue for usize {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        derived(written, "expected a whole number")
    }

    fn check(&self) -> Result<(), String> {
        match *self > MAXIMUM {
            true => Err(format!("it must be at most {MAXIMUM}")),
            false => Ok(()),
        }
    }
}

impl OptionValue for NonZeroUsize {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        derived(written, "expected a whole number of at least 1")
    }

    fn check(&self) -> Result<(), String> {
        self.get().check()
    }
}

impl OptionValue for i32 {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        derived(written, "expected a whole number of 32 bits")
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl OptionValue for bool {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        derived(written, "expected true or false")
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl OptionValue for Option<usize> {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        match written {
            Value::Null => Ok(None),
            Value::String(text) if text == "unlimited" => Ok(None),
            _ => derived(written, "expected a whole number or \"unlimited\"").map(Some),
        }
    }

    fn check(&self) -> Result<(), String> {
        self.as_ref().map_or(Ok(()), usize::check)
    }
}

impl OptionValue for Option<DeadPeerTimeouts> {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        match written {
            Value::Null => Ok(None),
            Value::String(text) if text == "off" => Ok(None),
            Value::Object(_) => explained(written).map(Some),
            _ => Err("expected `unacknowledged` and `keep_alive`, or \"off\"".into()),
        }
    }

    fn check(&self) -> Result<(), String> {
        self.as_ref().map_or(Ok(()), DeadPeerTimeouts::check)
    }
}

impl OptionValue for Option<KeepConnection> {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        match written {
            Value::Null => Ok(None),
            Value::String(text) if text == "unlimited" => Ok(None),
            _ => derived(written, "expected \"newest\", \"oldest\" or \"unlimited\"").map(Some),
        }
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl OptionValue for Vec<HubProtocol> {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        explained(written)
    }

    fn check(&self) -> Result<(), String> {
        match self.is_empty() {
            true => Err("there are no supported protocols, so nobody could connect".into()),
            false => Ok(()),
        }
    }
}

impl OptionValue for Vec<Transport> {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        let expected = || {
            let tags = Transport::ALL.map(transport_tag).join("\", \"");
            format!("expected a list of \"{tags}\"")
        };
        let names = written.as_array().ok_or_else(expected)?;
        let transports = names.iter().map(|name| {
            let is_named = |it: &Transport| name.as_str() == Some(transport_tag(*it));
            Transport::ALL.into_iter().find(is_named)
        });
        transports.collect::<Option<_>>().ok_or_else(expected)
    }

    fn check(&self) -> Result<(), String> {
        match self.is_empty() {
            true => Err("there are no transports, so nobody could connect".into()),
            false => Ok(()),
        }
    }
}

/// Returns the name of a transport in configurations, and in metrics as in ASP.NET Core.
pub(crate) const fn transport_tag(transport: Transport) -> &'static str {
    match transport {
        Transport::LongPolling => "long_polling",
        Transport::ServerSentEvents => "server_sent_events",
        Transport::WebSockets => "web_sockets",
    }
}

impl OptionValue for Vec<String> {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        derived(written, "expected a list of texts")
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl OptionValue for Naming {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        explained(written)
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl OptionValue for WhenBusy {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        explained(written)
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Self::Latest(key) if key.as_str().len() > MessageKey::MAXIMUM_SIZE => Err(format!(
                "the key has more than {} bytes",
                MessageKey::MAXIMUM_SIZE
            )),
            _ => Ok(()),
        }
    }
}

impl OptionValue for KeepRequest {
    fn from_configuration(written: &Value) -> Result<Self, String> {
        explained(written)
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Decodes a value as its type derives it.
fn derived<T: DeserializeOwned>(written: &Value, expected: &str) -> Result<T, String> {
    T::deserialize(written).map_err(|_| expected.to_owned())
}

/// The same for types whose own errors say what they expect.
fn explained<T: DeserializeOwned>(written: &Value) -> Result<T, String> {
    T::deserialize(written).map_err(|error| error.to_string())
}

/// Decodes a duration that is part of an option.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let written = Value::deserialize(deserializer)?;
    Duration::from_configuration(&written).map_err(D::Error::custom)
}

/// Refuses a value that makes no sense for its type.
pub(super) fn check<T: OptionValue + fmt::Debug>(
    option: &'static str,
    value: &T,
) -> Result<(), InvalidOption> {
    let checked = value.check();
    checked.map_err(|reason| InvalidOption::new(option, value, reason))
}

/// Reads the value of an option out of a configuration.
pub(super) fn read<'de, T: OptionValue, A: MapAccess<'de>>(
    value: &mut Option<T>,
    option: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    let read = map.next_value_seed(Named(option, PhantomData))?;
    match value.replace(read) {
        None => Ok(()),
        Some(_) => Err(A::Error::duplicate_field(option)),
    }
}

/// The value of the option with this name.
struct Named<T>(&'static str, PhantomData<T>);

impl<'de, T: OptionValue> DeserializeSeed<'de> for Named<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        let written = Value::deserialize(deserializer)?;
        T::from_configuration(&written).map_err(|expected| {
            D::Error::custom(format_args!("`{}` is {written}: {expected}", self.0))
        })
    }
}
