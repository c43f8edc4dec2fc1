//! Where among the arguments something does not fit, found by decoding them again: what fits pays nothing for it.

use std::marker::PhantomData;

use serde::Deserializer;
use serde_path_to_error::{Deserializer as Tracked, Path, Segment, Track};

use super::BindArguments;
use super::binding::Binding;
use crate::messagepack::{self, Input};
use crate::naming::{self, Naming};

/// The member of a JSON argument that does not fit, `.items[3].price`; empty if it is the argument itself.
#[cold]
pub(super) fn in_json<T: BindArguments>(array: &str, naming: Naming) -> Box<str> {
    let mut from = serde_json::Deserializer::from_str(array);
    match naming {
        Naming::AsDeclared => track::<T, _>(&mut from),
        Naming::DotNet | Naming::DotNetStringEnums => {
            track::<T, _>(naming::Reading::new(&mut from))
        }
    }
}

/// The same of a MessagePack argument.
#[cold]
pub(super) fn in_messagepack<T: BindArguments>(array: &[u8], naming: Naming) -> Box<str> {
    let mut from = messagepack::Deserializer::new(Input::new(array), naming);
    track::<T, _>(&mut from)
}

fn track<'de, T: BindArguments, D: Deserializer<'de>>(from: D) -> Box<str> {
    let mut track = Track::new();
    let mut provided = 0;
    let visitor = Binding::<T> {
        provided: &mut provided,
        to: PhantomData,
    };
    let _refused = Tracked::new(from, &mut track).deserialize_seq(visitor);
    member(&track.path())
}

/// The path without its first part, which is the argument.
fn member(path: &Path) -> Box<str> {
    let mut text = String::new();
    for segment in path.iter().skip(1) {
        match segment {
            Segment::Seq { .. } => text.push_str(&segment.to_string()),
            Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => {
                text.push('.');
                text.push_str(&segment.to_string());
            }
        }
    }
    text.into()
}
