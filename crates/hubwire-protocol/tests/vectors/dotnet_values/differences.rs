//! Where our values are not .NET's, and why.

const ZONE: &str = "a `DateTime` that is no UTC";
const DATE_TEXT: &str = "a `DateTime` as text in MessagePack, which JavaScript may send";
const DIGITS: &str = "a `DateTime` of nanoseconds";
const UUID: &str = "the other forms of the uuid crate";
const FLOAT: &str = "the exponent of a float in JSON";
const INFINITE: &str = "a float beyond its type in JSON";
const NEWTONSOFT: &str = "what Newtonsoft writes in a way of its own";
const TEXT: &str = "a time where text is asked for";

/// Forms that are read or written otherwise, each with what it is; `docs/values.md` says how they are here.
pub(super) const DIFFERENCES: &[(&str, &str)] = &[
    ("DateTime reads json \"0001-01-01T00:00:00\"", ZONE),
    ("DateTime reads json \"2020-01-02\"", ZONE),
    ("DateTime reads json \"2020-01-02T03:04\"", ZONE),
    ("DateTime reads json \"2020-01-02T03:04:05\"", ZONE),
    ("DateTime reads json \"2020-01-02T03:04:05.1\"", ZONE),
    (
        "DateTime reads json \"2020-01-02T03:04:05.123456789Z\"",
        DIGITS,
    ),
    ("DateTime reads json \"2020-01-02T03:04Z\"", ZONE),
    (
        "DateTime reads messagepack b4323032302d30312d30325430333a30343a30355a",
        DATE_TEXT,
    ),
    ("DateTime writes json \"0001-01-01T00:00:00\"", ZONE),
    ("DateTime writes json \"2020-01-02T03:04:05\"", ZONE),
    ("DateTime writes json \"2020-01-02T03:04:05+01:00\"", ZONE),
    ("DateTime writes json \"9999-12-31T23:59:59.9999999\"", ZONE),
    (
        "Guid reads json \"00112233445566778899aabbccddeeff\"",
        UUID,
    ),
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

const ENUM: &str = "enums do not carry their numbers yet";
const YET: &str = "has no type of ours yet";
const OTHER: &str = "no type of Rust is like it";
const FORMS: &str = "one form in JSON and another in MessagePack, and no type of ours with both";

/// Types of .NET that no type of ours is held against, each with the reason.
pub(super) const WITHOUT_COUNTERPART: &[(&str, &str)] = &[
    ("(int, string)", FORMS),
    ("BigInteger", OTHER),
    ("DateOnly", YET),
    ("DateTimeOffset", YET),
    ("Dictionary<DateTime, int>", YET),
    ("Dictionary<Mood, int>", ENUM),
    ("Dictionary<bool, int>", YET),
    ("Dictionary<char, int>", YET),
    ("Dictionary<decimal, int>", YET),
    ("Dictionary<int, string>", YET),
    ("Dictionary<string, int>", YET),
    ("Int128", "MessagePack has none, here as there"),
    ("KeyValuePair<string, int>", FORMS),
    ("TimeOnly", YET),
    ("TimeSpan", YET),
    ("Tuple<int, string>", FORMS),
    ("char", YET),
    ("class Product", YET),
    ("decimal", YET),
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
