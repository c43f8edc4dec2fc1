//! What `serde_json` makes of a record: a second opinion on objects, their properties and depth.

use serde_json::{Map, Value};

/// The deepest nesting that a record may have.
const MAXIMUM_DEPTH: usize = 64;

/// The properties that are integers.
const INTEGERS: [&str; 3] = ["type", "sequenceId", "version"];

/// The first JSON value of a record, if it is an object that `serde_json` can hold.
///
/// To .NET and to us `-0` is an integer, to `serde_json` a float.
pub(crate) fn first_object(record: &[u8]) -> Option<Map<String, Value>> {
    let mut values = serde_json::Deserializer::from_slice(record).into_iter();
    let Value::Object(mut object) = values.next()?.ok()? else {
        return None;
    };
    for name in INTEGERS {
        if let Some(number) = object.get_mut(name)
            && number.as_f64() == Some(0.0)
        {
            *number = Value::from(0);
        }
    }
    Some(object)
}

/// The object as a record: each property once, no blanks, and known to nest how deep.
pub(crate) fn to_record(object: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(object).expect("a value is written")
}

pub(crate) fn is_too_deep(object: &Map<String, Value>) -> bool {
    1 + object.values().map(depth).max().unwrap_or_default() > MAXIMUM_DEPTH
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or_default(),
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// A property: absent is fine, of the wrong type is not.
pub(crate) fn optional<'v, T>(
    object: &'v Map<String, Value>,
    name: &str,
    read: impl FnOnce(&'v Value) -> Option<T>,
) -> Result<Option<T>, ()> {
    match object.get(name) {
        Some(value) => read(value).map(Some).ok_or(()),
        None => Ok(None),
    }
}

pub(crate) fn int32(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|number| i32::try_from(number).ok())
}
