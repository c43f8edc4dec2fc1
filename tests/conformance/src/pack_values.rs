//! The types of the MessagePack transcripts' hub, with members and variants named as in Rust.

use std::fmt;

use hubwire::Timestamp;
use hubwire::dotnet::{self, Open};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, dotnet::Enum)]
pub(crate) enum Mood {
    Calm,
    Happy,
    Wild,
}

#[derive(Debug, dotnet::Enum)]
pub(crate) enum Rights {
    None,
    Read,
    Write,
    All,
}

#[derive(Debug, dotnet::Enum)]
#[repr(i64)]
pub(crate) enum Big {
    Small = 1,
    Huge = 5_000_000_000,
}

#[derive(Debug, dotnet::Enum)]
pub(crate) enum Renamed {
    #[serde(rename = "the-first", alias = "First")]
    First,
    Second,
}

/// A class; what is missing has its default.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Person {
    name: Option<String>,
    age: i32,
    mood: Open<Mood>,
    born: Option<Timestamp>,
    tags: Option<Vec<Option<String>>>,
    scores: Option<IndexMap<String, i32>>,
}

impl Person {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..Self::default()
        }
    }

    pub(crate) fn wild_ada() -> Self {
        Self {
            age: 36,
            mood: Open::Known(Mood::Wild),
            ..Self::named("Ada")
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or_default();
        write!(f, "{name} {} {}", self.age, self.mood)
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Point {
    pub(crate) x: i32,
    pub(crate) y: i32,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Place {
    name: Option<String>,
    latitude: f64,
    longitude: f64,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Pair {
    left: i32,
    right: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Fields {
    number: i32,
    text: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct KeyedAsName {
    first: i32,
    second: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Animal {
    name: Option<String>,
}

impl Animal {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
        }
    }
}

/// Derived from an animal, in .NET.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Dog {
    name: Option<String>,
    tricks: i32,
}

impl Dog {
    pub(crate) fn rex() -> Self {
        Self {
            name: Some("Rex".to_owned()),
            tricks: 2,
        }
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct NeedsArgument {
    number: i32,
}

/// What may be within itself.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Deep {
    inner: Option<Box<Self>>,
}

impl Deep {
    pub(crate) fn depth(mut outermost: Option<&Self>) -> i32 {
        let mut depth = 0;
        while let Some(deep) = outermost {
            depth += 1;
            outermost = deep.inner.as_deref();
        }
        depth
    }
}
