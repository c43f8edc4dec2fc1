//! The path to the part of a received value that does not fit.
//!
//! The path is found by decoding the value again, so values that fit, and details that nobody
//! reads, cost nothing.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Deserializer as Tracked, Path, Segment, Track};

use super::BindArguments;
use super::binding::Binding;
use super::declared_names::DeclaredNames;
use super::received::{Raw, RawArguments};
use super::wire_path::WirePath;
use crate::json;
use crate::messagepack::{self, Input};
use crate::naming::{self, Naming};

/// Which names a path shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathNames {
    /// Also the keys of maps, which are data of the peer.
    All,
    /// Those of members and variants; what else stands in the place of a name is `[key]`.
    Declared,
}

/// Finds the member of an argument that does not fit; used by
/// [`BindError::detail`](crate::BindError::detail).
#[derive(Clone, Copy)]
pub struct MemberFinder {
    find: fn(&Raw<'_>, Naming, PathNames) -> String,
    naming: Naming,
}

impl MemberFinder {
    pub(super) fn of_arguments<T: BindArguments>(naming: Naming) -> Self {
        Self {
            find: in_value::<AsArguments<T>>,
            naming,
        }
    }

    /// Returns the path to the member, such as `.items[3].price`; empty for the argument itself.
    pub(crate) fn find(self, arguments: &RawArguments<'_>, names: PathNames) -> String {
        (self.find)(arguments.raw(), self.naming, names)
    }
}

impl fmt::Debug for MemberFinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemberFinder")
    }
}

/// Returns the path to the member of an item or a result that does not fit; empty for the value
/// itself.
pub(super) fn in_item<T: DeserializeOwned>(
    raw: &Raw<'_>,
    naming: Naming,
    names: PathNames,
) -> String {
    in_value::<AsItem<T>>(raw, naming, names)
}

/// The target of decoding a value.
trait Decoded {
    /// The number of leading segments of a path that are outside of the value itself.
    const OUTER: usize;

    fn decode<'de, D: Deserializer<'de>>(from: D) -> Result<(), D::Error>;
}

struct AsArguments<T>(PhantomData<T>);

impl<T: BindArguments> Decoded for AsArguments<T> {
    const OUTER: usize = 1;

    fn decode<'de, D: Deserializer<'de>>(from: D) -> Result<(), D::Error> {
        let mut provided = 0;
        let visitor = Binding::<T> {
            provided: &mut provided,
            to: PhantomData,
        };
        from.deserialize_seq(visitor).map(drop)
    }
}

struct AsItem<T>(PhantomData<T>);

impl<T: DeserializeOwned> Decoded for AsItem<T> {
    const OUTER: usize = 0;

    fn decode<'de, D: Deserializer<'de>>(from: D) -> Result<(), D::Error> {
        T::deserialize(from).map(drop)
    }
}

#[cold]
fn in_value<T: Decoded>(raw: &Raw<'_>, naming: Naming, names: PathNames) -> String {
    match raw {
        Raw::Json(value) => in_json::<T>(value, naming, names),
        Raw::MessagePack(value) => in_messagepack::<T>(value, naming, names),
    }
}

/// Decodes JSON. The tracker wraps the JSON deserializer and therefore sees the names on the wire.
fn in_json<T: Decoded>(value: &str, naming: Naming, names: PathNames) -> String {
    let mut member = String::new();
    let _refused = json::with_negative_zeros(value, |value| {
        let (mut track, declared) = (Track::new(), DeclaredNames::default());
        let mut from = serde_json::Deserializer::from_str(value);
        let tracked = Tracked::new(&mut from, &mut track);
        let decoded = match naming {
            Naming::AsDeclared => T::decode(declared.noting(tracked)),
            Naming::DotNet | Naming::DotNetStringEnums => {
                T::decode(declared.noting(naming::Reading::new(tracked)))
            }
        };
        if decoded.is_err() {
            member = text::<T>(&track.path(), None, |depth, name| {
                let declared = declared.at(depth);
                names == PathNames::All
                    || declared.contains(&name)
                    || declared.contains(&naming.declared_from_json(name, declared))
            });
        }
        decoded
    });
    member
}

/// Decodes MessagePack. Our deserializer converts the names itself, so the tracker sees the
/// declared names.
fn in_messagepack<T: Decoded>(value: &[u8], naming: Naming, names: PathNames) -> String {
    let (mut track, declared) = (Track::new(), DeclaredNames::default());
    let mut from = messagepack::Deserializer::new(Input::new(value), naming);
    let _refused = T::decode(declared.noting(Tracked::new(&mut from, &mut track)));
    let wire = WirePath::new(value, naming);
    text::<T>(&track.path(), Some(wire), |depth, name| {
        names == PathNames::All || declared.at(depth).contains(&name)
    })
}

/// Formats a path without its outer segments. The names on the wire replace the declared ones if
/// `wire` finds them.
fn text<T: Decoded>(
    path: &Path,
    mut wire: Option<WirePath<'_>>,
    is_shown: impl Fn(usize, &str) -> bool,
) -> String {
    let mut text = String::new();
    for (depth, segment) in path.iter().enumerate() {
        let part = match segment {
            Segment::Seq { index } => {
                if let Some(wire) = &mut wire {
                    wire.enter_element(*index);
                }
                format!("[{index}]")
            }
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                let named = wire.as_mut().and_then(|wire| wire.enter_member(name));
                match is_shown(depth, name) {
                    true => format!(".{}", named.unwrap_or(Cow::Borrowed(name))),
                    false => "[key]".to_owned(),
                }
            }
            Segment::Unknown => ".?".to_owned(),
        };
        if depth >= T::OUTER {
            text.push_str(&part);
        }
    }
    text
}

#[cfg(test)]
mod tests;
