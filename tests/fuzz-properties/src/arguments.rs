//! Properties of binding received arguments, whatever they are and whatever they are bound to.

use std::collections::BTreeMap;
use std::fmt::Debug;

use hubwire_protocol::{
    Arguments, BindArguments, BindError, HubMessage, Naming, RawArguments, json,
};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Treats the bytes as the arguments of a call and binds them to tuples of many types.
pub fn check(data: &[u8]) {
    let record = [br#"{"type":1,"target":"T","arguments":"#, data, b"}"].concat();
    if let Ok(HubMessage::Invocation(call)) = json::parse_message(&record) {
        check_arguments(&call.arguments);
    }
}

macro_rules! check_tuples {
    ($arguments:ident, $array:ident: $(($($element:ty),*);)*) => {$(
        let expected = one_by_one(&$array, &[$(fits::<$element>),*]);
        check_tuple::<($($element,)*)>($arguments, &expected);
    )*};
}

fn check_arguments(arguments: &RawArguments<'_>) {
    let mut array = Vec::new();
    arguments
        .write_json(&mut array, Naming::AsDeclared)
        .expect("received arguments are text");
    let array: Vec<&RawValue> = serde_json::from_slice(&array).expect("an array");
    check_tuples! { arguments, array:
        ();
        (bool); (u8); (i32); (u64); (f32); (f64); (char); (String); (()); (Value);
        (Option<i64>); (Vec<u8>); (BTreeMap<String, i32>); (BTreeMap<i16, Value>); (Box<RawValue>);
        (Nested); (Strict); (Shape); (Either); ((u8, String)); ([f64; 2]);
        (i32, i32); (String, Option<String>); (Value, Value); (f64, Vec<Option<bool>>);
        (String, i64, bool); (Value, Nested, Vec<Shape>); (Option<Nested>, Either, char);
        (u8, i16, u32, i64); (Value, String, Vec<Value>, BTreeMap<String, Value>, Option<()>);
        (Value, Value, Value, Value, Value, Value, Value, Value, Value, Value, Value, Value);
    }
    check_wide_integer(arguments, &array);
    for element in array {
        check_writing(element);
    }
}

/// `serde_json` takes the digits of a 128-bit integer and leaves a fraction unread. The fault is
/// then found after the argument, and attributed to the next one.
fn check_wide_integer(arguments: &RawArguments<'_>, array: &[&RawValue]) {
    let expected = one_by_one(array, &[fits::<i128>]);
    assert_eq!(arguments.bind::<(i128,)>().is_ok(), expected.is_ok());
}

/// Returns the position of the first argument that does not fit, or the number of arguments if
/// there are too few or too many. It splits the array first.
fn one_by_one(array: &[&RawValue], fits: &[fn(&str) -> bool]) -> Result<(), Fault> {
    let misfit = array
        .iter()
        .zip(fits)
        .position(|(element, fits)| !fits(element.get()));
    match misfit {
        Some(argument) => Err(Fault::Conversion(argument)),
        None if array.len() != fits.len() => Err(Fault::Count(array.len(), fits.len())),
        None => Ok(()),
    }
}

#[derive(Debug, PartialEq)]
enum Fault {
    Conversion(usize),
    Count(usize, usize),
}

fn fits<T: for<'de> Deserialize<'de>>(element: &str) -> bool {
    read::<T>(element).is_ok()
}

/// Reads a value, or if it is refused, the same text with `0` for each `-0`.
fn read<T: for<'de> Deserialize<'de>>(json: &str) -> serde_json::Result<T> {
    serde_json::from_str(json).or_else(|_| serde_json::from_str(&with_plain_zeros(json)))
}

fn with_plain_zeros(json: &str) -> String {
    let mut plain = String::new();
    for (index, part) in parts(json).into_iter().enumerate() {
        // Every other part is a string.
        let is_string = index % 2 == 1;
        let tokens = part
            .split_inclusive(|byte: char| byte.is_ascii_whitespace() || ",:[]{}".contains(byte));
        for token in tokens {
            let zero = token.strip_prefix("-0").filter(|rest| {
                !is_string
                    && !rest.starts_with(|byte: char| byte.is_ascii_digit() || ".eE".contains(byte))
            });
            match zero {
                Some(rest) => plain.extend(["0", rest]),
                None => plain.push_str(token),
            }
        }
    }
    plain
}

/// Returns the parts outside and inside of strings, alternately.
fn parts(json: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begins, mut is_escaped) = (0, false);
    for (at, byte) in json.bytes().enumerate() {
        if byte == b'"' && !is_escaped {
            parts.push(&json[begins..at + parts.len() % 2]);
            begins = at + (parts.len() + 1) % 2;
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    parts.push(&json[begins..]);
    parts
}

fn check_tuple<T: BindArguments + for<'de> Deserialize<'de> + Debug>(
    arguments: &RawArguments<'_>,
    expected: &Result<(), Fault>,
) {
    let bound = arguments.bind::<T>();
    let owned = arguments.clone().into_owned().bind::<T>();
    assert_eq!(format!("{bound:?}"), format!("{owned:?}"));
    let read = match bound {
        Ok(bound) => {
            if T::COUNT > 0 {
                let mut array = Vec::new();
                arguments
                    .write_json(&mut array, Naming::AsDeclared)
                    .expect("received arguments are text");
                let array = str::from_utf8(&array).expect("JSON is text");
                let whole: T = read(array).expect("the tuple as one value");
                assert_eq!(format!("{bound:?}"), format!("{whole:?}"));
            }
            Ok(())
        }
        Err(BindError::Conversion { argument, .. }) => Err(Fault::Conversion(argument)),
        Err(BindError::Count { provided, expected }) => Err(Fault::Count(provided, expected)),
        Err(other) => panic!("{other:?}"),
    };
    assert_eq!(&read, expected, "{}", std::any::type_name::<T>());
}

/// Checks that what is sent back contains no control characters, and means what was received.
fn check_writing(element: &RawValue) {
    let Ok(value) = serde_json::from_str::<Value>(element.get()) else {
        return;
    };
    let mut out = Vec::new();
    (&value,)
        .write_json(&mut out, Naming::AsDeclared)
        .expect("a value is written");
    assert!(out.iter().all(|&byte| byte >= b' ' && byte != 0x7F));
    let (read,): (Value,) = serde_json::from_slice(&out).expect("what is written reads");
    assert!(is_same(&value, &read), "{value} is read as {read}");
}

/// Returns whether two values are the same, apart from whole floats, which are written as
/// integers.
fn is_same(sent: &Value, read: &Value) -> bool {
    match (sent, read) {
        (Value::Number(number), Value::Number(read)) if number.is_f64() => {
            number.as_f64().map(f64::to_bits) == read.as_f64().map(f64::to_bits)
        }
        (Value::Array(sent), Value::Array(read)) => {
            sent.len() == read.len()
                && sent
                    .iter()
                    .zip(read)
                    .all(|(sent, read)| is_same(sent, read))
        }
        (Value::Object(sent), Value::Object(read)) => {
            sent.len() == read.len()
                && sent
                    .iter()
                    .zip(read)
                    .all(|((name, sent), (other, read))| name == other && is_same(sent, read))
        }
        _ => sent == read,
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read only by `Debug`")]
struct Nested {
    name: String,
    #[serde(default)]
    how_many: u32,
    inner: Option<Box<Self>>,
    tags: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read only by `Debug`")]
struct Strict {
    a: i8,
    b: Option<f32>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind")]
#[expect(dead_code, reason = "read only by `Debug`")]
enum Shape {
    Circle { radius: f64 },
    Point,
    Text { value: Option<String> },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "read only by `Debug`")]
enum Either {
    Number(i64),
    Text(String),
    Both(i64, String),
}
