//! The hubs for the rows in `docs/values.md`: each value is sent, and received back.

use std::collections::BTreeMap;
use std::time::Duration;

use hubwire::dotnet::{self, DateOnly, DateTimeOffset, Decimal, Flags, Open, TimeOnly, TimeSpan};
use hubwire::{Binary, Timestamp, hub};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Weather {
    Sunny,
}

#[derive(Debug, Eq, Ord, PartialEq, PartialOrd, dotnet::Enum)]
pub(crate) enum Mood {
    Calm = 1,
    Happy = 2,
}

#[derive(Debug, PartialEq, dotnet::Enum)]
pub(crate) enum Access {
    Read = 1,
    Write = 2,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Shape {
    Circle { radius: u8 },
    Empty,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Person {
    full_name: String,
    mood: Mood,
    age: Option<u8>,
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

fn with_offset(text: &str) -> DateTimeOffset {
    text.parse()
        .unwrap_or_else(|_| Timestamp::UNIX_EPOCH.into())
}

/// For each value, generates one method that returns it, and one that says whether its argument is
/// the same.
macro_rules! values {
    ($hub:ident: $($get:ident $is:ident $ty:ty = $value:expr;)*) => {
        #[hub]
        impl $hub {
            $(
                pub fn $get(&self) -> $ty {
                    $value
                }

                pub fn $is(&self, value: $ty) -> bool {
                    value == $value
                }
            )*
        }
    };
}

/// Values as they are declared.
pub(crate) struct ValuesHub;

values! { ValuesHub:
    bool is_bool bool = true;
    i32 is_i32 i32 = -5;
    i64 is_i64 i64 = 9_007_199_254_740_993;
    u64 is_u64 u64 = u64::MAX;
    f64 is_f64 f64 = 1.5;
    whole is_whole f64 = 3.0;
    f32 is_f32 f32 = 1.5;
    text is_text String = "a\u{1e}中".to_owned();
    char is_char char = 'x';
    none is_none Option<i32> = None;
    unit is_unit () = ();
    list is_list Vec<i32> = vec![1, 2];
    octets is_octets Vec<u8> = vec![1, 200];
    binary is_binary Binary = Binary::from(vec![1, 200]);
    timestamp is_timestamp Timestamp = moment("2020-01-02T03:04:05Z");
    fraction is_fraction Timestamp = moment("2020-01-02T03:04:05.5Z");
    date_time_offset is_date_time_offset DateTimeOffset = with_offset("2020-01-02T03:04:05+02:00");
    decimal is_decimal Decimal = "1.10".parse().unwrap_or_default();
    time_span is_time_span TimeSpan = "1.02:03:04.5".parse().unwrap_or_default();
    date_only is_date_only DateOnly = DateOnly::from_ymd(2020, 1, 2).unwrap_or(DateOnly::MIN);
    time_only is_time_only TimeOnly = TimeOnly::from_hms(3, 4, 5).unwrap_or_default();
    uuid is_uuid Uuid = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
    duration is_duration Duration = Duration::from_millis(1500);
    tuple is_tuple (i32, String) = (1, "a".to_owned());
    map is_map BTreeMap<i32, String> = BTreeMap::from([(7, "seven".to_owned())]);
    weather is_weather Weather = Weather::Sunny;
    mood is_mood Mood = Mood::Happy;
    circle is_circle Shape = Shape::Circle { radius: 2 };
    empty is_empty Shape = Shape::Empty;
    person is_person Person = Person { full_name: "Ada".to_owned(), mood: Mood::Happy, age: None };
}

/// Values with .NET's names.
pub(crate) struct DotnetValuesHub;

values! { DotnetValuesHub:
    char is_char char = 'x';
    mood is_mood Mood = Mood::Happy;
    prices is_prices BTreeMap<Decimal, i32> = BTreeMap::from([("1.10".parse().unwrap_or_default(), 1)]);
    mood_counts is_mood_counts BTreeMap<Mood, i32> = BTreeMap::from([(Mood::Happy, 1)]);
    any_mood is_any_mood Open<Mood> = Open::Unknown(7);
    access is_access Flags<Access> = Flags::from(Access::Read) | Access::Write;
    person is_person Person = Person { full_name: "Ada".to_owned(), mood: Mood::Happy, age: None };
}

/// Enums by name in both protocols.
pub(crate) struct StringEnumsHub;

values! { StringEnumsHub:
    weather is_weather Weather = Weather::Sunny;
}

/// Values that JavaScript has in its own forms; each is returned as text that shows how it was
/// read.
pub(crate) struct FormsHub;

#[hub]
impl FormsHub {
    pub fn integer(&self, value: i64) -> String {
        value.to_string()
    }

    pub fn text(&self, value: String) -> String {
        value
    }

    pub fn anything(&self, value: serde_json::Value) -> String {
        value.to_string()
    }

    pub fn timestamp(&self, value: Timestamp) -> String {
        value.to_string()
    }

    pub fn decimal(&self, value: Decimal) -> String {
        value.to_string()
    }

    pub fn keys(&self, value: BTreeMap<i32, String>) -> String {
        format!("{value:?}")
    }

    pub fn flags(&self, value: BTreeMap<bool, String>) -> String {
        format!("{value:?}")
    }

    pub fn option(&self, value: Option<i32>) -> String {
        format!("{value:?}")
    }
}

/// Floats that JSON does not have.
pub(crate) struct FloatsHub;

#[hub]
impl FloatsHub {
    pub fn not_a_number(&self) -> f64 {
        f64::NAN
    }

    pub fn infinity(&self) -> f64 {
        f64::INFINITY
    }
}
