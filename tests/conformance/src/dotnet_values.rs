//! .NET's types in serde: the natural form of each.

use std::collections::BTreeMap;

pub(crate) use hubwire::Binary as Bytes;
use indexmap::IndexMap;
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

/// .NET's `object`: any value, kept as it was written.
pub(crate) type Anything = Box<RawValue>;

/// .NET's dictionary of objects, in the order in which it was written.
pub(crate) type Dictionary = IndexMap<String, Anything>;

/// An enumeration of .NET, which is a number in JSON and accepts any number.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Mood(pub(crate) i32);

/// A class of .NET; missing members have their defaults.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Person {
    name: Option<String>,
    age: i32,
    mood: Mood,
    born: Option<String>,
    tags: Option<Vec<Option<String>>>,
    scores: Option<BTreeMap<String, i32>>,
}

impl Person {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..Self::default()
        }
    }
}

/// A value that cannot be written, like one that contains itself in .NET.
pub(crate) struct Looping;

impl Serialize for Looping {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("a possible object cycle was detected"))
    }
}
