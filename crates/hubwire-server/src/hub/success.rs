//! A value to be sent to a client, which must not be an error.

use serde::ser::{Error, Serialize, Serializer};

/// A result or an item; it is not serialized if it turns out to be the `Err` of a [`Result`].
///
/// Most results are recognised by their types, see [`returned`](super::returned()). This check is
/// for the remaining ones: results in generic hubs, and results inside results. Serde reports only
/// the name of an enum, so an application's own enum named `Result` is refused too.
pub(super) struct Success<'a, T: ?Sized>(pub(super) &'a T);

impl<T: Serialize + ?Sized> Serialize for Success<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Successes(serializer))
    }
}

/// A serializer that passes on everything except an `Err`.
struct Successes<S>(S);

macro_rules! pass_on {
    ($($serialize:ident($($name:ident: $type:ty),*) -> $ok:ty;)*) => {$(
        #[inline]
        fn $serialize(self, $($name: $type),*) -> Result<$ok, S::Error> {
            self.0.$serialize($($name),*)
        }
    )*};
}

impl<S: Serializer> Serializer for Successes<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = S::SerializeSeq;
    type SerializeTuple = S::SerializeTuple;
    type SerializeTupleStruct = S::SerializeTupleStruct;
    type SerializeTupleVariant = S::SerializeTupleVariant;
    type SerializeMap = S::SerializeMap;
    type SerializeStruct = S::SerializeStruct;
    type SerializeStructVariant = S::SerializeStructVariant;

    pass_on! {
        serialize_bool(value: bool) -> S::Ok;
        serialize_i8(value: i8) -> S::Ok;
        serialize_i16(value: i16) -> S::Ok;
        serialize_i32(value: i32) -> S::Ok;
        serialize_i64(value: i64) -> S::Ok;
        serialize_i128(value: i128) -> S::Ok;
        serialize_u8(value: u8) -> S::Ok;
        serialize_u16(value: u16) -> S::Ok;
        serialize_u32(value: u32) -> S::Ok;
        serialize_u64(value: u64) -> S::Ok;
        serialize_u128(value: u128) -> S::Ok;
        serialize_f32(value: f32) -> S::Ok;
        serialize_f64(value: f64) -> S::Ok;
        serialize_char(value: char) -> S::Ok;
        serialize_str(value: &str) -> S::Ok;
        serialize_bytes(value: &[u8]) -> S::Ok;
        serialize_none() -> S::Ok;
        serialize_unit() -> S::Ok;
        serialize_unit_struct(name: &'static str) -> S::Ok;
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> S::Ok;
        serialize_seq(length: Option<usize>) -> S::SerializeSeq;
        serialize_tuple(length: usize) -> S::SerializeTuple;
        serialize_tuple_struct(name: &'static str, length: usize) -> S::SerializeTupleStruct;
        serialize_tuple_variant(
            name: &'static str, index: u32, variant: &'static str, length: usize
        ) -> S::SerializeTupleVariant;
        serialize_map(length: Option<usize>) -> S::SerializeMap;
        serialize_struct(name: &'static str, length: usize) -> S::SerializeStruct;
        serialize_struct_variant(
            name: &'static str, index: u32, variant: &'static str, length: usize
        ) -> S::SerializeStructVariant;
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Success(value))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        match (name, variant) {
            ("Result", "Err") => Err(S::Error::custom(
                "it is an error that the method's return type does not show: return a `Result` itself, and no other in it; \
                 an enum of your own that is called `Result` takes another name by `#[serde(rename = \"..\")]`",
            )),
            ("Result", "Ok") => {
                let value = Success(value);
                self.0
                    .serialize_newtype_variant(name, index, variant, &value)
            }
            _ => self
                .0
                .serialize_newtype_variant(name, index, variant, value),
        }
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.collect_str(value)
    }

    fn collect_seq<I>(self, items: I) -> Result<S::Ok, S::Error>
    where
        I: IntoIterator<Item: Serialize>,
    {
        self.0.collect_seq(items)
    }

    fn collect_map<K, V, I>(self, entries: I) -> Result<S::Ok, S::Error>
    where
        K: Serialize,
        V: Serialize,
        I: IntoIterator<Item = (K, V)>,
    {
        self.0.collect_map(entries)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, to_value};

    use super::*;

    type Saved = Result<u32, &'static str>;

    fn sent(value: &impl Serialize) -> Option<Value> {
        to_value(Success(value)).ok()
    }

    #[test]
    fn errors_are_not_serialized() {
        assert_eq!(sent(&Saved::Err("hunter2")), None);
        assert_eq!(sent(&Some(Saved::Err("hunter2"))), None);
        assert_eq!(sent(&Ok::<Saved, ()>(Err("hunter2"))), None);
        assert_eq!(sent(&Some(Saved::Ok(1))), Some(json!({"Ok": 1})));
        assert_eq!(
            sent(&Ok::<Saved, ()>(Ok(1))),
            Some(json!({"Ok": {"Ok": 1}}))
        );
    }

    #[test]
    fn everything_else_passes() {
        #[derive(serde::Serialize)]
        enum Outcome {
            Err(&'static str),
        }

        #[derive(serde::Serialize)]
        #[serde(rename = "Outcome")]
        enum Result {
            Err(&'static str),
        }

        let value = json!({"a": [1, -2, 1.5, null, true], "b": {"Err": "text"}});
        assert_eq!(sent(&value), Some(value));
        assert_eq!(
            sent(&vec![Saved::Err("listed")]),
            Some(json!([{"Err": "listed"}]))
        );
        assert_eq!(sent(&Outcome::Err("mine")), Some(json!({"Err": "mine"})));
        assert_eq!(sent(&Result::Err("mine")), Some(json!({"Err": "mine"})));
    }
}
