//! Converting one format to another, without a type in between.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::binary;

/// A value that is still in its source format; it can be written once.
pub(crate) struct Transcoder<D>(RefCell<Option<D>>);

impl<D> Transcoder<D> {
    pub(crate) const fn new(from: D) -> Self {
        Self(RefCell::new(Some(from)))
    }
}

impl<'de, D: Deserializer<'de>> Serialize for Transcoder<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let from = self
            .0
            .borrow_mut()
            .take()
            .ok_or_else(|| ser::Error::custom("received value was written before"))?;
        from.deserialize_any(Scalar(serializer))
            .map_err(ser::Error::custom)
    }
}

/// A visitor that serializes the value.
struct Scalar<S>(S);

macro_rules! scalars {
    ($($visit:ident $serialize:ident $type:ty;)*) => {$(
        fn $visit<E: de::Error>(self, value: $type) -> Result<S::Ok, E> {
            self.0.$serialize(value).map_err(E::custom)
        }
    )*};
}

impl<'de, S: Serializer> Visitor<'de> for Scalar<S> {
    type Value = S::Ok;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    scalars! {
        visit_bool serialize_bool bool;
        visit_i64 serialize_i64 i64;
        visit_u64 serialize_u64 u64;
        visit_f32 serialize_f32 f32;
        visit_f64 serialize_f64 f64;
        visit_str serialize_str &str;
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<S::Ok, E> {
        binary::serialize(bytes, self.0).map_err(E::custom)
    }

    fn visit_unit<E: de::Error>(self) -> Result<S::Ok, E> {
        self.0.serialize_unit().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<S::Ok, A::Error> {
        let to = self.0.serialize_seq(elements.size_hint());
        let mut to = to.map_err(de::Error::custom)?;
        while elements.next_element_seed(Element(&mut to))?.is_some() {}
        to.end().map_err(de::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<S::Ok, A::Error> {
        let to = self.0.serialize_map(entries.size_hint());
        let mut to = to.map_err(de::Error::custom)?;
        while entries.next_key_seed(Key(&mut to))?.is_some() {
            entries.next_value_seed(Value(&mut to))?;
        }
        to.end().map_err(de::Error::custom)
    }
}

struct Element<'s, S>(&'s mut S);

impl<'de, S: SerializeSeq> DeserializeSeed<'de> for Element<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let value = Transcoder::new(from);
        self.0.serialize_element(&value).map_err(de::Error::custom)
    }
}

struct Key<'s, S>(&'s mut S);

impl<'de, S: SerializeMap> DeserializeSeed<'de> for Key<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let value = Transcoder::new(from);
        self.0.serialize_key(&value).map_err(de::Error::custom)
    }
}

struct Value<'s, S>(&'s mut S);

impl<'de, S: SerializeMap> DeserializeSeed<'de> for Value<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let value = Transcoder::new(from);
        self.0.serialize_value(&value).map_err(de::Error::custom)
    }
}
