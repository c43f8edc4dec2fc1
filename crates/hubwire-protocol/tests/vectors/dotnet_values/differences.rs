//! Where our values are not .NET's, and why.

const ZONE: &str = "a `DateTime` that is no UTC";
const BOTH_FORMS: &str = "JSON's form in MessagePack, which JavaScript may send";
const SURROGATE: &str = "half of a pair of UTF-16, which is no `char` of Rust";
const CHARACTER: &str = "a character that is a pair in UTF-16";
const OFFSET: &str = "a `DateTimeOffset` without an offset";
const NUMBER: &str = "a `decimal` in the form of another protocol";
const BEYOND: &str = "a whole number of 2^53 and beyond, which JavaScript has as a float";
const KEY: &str = "a key that serde has in a form of its own";
const KEY_TEXT: &str = "a number as text in a key's place, which JavaScript has no other of";
const DIGITS: &str = "a `DateTime` of nanoseconds";
const UUID: &str = "the other forms of the uuid crate";
const FLOAT: &str = "the exponent of a float in JSON";
const INFINITE: &str = "a float beyond its type in JSON";
const NEWTONSOFT: &str = "what Newtonsoft writes in a way of its own";
const TEXT: &str = "a time where text is asked for";

/// Forms that are read or written otherwise, each with what it is; `docs/values.md` says how they are here.
pub(super) const DIFFERENCES: &[(&str, &str)] = &[
    (
        "DateOnly reads messagepack aa323032302d30312d3032",
        BOTH_FORMS,
    ),
    (
        "DateTime reads messagepack 92d6ff5e0d5da578",
        "a `DateTimeOffset` for a `DateTime`",
    ),
    ("DateTimeOffset reads json \"2020-01-02\"", OFFSET),
    ("DateTimeOffset reads json \"2020-01-02T03:04:05\"", OFFSET),
    (
        "DateTimeOffset reads messagepack b9323032302d30312d30325430333a30343a30352b30323a3030",
        BOTH_FORMS,
    ),
    ("DateTimeOffset reads messagepack d6ff5e0d5da5", OFFSET),
    ("Dictionary<bool, int> writes json {\"True\":1}", KEY),
    ("Dictionary<decimal, int> writes json {\"1.5\":1}", KEY),
    (
        "Dictionary<int, string> reads messagepack 81a137a178",
        KEY_TEXT,
    ),
    (
        "Dictionary<string, int> writes {Two Words: 1, ID: 2, a: 3}",
        NEWTONSOFT,
    ),
    ("TimeOnly reads messagepack a830333a30343a3035", BOTH_FORMS),
    ("TimeSpan reads messagepack a830303a30303a3031", BOTH_FORMS),
    ("char reads json \"\u{1F600}\"", CHARACTER),
    ("char reads messagepack a178", BOTH_FORMS),
    ("char writes json \"\\uFFFD\"", SURROGATE),
    ("char writes newtonsoft \"\u{FFFD}\"", SURROGATE),
    ("char writes messagepack cdd83d", SURROGATE),
    ("decimal reads json \"1.10\"", NUMBER),
    ("decimal reads messagepack 01", NUMBER),
    ("decimal reads messagepack cb3ff8000000000000", NUMBER),
    ("decimal writes newtonsoft 0.0", NEWTONSOFT),
    ("decimal writes newtonsoft 1.0", NEWTONSOFT),
    ("decimal writes newtonsoft 100.0", NEWTONSOFT),
    ("long reads messagepack cb4340000000000000", BEYOND),
    (
        "DateTime reads json \"2020-01-02T03:04:05.123456789Z\"",
        DIGITS,
    ),
    (
        "DateTime reads messagepack b4323032302d30312d30325430333a30343a30355a",
        BOTH_FORMS,
    ),
    ("DateTime writes json \"0001-01-01T00:00:00\"", ZONE),
    ("DateTime writes json \"2020-01-02T03:04:05\"", ZONE),
    ("DateTime writes json \"2020-01-02T03:04:05+01:00\"", ZONE),
    ("DateTime writes json \"9999-12-31T23:59:59.9999999\"", ZONE),
    ("Guid reads json \"00112233445566778899aabbccddeeff\"", UUID),
    (
        "Guid reads json \"{00112233-4455-6677-8899-aabbccddeeff}\"",
        UUID,
    ),
    (
        "Guid reads messagepack d9203030313132323333343435353636373738383939616162626363646465656666",
        UUID,
    ),
    ("Half writes newtonsoft \"1.5\"", NEWTONSOFT),
    (
        "ReadOnlyMemory<byte> writes newtonsoft {\"length\":2,\"isEmpty\":false}",
        NEWTONSOFT,
    ),
    ("double reads json 1e400", INFINITE),
    ("double writes json 1.2345678901234568E+20", FLOAT),
    ("double writes json 1E+21", FLOAT),
    ("double writes json 1E+300", FLOAT),
    ("double writes json 5E-324", FLOAT),
    ("double writes newtonsoft \"Infinity\"", NEWTONSOFT),
    ("double writes newtonsoft \"NaN\"", NEWTONSOFT),
    ("float writes json 3.4028235E+38", FLOAT),
    ("string reads messagepack d6ff5e0d5da5", TEXT),
];

const ENUM: &str = "held by the facade's tests in tests/values/dotnet_enums, for the derive is its";
const OTHER: &str = "no type of Rust is like it";

/// Types of .NET that no type of ours is held against, each with the reason.
pub(super) const WITHOUT_COUNTERPART: &[(&str, &str)] = &[
    ("(int, string)", "an empty object in JSON"),
    ("BigInteger", OTHER),
    ("Dictionary<Mood, int>", ENUM),
    ("Int128", "MessagePack has none, here as there"),
    ("class Product", ENUM),
    ("enum Big : long", ENUM),
    ("enum Gender", ENUM),
    ("enum Gender (from 1, negative, gap)", ENUM),
    ("enum Mood", ENUM),
    ("enum Mood?", ENUM),
    ("enum Named with JsonStringEnumConverter", ENUM),
    ("enum Small : byte", ENUM),
    ("flags Access", ENUM),
    ("object", "its value says what it is, not its type"),
];
