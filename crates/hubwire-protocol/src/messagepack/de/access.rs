//! Access to the contents of arrays, maps, structs and enums.

use std::collections::BTreeSet;
use std::str;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer as _, EnumAccess, Error as _, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::Deserializer;
use crate::messagepack::error::ValueError;
use crate::messagepack::head::Head;
use crate::tagged::RAW_VALUE;

/// The elements of an array.
pub(crate) struct Elements<'d, 'de> {
    from: &'d mut Deserializer<'de>,
    left: u32,
}

impl<'d, 'de> Elements<'d, 'de> {
    #[inline]
    pub(super) const fn new(from: &'d mut Deserializer<'de>, count: u32) -> Self {
        Self { from, left: count }
    }

    /// Returns `value`, if it consumed all the elements.
    #[inline]
    pub(super) fn finish<T>(self, value: T) -> Result<T, ValueError> {
        all_taken(self.left, value)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = ValueError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ValueError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        seed.deserialize(&mut *self.from).map(Some)
    }

    /// [`Input::next`] has checked that there are at least as many bytes as elements.
    ///
    /// [`Input::next`]: crate::messagepack::Input::next
    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(hint(self.left))
    }
}

/// Limits what is reserved ahead, because nested containers can claim the same bytes many times.
fn hint(left: u32) -> usize {
    const MOST: u32 = 256;
    left.min(MOST) as usize
}

/// The entries of a map with keys of any type. As in .NET, a key may occur only once.
///
/// Keys are compared by their bytes: the same integer in two encodings counts as two keys.
pub(super) struct Entries<'d, 'de> {
    from: &'d mut Deserializer<'de>,
    left: u32,
    keys: BTreeSet<&'de [u8]>,
}

impl<'d, 'de> Entries<'d, 'de> {
    #[inline]
    pub(super) const fn new(from: &'d mut Deserializer<'de>, count: u32) -> Self {
        Self {
            from,
            left: count,
            keys: BTreeSet::new(),
        }
    }

    #[inline]
    pub(super) fn finish<T>(self, value: T) -> Result<T, ValueError> {
        all_taken(self.left, value)
    }
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = ValueError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ValueError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        let all = self.from.input.rest();
        self.from.is_key = true;
        let value = seed.deserialize(&mut *self.from)?;
        self.from.is_key = false;
        let length = all.len() - self.from.input.rest().len();
        let key = all.get(..length).unwrap_or_default();
        // `serde_json` would read the text after such a key as JSON, which may nest unseen.
        if key.ends_with(RAW_VALUE.as_bytes()) {
            return Err(ValueError::custom("key is a private one of serde_json"));
        }
        let is_alone = left == 0 && self.keys.is_empty();
        if !is_alone && !self.keys.insert(key) {
            return Err(ValueError::custom("key is there twice"));
        }
        Ok(Some(value))
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, ValueError> {
        seed.deserialize(&mut *self.from)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(hint(self.left))
    }
}

/// The members of a struct; their names are text.
pub(super) struct Members<'d, 'de> {
    from: &'d mut Deserializer<'de>,
    left: u32,
    fields: &'static [&'static str],
}

impl<'d, 'de> Members<'d, 'de> {
    #[inline]
    pub(super) const fn new(
        from: &'d mut Deserializer<'de>,
        count: u32,
        fields: &'static [&'static str],
    ) -> Self {
        Self {
            from,
            left: count,
            fields,
        }
    }

    #[inline]
    pub(super) fn finish<T>(self, value: T) -> Result<T, ValueError> {
        all_taken(self.left, value)
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = ValueError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ValueError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        let Head::Text(name) = self.from.input.next()? else {
            return Err(ValueError::custom("name of a member is no text"));
        };
        // No member has a name that is not UTF-8.
        let name = str::from_utf8(name).unwrap_or_default();
        let name = self
            .from
            .naming
            .declared_from_messagepack(name, self.fields);
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, ValueError> {
        seed.deserialize(&mut *self.from)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(hint(self.left))
    }
}

/// An enum variant with its data.
pub(super) struct Variant<'d, 'de>(pub(super) &'d mut Deserializer<'de>);

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = ValueError;
    type Variant = Self;

    #[inline]
    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), ValueError> {
        let Head::Text(name) = self.0.input.next()? else {
            return Err(ValueError::custom("name of a variant is no text"));
        };
        let name = str::from_utf8(name)
            .map_err(|_| ValueError::custom("name of a variant is not UTF-8"))?;
        let variant = seed.deserialize(BorrowedStrDeserializer::<ValueError>::new(name))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = ValueError;

    #[inline]
    fn unit_variant(self) -> Result<(), ValueError> {
        serde::Deserialize::deserialize(self.0)
    }

    #[inline]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, ValueError> {
        seed.deserialize(self.0)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.0.deserialize_tuple(length, visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.0.visit_members(fields, visitor)
    }
}

fn all_taken<T>(left: u32, value: T) -> Result<T, ValueError> {
    if left == 0 {
        Ok(value)
    } else {
        Err(ValueError::custom(format_args!(
            "{left} elements more than expected"
        )))
    }
}
