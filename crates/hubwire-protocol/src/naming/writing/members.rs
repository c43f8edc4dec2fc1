//! Writing the members of structs and variants.

use serde::ser::{
    self, Serialize, SerializeMap, SerializeStruct, SerializeStructVariant, Serializer,
};
use serde_json::value::RawValue;

use super::{Named, Writing};
use crate::json;
use crate::naming::{Naming, case};

/// The members of a struct.
pub(crate) enum Members<S: Serializer> {
    /// The members of one of `serde_json`'s own types, unchanged.
    AsTheyAre(S::SerializeStruct),
    Named(NamedMembers<S::SerializeMap>),
}

impl<S: Serializer> Members<S> {
    /// Begins a struct of this name.
    pub(super) fn named(
        to: S,
        naming: Naming,
        name: &'static str,
        length: usize,
    ) -> Result<Self, S::Error> {
        let map = to.serialize_map(Some(length))?;
        Ok(Self::Named(NamedMembers {
            map: Writing::new(map, naming),
            room: String::new(),
            tag_of: (length <= 2).then_some(name),
        }))
    }
}

/// The members of a struct, written with .NET's names.
pub(crate) struct NamedMembers<S> {
    map: Writing<S>,
    /// A reusable buffer for names.
    room: String,
    /// The name of the struct, before its first member. Serde writes an adjacently tagged enum as
    /// a struct with the enum's name, and the tag is its first member.
    tag_of: Option<&'static str>,
}

impl<S: Serializer> SerializeStruct for Members<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        match self {
            Self::AsTheyAre(to) => to.serialize_field(name, value),
            Self::Named(NamedMembers { map, room, tag_of }) => {
                room.clear();
                case::push_camel(name, room);
                let inside = Named {
                    tag_of: tag_of.take(),
                    ..map.inside(value)
                };
                map.to.serialize_entry(room.as_str(), &inside)
            }
        }
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        match self {
            Self::AsTheyAre(to) => to.end(),
            Self::Named(members) => members.map.to.end(),
        }
    }
}

/// A variant with named members. They are collected first, because a serializer takes them one by
/// one only with `'static` names.
pub(crate) struct Variant<S> {
    to: S,
    naming: Naming,
    name: &'static str,
    index: u32,
    variant: &'static str,
    members: Vec<(String, Box<RawValue>)>,
}

impl<S> Variant<S> {
    pub(super) fn new(
        to: S,
        naming: Naming,
        (name, index, variant): (&'static str, u32, &'static str),
        length: usize,
    ) -> Self {
        Self {
            to,
            naming,
            name,
            index,
            variant,
            members: Vec::with_capacity(length),
        }
    }
}

impl<S: Serializer> SerializeStructVariant for Variant<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        let mut text = Vec::new();
        json::write_named(&mut text, value, self.naming).map_err(|error| cause(&error))?;
        let text = String::from_utf8(text).map_err(ser::Error::custom)?;
        let value = RawValue::from_string(text).map_err(ser::Error::custom)?;
        let mut name_on_wire = String::new();
        case::push_camel(name, &mut name_on_wire);
        self.members.push((name_on_wire, value));
        Ok(())
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        let members = Kept(self.members);
        self.to
            .serialize_newtype_variant(self.name, self.index, self.variant, &members)
    }
}

/// Returns the value's own error, which `EncodeError` hides behind its own text.
fn cause<E: ser::Error>(error: &crate::EncodeError) -> E {
    let source = std::error::Error::source(error).map(ToString::to_string);
    E::custom(source.unwrap_or_else(|| error.to_string()))
}

struct Kept(Vec<(String, Box<RawValue>)>);

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
