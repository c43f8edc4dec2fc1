//! .NET's types with different forms in JSON and MessagePack, for a hub that sends them back.

use std::fmt;

use hubwire::dotnet::per_protocol::Form;
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) type KeyValuePair = Echoed<Entry, (Option<String>, i32)>;
/// .NET's `Tuple`, which is a class.
pub(crate) type Tuple = Echoed<Items, (i32, Option<String>)>;
/// A tuple that is a struct. Its fields are not properties, so its JSON form is empty.
pub(crate) type ValueTuple = Echoed<NoMembers, (i32, Option<String>)>;
pub(crate) type Complex = Echoed<Parts, (f64, f64)>;
/// A class with `[Key(0)]` and `[Key(2)]`.
pub(crate) type Keyed = Echoed<FirstAndThird, Elements>;
/// A class with `[Key("one")]` and `[Key("two")]`.
pub(crate) type KeyedByName = Echoed<FirstAndSecond, OneAndTwo>;
/// A class with `[DataMember]`, which .NET's JSON ignores.
pub(crate) type Contract = Echoed<AllMembers, DataMembers>;
/// A class with members that are ignored or renamed by attributes of one serializer or the other.
pub(crate) type Shy = Echoed<ShyInJson, ShyInMessagePack>;

/// A value that is sent back in the protocol in which it arrived.
#[derive(Debug, Deserialize)]
#[serde(transparent, bound = "J: Deserialize<'de>, M: Deserialize<'de>")]
pub(crate) struct Echoed<J, M>(Form<J, M>);

impl<J: Serialize, M: Serialize> Serialize for Echoed<J, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Json(value) => value.serialize(serializer),
            Form::MessagePack(value) => value.serialize(serializer),
        }
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Entry {
    key: Option<String>,
    value: i32,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Items {
    item1: i32,
    item2: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct NoMembers {}

/// .NET writes two more members, and reads neither.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Parts {
    real: f64,
    imaginary: f64,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct FirstAndThird {
    first: i32,
    third: Option<String>,
}

/// An array with a gap. It may be shorter or longer.
#[derive(Debug, Serialize)]
pub(crate) struct Elements(i32, (), Option<String>);

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ElementsVisitor)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of members")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Elements, A::Error> {
        let first = elements.next_element()?.unwrap_or_default();
        elements.next_element::<IgnoredAny>()?;
        let third = elements.next_element()?.unwrap_or_default();
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Elements(first, (), third))
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct FirstAndSecond {
    first: i32,
    second: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct AllMembers {
    first: i32,
    second: Option<String>,
    not_a_member: i32,
}

/// Declares an object with these names, whatever the hub's naming.
macro_rules! named {
    ($type:ident { $($name:literal: $member:ident: $member_type:ty = $default:expr),* $(,)? }) => {
        #[derive(Debug)]
        pub(crate) struct $type {
            $($member: $member_type),*
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some([$($name),*].len()))?;
                $(map.serialize_entry($name, &self.$member)?;)*
                map.end()
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;

                impl<'de> Visitor<'de> for Members {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<$type, A::Error> {
                        let mut read = $type { $($member: $default),* };
                        while let Some(name) = members.next_key::<String>()? {
                            match &*name {
                                $($name => read.$member = members.next_value()?,)*
                                _ => {
                                    members.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(read)
                    }
                }

                deserializer.deserialize_map(Members)
            }
        }
    };
}

named! {
    OneAndTwo {
        "one": one: i32 = 0,
        "two": two: Option<String> = None,
    }
}

named! {
    DataMembers {
        "renamed": renamed: i32 = 0,
        "Second": second: Option<String> = None,
    }
}

named! {
    ShyInJson {
        "shown": shown: i32 = 1,
        "ignored": ignored: i32 = 2,
        "ignoredData": ignored_data: i32 = 3,
        "renamedForJson": json: i32 = 5,
        "readOnly": read_only: ReadOnly<6> = ReadOnly,
        "privateSet": private_set: ReadOnly<7> = ReadOnly,
        "camelCase": camel_case: Option<String> = Some("c".to_owned()),
        "snake_case": snake_case: Option<String> = Some("s".to_owned()),
    }
}

named! {
    ShyInMessagePack {
        "Shown": shown: i32 = 1,
        "IgnoredJson": ignored_json: i32 = 4,
        "Json": json: i32 = 5,
        "camelCase": camel_case: Option<String> = Some("c".to_owned()),
        "snake_case": snake_case: Option<String> = Some("s".to_owned()),
    }
}

/// A member that is written, and ignored when it is read.
#[derive(Debug)]
struct ReadOnly<const VALUE: i32>;

impl<const VALUE: i32> Serialize for ReadOnly<VALUE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(VALUE)
    }
}

impl<'de, const VALUE: i32> Deserialize<'de> for ReadOnly<VALUE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// An interface, which .NET cannot read a value of.
#[derive(Debug, Serialize)]
pub(crate) struct Interface;

impl<'de> Deserialize<'de> for Interface {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(de::Error::custom("an interface is no type to be read"))
    }
}
