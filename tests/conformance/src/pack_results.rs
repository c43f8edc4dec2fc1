//! Results of the MessagePack transcripts' hub that do not come from arguments.

use std::fmt;

use hubwire::dotnet::{DateTimeOffset, Decimal, TimeSpan};
use hubwire::{Binary, ClientResultError, HubError, Timestamp};
use indexmap::IndexMap;
use serde::Serialize;
use uuid::Uuid;

use crate::pack_values::{Animal, Dog, Mood, Person, Point};

/// 2020-01-02T03:04:05Z.
pub(crate) const UTC: Timestamp = at(1_577_934_245, 0);
pub(crate) const FRACTION: Timestamp = at(1_577_934_245, 123_456_700);
/// 2200-01-01T00:00:00Z.
pub(crate) const AFTER_2106: Timestamp = at(7_258_118_400, 0);
pub(crate) const BEFORE_1970: Timestamp = at(-1, 0);
/// The last instant in .NET.
pub(crate) const LAST: Timestamp = at(253_402_300_799, 999_999_900);
/// A second and a half.
pub(crate) const SPAN: TimeSpan = TimeSpan::from_ticks(15_000_000);
pub(crate) const GUID: Uuid = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);

const fn at(seconds: i64, nanoseconds: u32) -> Timestamp {
    match Timestamp::from_unix(seconds, nanoseconds) {
        Ok(timestamp) => timestamp,
        Err(_) => panic!("not between the years 1 and 9999"),
    }
}

/// Returns 03:04:05 by a clock that is an hour and a half ahead.
pub(crate) fn offset() -> DateTimeOffset {
    "2020-01-02T03:04:05+01:30"
        .parse()
        .unwrap_or_else(|_| UTC.into())
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or_default()
}

/// Formats the time with seven fractional digits, as .NET's format `o` does.
pub(crate) fn to_seven_places(timestamp: Timestamp) -> String {
    let text = timestamp.to_string();
    let text = text.trim_end_matches('Z');
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{seconds}.{fraction:0<7.7}Z")
}

/// Returns a client's result, or the error, in .NET's words.
pub(crate) fn report<T: fmt::Display>(result: Result<T, ClientResultError>) -> String {
    match result {
        Ok(value) => format!("got {value}"),
        Err(error) => {
            let error = HubError::from(error);
            format!("{}: {error}", error.type_name())
        }
    }
}

/// An anonymous type in .NET.
#[derive(Debug, Serialize)]
pub(crate) struct Anonymous {
    name: &'static str,
    count: i32,
    inner: Inner,
}

#[derive(Debug, Serialize)]
struct Inner {
    deep: bool,
}

impl Default for Anonymous {
    fn default() -> Self {
        Self {
            name: "n",
            count: 2,
            inner: Inner { deep: true },
        }
    }
}

/// Declared by its interface in .NET.
#[derive(Debug, Serialize)]
pub(crate) struct Named {
    name: &'static str,
    extra: i32,
}

impl Default for Named {
    fn default() -> Self {
        Self {
            name: "n",
            extra: 1,
        }
    }
}

/// Contains a dog as an animal and another as an object.
#[derive(Debug, Serialize)]
pub(crate) struct Kennel {
    animal: Animal,
    anything: Dog,
}

impl Default for Kennel {
    fn default() -> Self {
        Self {
            animal: Animal::named("Rex"),
            anything: Dog::rex(),
        }
    }
}

pub(crate) fn expando() -> IndexMap<&'static str, Boxed> {
    IndexMap::from([("First", Boxed::Integer(1)), ("second", Boxed::Text("b"))])
}

/// A value that is declared as an object in .NET.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Boxed {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f32),
    Double(f64),
    Character(char),
    Text(&'static str),
    Bytes(Binary),
    Instant(Timestamp),
    Moment(DateTimeOffset),
    Span(TimeSpan),
    Decimal(Decimal),
    Guid(Uuid),
    Mood(Mood),
    Person(Box<Person>),
    Point(Point),
    Dog(Dog),
    List((i32, &'static str, Option<()>)),
    Tuple((i32, &'static str)),
    Integers([i32; 2]),
    Dictionary(IndexMap<&'static str, i32>),
    Object {},
}

impl Boxed {
    pub(crate) fn of(what: &str) -> Self {
        match what {
            "int" | "long" | "uint" | "short" | "byte" => Self::Integer(5),
            "float" => Self::Float(1.5),
            "double" => Self::Double(1.5),
            "decimal" => Self::Decimal(decimal("1.5")),
            "guid" => Self::Guid(GUID),
            "datetime" => Self::Instant(UTC),
            "enum" => Self::Mood(Mood::Happy),
            "char" => Self::Character('x'),
            "bool" => Self::Boolean(true),
            "bytes" => Self::Bytes(Binary::from([1, 2])),
            "timespan" => Self::Span(SPAN),
            "person" => Self::Person(Box::new(Person::wild_ada())),
            "point" => Self::Point(Point { x: 1, y: 2 }),
            "list" => Self::List((1, "a", None)),
            "dictionary" => Self::Dictionary(IndexMap::from([("k", 1)])),
            "uri" => Self::Text("http://example.org/a b"),
            "null" => Self::Null,
            "ints" => Self::Integers([1, 2]),
            "dog" => Self::Dog(Dog::rex()),
            "object" => Self::Object {},
            "tuple" => Self::Tuple((1, "a")),
            "datetimeoffset" => Self::Moment(offset()),
            _ => Self::Text("other"),
        }
    }
}
