//! Enums without the derive, in other formats and from any text.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::enum_names::{Forms, number_in};
use super::{Enum, Flags, Open, Variant, deserialize_enum, serialize_enum};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gender {
    Male,
    Other,
}

impl Enum for Gender {
    const NAME: &'static str = "Gender";
    const NAMES: &'static [&'static str] = &["Male", "Other"];
    const VARIANTS: &'static [Variant<Self>] = &[
        Variant::new(0, 1, "Male", &["M"], || Self::Male),
        Variant::new(1, 6, "Other", &[], || Self::Other),
    ];

    fn variant(&self) -> &'static Variant<Self> {
        &Self::VARIANTS[*self as usize]
    }
}

impl Serialize for Gender {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_enum(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Gender {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        deserialize_enum(from)
    }
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename = "Gender")]
enum OfSerde {
    #[serde(alias = "M")]
    Male,
    Other,
}

/// In binary formats, an enum is the same as with serde's own derive.
#[test]
fn other_formats_have_what_serde_makes_of_an_enum() {
    let values = [Gender::Male, Gender::Other];
    let bytes = rmp_serde::to_vec(&values).unwrap();
    assert_eq!(
        rmp_serde::to_vec(&[OfSerde::Male, OfSerde::Other]).unwrap(),
        bytes
    );
    assert_eq!(
        rmp_serde::from_slice::<[Gender; 2]>(&bytes).unwrap(),
        values
    );
    assert_eq!(
        rmp_serde::from_slice::<Gender>(b"\xa1M").unwrap(),
        Gender::Male
    );
    assert!(rmp_serde::from_slice::<Gender>(b"\xa4Nope").is_err());
    let open = (Open::<Gender>::Unknown(7), Open::Known(Gender::Other));
    let flags = Flags::<Gender>::from_number(7);
    let bytes = rmp_serde::to_vec(&(open, flags)).unwrap();
    assert_eq!(bytes, b"\x92\x92\x07\x06\x07");
    let read: ((Open<Gender>, Open<Gender>), Flags<Gender>) =
        rmp_serde::from_slice(&bytes).unwrap();
    assert_eq!(read, (open, flags));
}

#[test]
fn an_enum_is_found_by_its_position() {
    let from = serde::de::value::U32Deserializer::<serde::de::value::Error>::new(1);
    let mut variants = ByPosition(from);
    assert_eq!(Gender::deserialize(&mut variants), Ok(Gender::Other));
}

/// A binary format that identifies variants by their positions, as bincode does.
struct ByPosition(serde::de::value::U32Deserializer<serde::de::value::Error>);

impl<'de> serde::Deserializer<'de> for &mut ByPosition {
    type Error = serde::de::value::Error;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("not self-describing"))
    }

    fn deserialize_enum<V: serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self.0)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

proptest! {
    #[test]
    fn any_text_is_a_number_or_none(text in ".{0,12}|[MaleOthr, 0-9-]{0,16}") {
        for forms in [Forms::Json, Forms::MessagePack] {
            if let Some(number) = number_in::<Gender>(&text, forms) {
                prop_assert_eq!(number_in::<Gender>(&number.to_string(), forms), Some(number));
            }
        }
    }

    #[test]
    fn the_text_of_flags_is_their_number(number in prop_oneof![any::<i64>(), -9_i64..9]) {
        let text = Flags::<Gender>::from_number(number).to_string();
        prop_assert_eq!(number_in::<Gender>(&text, Forms::MessagePack), Some(number));
    }
}
