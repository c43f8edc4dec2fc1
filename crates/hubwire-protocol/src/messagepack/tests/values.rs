//! Writing and reading values of all types.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::{Deserializer, Input, write_value};
use super::hex;
use crate::Naming;

fn write(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    let mut out = Vec::new();
    write_value(&mut out, value).unwrap();
    out
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut from = Deserializer::new(Input::new(bytes), Naming::AsDeclared);
    T::deserialize(&mut from).map_err(|error| error.to_string())
}

#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, bytes: &str) {
    assert_eq!(
        format!("{:02x?}", write(&value)),
        format!("{:02x?}", hex(bytes))
    );
    assert_eq!(read::<T>(&hex(bytes)), Ok(value));
}

#[track_caller]
fn check_read<T: DeserializeOwned + PartialEq + Debug>(bytes: &str, expected: T) {
    assert_eq!(read::<T>(&hex(bytes)), Ok(expected));
}

#[track_caller]
fn check_refused<T: DeserializeOwned + Debug>(bytes: &str, expected: &str) {
    assert_eq!(read::<T>(&hex(bytes)).unwrap_err(), expected);
}

#[test]
fn integers_take_the_smallest_form() {
    check(0, "00");
    check(127, "7f");
    check(128, "cc 80");
    check(255_u8, "cc ff");
    check(256, "cd 01 00");
    check(65_536, "ce 00 01 00 00");
    check(u64::MAX, "cf ff ff ff ff ff ff ff ff");
    check(9_007_199_254_740_993_u64, "cf 00 20 00 00 00 00 00 01");
    check(-1, "ff");
    check(-32, "e0");
    check(-33, "d0 df");
    check(-129, "d1 ff 7f");
    check(-32_769, "d2 ff ff 7f ff");
    check(i64::MIN, "d3 80 00 00 00 00 00 00 00");
}

#[test]
fn integers_are_read_in_any_form_that_fits() {
    for bytes in [
        "05",
        "cc 05",
        "cd 00 05",
        "ce 00 00 00 05",
        "d0 05",
        "d3 00 00 00 00 00 00 00 05",
    ] {
        check_read(bytes, 5_u8);
        check_read(bytes, 5_i64);
        check_read(bytes, 5.0_f32);
    }
    check_refused::<u8>("cd 01 00", "invalid value: integer `256`, expected u8");
    check_refused::<u8>("ff", "invalid value: integer `-1`, expected u8");
    check_refused::<i32>(
        "cb 40 14 00 00 00 00 00 00",
        "invalid type: floating point `5.0`, expected i32",
    );
    check_refused::<i32>("a1 35", "invalid type: string \"5\", expected i32");
    check_refused::<i32>("c0", "invalid type: nil, expected i32");
    check_refused::<i32>("c2", "invalid type: boolean `false`, expected i32");
}

#[test]
fn wide_integers_are_refused() {
    let mut out = Vec::new();
    let text = "MessagePack has no integers of 128 bits";
    for error in [
        write_value(&mut out, &1_u128).unwrap_err(),
        write_value(&mut out, &-1_i128).unwrap_err(),
    ] {
        assert_eq!(error.source().unwrap().to_string(), text);
    }
    check_refused::<i128>("05", text);
    check_refused::<u128>("05", text);
}

#[test]
fn floats_keep_their_width() {
    check(1.5_f32, "ca 3f c0 00 00");
    check(1.5, "cb 3f f8 00 00 00 00 00 00");
    check(3.0, "cb 40 08 00 00 00 00 00 00");
    check(f64::INFINITY, "cb 7f f0 00 00 00 00 00 00");
    check(f64::NEG_INFINITY, "cb ff f0 00 00 00 00 00 00");
    assert!(read::<f64>(&write(&f64::NAN)).unwrap().is_nan());
    assert!(read::<f64>(&write(&-0.0_f64)).unwrap().is_sign_negative());
    check_read("cb 7e 37 e4 3c 88 00 75 9c", f32::INFINITY);
    check_refused::<f64>("a1 31", "invalid type: string \"1\", expected f64");
}

#[test]
fn text() {
    check(String::new(), "a0");
    check("é中😀".to_owned(), "a9 c3 a9 e4 b8 ad f0 9f 98 80");
    check('é', "a2 c3 a9");
    check_read("cc e9", 'é');
    check_refused::<char>(
        "cd d8 00",
        "invalid value: integer `55296`, expected a character",
    );
    assert!(write(&"x".repeat(31)).starts_with(&hex("bf 78")));
    assert!(write(&"x".repeat(32)).starts_with(&hex("d9 20 78")));
    assert!(write(&"x".repeat(256)).starts_with(&hex("da 01 00 78")));
    assert!(write(&"x".repeat(65_536)).starts_with(&hex("db 00 01 00 00 78")));
    check_read("a3 61 ff 62", "a\u{FFFD}b".to_owned());
    check_refused::<String>("c4 01 61", "invalid type: byte array, expected a string");
    check_refused::<String>("c0", "invalid type: nil, expected a string");
    check_refused::<String>("a5 61", "value is cut off");
}

#[test]
fn options_and_units() {
    check(None::<i32>, "c0");
    check(Some(5), "05");
    check((), "c0");
    check(true, "c3");
    check_refused::<bool>("01", "invalid type: integer `1`, expected a boolean");
    check(vec![Some("a".to_owned()), None], "92 a1 61 c0");
}

#[test]
fn arrays_have_the_length_they_must() {
    check(vec![1, 2], "92 01 02");
    check((1, "a".to_owned()), "92 01 a1 61");
    check([[1, 2], [3, 4]], "92 92 01 02 92 03 04");
    check(vec![0_u8; 2], "92 00 00");
    check_read("c4 02 01 02", vec![1_u8, 2]);
    check_refused::<(i32, i32)>("91 01", "invalid length 1, expected a tuple of size 2");
    check_refused::<(i32, i32)>("93 01 02 03", "1 elements more than expected");
    assert!(write(&vec![0; 16]).starts_with(&hex("dc 00 10 00")));
}

#[test]
fn keys_of_maps_are_of_any_type() {
    check(BTreeMap::from([("a".to_owned(), 1)]), "81 a1 61 01");
    check(
        BTreeMap::from([(5, "x".to_owned()), (-1, String::new())]),
        "82 ff a0 05 a1 78",
    );
    check(BTreeMap::from([(true, 1.5_f32)]), "81 c3 ca 3f c0 00 00");
    check(
        BTreeMap::from([(Mood::Happy, 1)]),
        "81 a5 48 61 70 70 79 01",
    );
    check_refused::<BTreeMap<i32, i32>>("82 05 01 05 02", "key is there twice");
    check_refused::<serde_json::Value>("82 a1 61 01 a1 61 02", "key is there twice");
    check_refused::<BTreeMap<i32, i32>>("81 a1 78 01", "invalid type: string \"x\", expected i32");
    check_refused::<BTreeMap<bool, i32>>(
        "81 a1 78 01",
        "invalid type: string \"x\", expected a boolean",
    );
}

/// In JavaScript, keys are text.
#[test]
fn keys_that_are_text_are_read_as_numbers() {
    check_read("81 a1 35 01", BTreeMap::from([(5, 1)]));
    check_read("81 a2 2d 35 01", BTreeMap::from([(-5_i64, 1)]));
    check_read("81 a2 2d 30 01", BTreeMap::from([(0_u8, 1)]));
    check_read("81 a4 74 72 75 65 01", BTreeMap::from([(true, 1)]));
    check_refused::<BTreeMap<u8, i32>>(
        "81 a3 32 35 36 01",
        "invalid value: integer `256`, expected u8",
    );
    for key in ["a2 2b 35", "a2 20 35", "a3 31 2e 30", "a0"] {
        assert!(
            read::<BTreeMap<i32, i32>>(&hex(&format!("81 {key} 01"))).is_err(),
            "{key}"
        );
    }
    // Text is accepted only for keys, not for values.
    assert!(read::<BTreeMap<i32, i32>>(&hex("81 05 a1 35")).is_err());
}

/// JavaScript writes whole numbers from 2^53 on as floats.
#[test]
fn large_whole_floats_are_read_as_integers() {
    check_read("cb 43 40 00 00 00 00 00 00", 1_i64 << 53);
    check_read("cb c3 40 00 00 00 00 00 00", -1_i64 << 53);
    check_read("cb c3 e0 00 00 00 00 00 00", i64::MIN);
    check_read("cb 43 ef ff ff ff ff ff ff", 0xFFFF_FFFF_FFFF_F800_u64);
    check_read("cb 80 00 00 00 00 00 00 00", 0_u8);
    for bytes in [
        // 2^53 - 1, 1, 0, 2^64, an infinity, and 2^53 as a float of 32 bits.
        "cb 43 3f ff ff ff ff ff ff",
        "cb 3f f0 00 00 00 00 00 00",
        "cb 00 00 00 00 00 00 00 00",
        "cb 43 f0 00 00 00 00 00 00",
        "cb 7f f0 00 00 00 00 00 00",
        "cb 7f f8 00 00 00 00 00 00",
        "ca 5a 00 00 00",
    ] {
        assert!(read::<u64>(&hex(bytes)).is_err(), "{bytes}");
        assert!(read::<i64>(&hex(bytes)).is_err(), "{bytes}");
    }
    assert!(read::<i64>(&hex("cb 43 e0 00 00 00 00 00 00")).is_err());
    assert!(read::<i32>(&hex("cb 43 40 00 00 00 00 00 00")).is_err());
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Mood {
    Calm,
    Happy,
    Named(String),
    Both(i32, i32),
    Detailed { how: String },
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Person {
    name: String,
    age: Option<u32>,
    #[serde(default)]
    tags: Vec<String>,
}

#[test]
fn structs_are_maps_by_name() {
    let ada = || Person {
        name: "Ada".to_owned(),
        age: None,
        tags: Vec::new(),
    };
    check(
        ada(),
        "83 a4 6e 61 6d 65 a3 41 64 61  a3 61 67 65 c0  a4 74 61 67 73 90",
    );
    // In any order, with unknown members, and without optional ones.
    check_read(
        "82 a1 3f 91 81 01 c4 01 ff  a4 6e 61 6d 65 a3 41 64 61",
        ada(),
    );
    check_read("93 a3 41 64 61 c0 90", ada());
    check_refused::<Person>("80", "missing field `name`");
    check_refused::<Person>("81 a4 4e 61 6d 65 a3 41 64 61", "missing field `name`");
    check_refused::<Person>(
        "82 a4 6e 61 6d 65 a1 41 a4 6e 61 6d 65 a1 42",
        "duplicate field `name`",
    );
    check_refused::<Person>("81 00 a1 41", "name of a member is no text");
    check_refused::<Person>("c0", "invalid type: nil, expected struct Person");
}

#[test]
fn enums_are_names_or_maps_of_one() {
    check(Mood::Calm, "a4 43 61 6c 6d");
    check(Mood::Named("x".to_owned()), "81 a5 4e 61 6d 65 64 a1 78");
    check(Mood::Both(1, 2), "81 a4 42 6f 74 68 92 01 02");
    check(
        Mood::Detailed {
            how: "so".to_owned(),
        },
        "81 a8 44 65 74 61 69 6c 65 64 81 a3 68 6f 77 a2 73 6f",
    );
    check_read("81 a4 43 61 6c 6d c0", Mood::Calm);
    check_refused::<Mood>("00", "invalid type: integer `0`, expected enum Mood");
    check_refused::<Mood>(
        "a4 63 61 6c 6d",
        "unknown variant `calm`, expected one of `Calm`, `Happy`, `Named`, `Both`, `Detailed`",
    );
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    a: i32,
    #[serde(flatten)]
    rest: BTreeMap<String, i32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(i64),
    Text(String),
    Person(Person),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Shape {
    Circle { radius: f64 },
    Point,
}

#[test]
fn what_serde_buffers() {
    let rest = (0..20).map(|at| (format!("k{at:02}"), at)).collect();
    let flat = Flat { a: 1, rest };
    let bytes = write(&flat);
    assert_eq!(&bytes[..3], hex("de 00 15"));
    assert_eq!(read::<Flat>(&bytes), Ok(flat));
    let small = Flat {
        a: 1,
        rest: BTreeMap::new(),
    };
    check(small, "81 a1 61 01");
    check(Either::Number(-5), "fb");
    check(Either::Text("x".to_owned()), "a1 78");
    check(
        Shape::Circle { radius: 1.5 },
        "82 a4 6b 69 6e 64 a6 43 69 72 63 6c 65 a6 72 61 64 69 75 73 cb 3f f8 00 00 00 00 00 00",
    );
    check(Shape::Point, "81 a4 6b 69 6e 64 a5 50 6f 69 6e 74");
}

#[test]
fn guids_are_text() {
    let guid: uuid::Uuid = "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap();
    let text = "00112233-4455-6677-8899-aabbccddeeff".to_owned();
    assert_eq!(write(&guid), write(&text));
    assert_eq!(read::<uuid::Uuid>(&write(&text)), Ok(guid));
    assert_eq!(read::<uuid::Uuid>(&write(&text.to_uppercase())), Ok(guid));
}

/// JSON text within values is converted in both directions.
#[test]
fn raw_json_is_translated() {
    use serde_json::value::RawValue;

    let json = r#"{"a":[1,null,-5,"é"],"b":{}}"#;
    let raw = || vec![RawValue::from_string(json.to_owned()).unwrap()];
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(write(&raw()), write(&[&value]));
    let read = read::<Vec<Box<RawValue>>>(&write(&raw())).unwrap();
    assert_eq!(read[0].get(), json);
    check_refused::<Box<serde_json::Value>>("d4 05 78", "extension type 5 is not supported");
}

#[test]
fn extensions_other_than_timestamps_are_refused() {
    let text = "extension type 5 is not supported";
    check_refused::<i32>("d4 05 78", text);
    check_refused::<serde_json::Value>("91 d4 05 78", text);
    // It does not matter where the value is ignored.
    let read = read::<(serde::de::IgnoredAny, i32)>(&hex("92 d4 05 78 01"));
    assert_eq!(read.map(|(_, one)| one), Ok(1));
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Deep {
    #[serde(rename = "I")]
    inner: Option<Box<Self>>,
}

fn deep(levels: usize) -> Vec<u8> {
    let mut bytes = hex("81 a1 49").repeat(levels);
    bytes.push(0x80);
    bytes
}

#[test]
fn depth_is_limited_for_what_is_read() {
    assert!(read::<Deep>(&deep(499)).is_ok());
    let too_deep = Err("nested more than 500 levels deep".to_owned());
    assert_eq!(read::<Deep>(&deep(500)), too_deep);
    assert_eq!(read::<Deep>(&deep(100_000)), too_deep);
    let arrays = |levels| [vec![0x91; levels], vec![0xC0]].concat();
    assert!(read::<serde_json::Value>(&arrays(500)).is_ok());
    assert!(read::<serde_json::Value>(&arrays(501)).is_err());
    // Ignored values may be deeper.
    let skipped = [hex("81 a1 3f"), arrays(1_000_000)].concat();
    assert_eq!(read::<Deep>(&skipped), Ok(Deep::default()));
    assert_eq!(
        read::<serde::de::IgnoredAny>(&arrays(1_000_000)).map(drop),
        Ok(())
    );
}

#[test]
fn lengths_are_those_announced() {
    struct Liar(usize);

    impl Serialize for Liar {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;

            let mut seq = serializer.serialize_seq(Some(2))?;
            (0..self.0).try_for_each(|at| seq.serialize_element(&at))?;
            seq.end()
        }
    }

    let mut out = Vec::new();
    write_value(&mut out, &Liar(2)).unwrap();
    for count in [0, 1, 3] {
        let error = write_value(&mut out, &Liar(count)).unwrap_err();
        let text = format!("2 elements were announced and {count} written");
        assert_eq!(error.source().unwrap().to_string(), text);
    }
}

#[test]
fn unknown_lengths_are_put_before() {
    for count in [0_u32, 1, 15, 16, 65_535, 65_536] {
        let expected = write(&(0..count).collect::<Vec<_>>());
        let unknown = serde_unknown((0..count).filter(|_| true));
        assert_eq!(write(&unknown), expected);
    }
}

fn serde_unknown(elements: impl Iterator<Item = u32> + Clone) -> impl Serialize {
    struct Unknown<I>(I);

    impl<I: Iterator<Item = u32> + Clone> Serialize for Unknown<I> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;

            let mut seq = serializer.serialize_seq(None)?;
            self.0
                .clone()
                .try_for_each(|element| seq.serialize_element(&element))?;
            seq.end()
        }
    }

    Unknown(elements)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    a: (i64, u64, f64, f32, bool, char),
    b: Vec<Option<String>>,
    c: BTreeMap<i32, Vec<u8>>,
    d: Option<Box<Self>>,
    e: Vec<Mood>,
}

impl Everything {
    fn any() -> impl Strategy<Value = Self> {
        let mood = prop_oneof![
            Just(Mood::Happy),
            any::<String>().prop_map(Mood::Named),
            any::<(i32, i32)>().prop_map(|(a, b)| Mood::Both(a, b)),
            any::<String>().prop_map(|how| Mood::Detailed { how }),
        ];
        let leaf = (
            any::<(i64, u64, f64, f32, bool, char)>(),
            any::<Vec<Option<String>>>(),
            any::<BTreeMap<i32, Vec<u8>>>(),
            prop::collection::vec(mood, 0..20),
        );
        let leaf = leaf.prop_map(|(a, b, c, e)| Self {
            a,
            b,
            c,
            d: None,
            e,
        });
        (leaf.clone(), prop::option::of(leaf)).prop_map(|(outer, inner)| Self {
            d: inner.map(Box::new),
            ..outer
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rmp_serde_writes_the_same_and_reads_it(value in Everything::any()) {
        let ours = write(&value);
        let mut theirs = Vec::new();
        let mut serializer = rmp_serde::Serializer::new(&mut theirs).with_struct_map();
        value.serialize(&mut serializer).unwrap();
        prop_assert_eq!(&ours, &theirs);
        prop_assert_eq!(&read::<Everything>(&ours).unwrap(), &value);
        prop_assert_eq!(&rmp_serde::from_slice::<Everything>(&ours).unwrap(), &value);
    }

    #[test]
    fn a_value_that_is_cut_off_is_refused(value in Everything::any(), cut in any::<prop::sample::Index>()) {
        let bytes = write(&value);
        prop_assert!(read::<Everything>(&bytes[..cut.index(bytes.len())]).is_err());
    }
}
