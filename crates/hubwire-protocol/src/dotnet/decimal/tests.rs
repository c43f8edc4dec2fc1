//! Decimals with all their digits, in both forms, and inside types that serde buffers.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::dotnet::tests::{any_decimal, from_json, from_messagepack, in_json, in_messagepack};
use crate::{HubProtocol, Naming, RawItem, json};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Follows .NET's `Number.TryNumberToDecimal`.
#[test]
fn what_has_too_many_digits_is_rounded() {
    for (text, expected) in [
        ("1e2", "100"),
        ("1.5e1", "15"),
        ("1.50E1", "15.0"),
        ("+1", "1"),
        ("-0.0", "0.0"),
        ("0e5", "0"),
        ("0e-999999999999999999999", "0.0000000000000000000000000000"),
        ("0.00", "0.00"),
        ("1e-28", "0.0000000000000000000000000001"),
        ("1e-29", "0.0000000000000000000000000000"),
        ("5e-29", "0.0000000000000000000000000000"),
        ("5.1e-29", "0.0000000000000000000000000001"),
        ("15e-29", "0.0000000000000000000000000002"),
        ("9e-30", "0.0000000000000000000000000000"),
        ("1e-999999999999999999999", "0.0000000000000000000000000000"),
        (
            "7.92281625142643375935439503355",
            "7.922816251426433759354395034",
        ),
        (
            "79228162514264337593543950335.4",
            "79228162514264337593543950335",
        ),
        (
            "000079228162514264337593543950335",
            "79228162514264337593543950335",
        ),
    ] {
        assert_eq!(decimal(text).to_string(), expected, "{text}");
    }
    for text in [
        "79228162514264337593543950336",
        "79228162514264337593543950335.5",
        "1e29",
        "1e999999999999999999999",
    ] {
        assert_eq!(text.parse::<Decimal>(), Err(OUT_OF_RANGE), "{text}");
    }
    for text in [
        "", "-", ".5", "5.", "1e", "1e+", " 1", "1 ", "1_0", "NaN", "--1", "1.5.5", "١",
    ] {
        let error = text.parse::<Decimal>().unwrap_err();
        assert_eq!(error, InvalidValue::Syntax("1.10"), "{text}");
    }
}

#[test]
fn equal_are_equal_numbers() {
    assert_eq!(decimal("1.10"), decimal("1.1"));
    assert_eq!(decimal("-0"), Decimal::ZERO);
    assert_ne!(decimal("1.1"), decimal("-1.1"));
    assert!(decimal("-1.5") < decimal("-1.25"));
    assert!(decimal("0.5") < decimal("1"));
    assert!(Decimal::MIN < Decimal::MAX);
    assert_eq!(
        Decimal::new(Decimal::MAX.mantissa() + 1, 0),
        Err(OUT_OF_RANGE)
    );
    assert_eq!(Decimal::new(1, 29), Err(OUT_OF_RANGE));
    assert_eq!(Decimal::from(u64::MAX).to_string(), u64::MAX.to_string());
    assert_eq!(Decimal::from(i64::MIN).to_string(), i64::MIN.to_string());
}

#[test]
fn numbers_and_text_are_read_in_both_protocols() {
    for json in ["1.10", "\"1.10\"", "\"1.1\\u0030\"", "11.0e-1"] {
        assert_eq!(
            from_json::<Decimal>(json).map(|read| read.to_string()),
            Ok("1.10".to_owned())
        );
    }
    for json in ["null", "true", "[1]", "{}", "\"\"", "\" 1\""] {
        assert!(from_json::<Decimal>(json).is_err(), "{json}");
    }
    for (hex, expected) in [
        ("05", "5"),
        ("ff", "-1"),
        ("a4312e3130", "1.10"),
        // JavaScript's 1.1, and 0.1 as a 32-bit float.
        ("cb3ff199999999999a", "1.1"),
        ("ca3dcccccd", "0.1"),
        // 2^53.
        ("cb4340000000000000", "9007199254740992"),
    ] {
        let read = from_messagepack::<Decimal>(hex).map(|read| read.to_string());
        assert_eq!(read, Ok(expected.to_owned()), "{hex}");
    }
    for hex in [
        "c0",
        "a0",
        "c3",
        "9101",
        "cb7ff8000000000000",
        "cb7ff0000000000000",
    ] {
        assert!(from_messagepack::<Decimal>(hex).is_err(), "{hex}");
    }
}

#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(tag = "kind")]
enum Offer {
    Sale { price: Decimal },
}

#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
struct Flat {
    name: String,
    #[serde(flatten)]
    cost: Cost,
}

#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
struct Cost {
    price: Decimal,
}

#[test]
fn where_serde_buffers_digits_are_never_lost_in_silence() {
    for (json, is_read) in [
        ("5", true),
        ("-9223372036854775808", true),
        ("\"1.10\"", true),
        ("1.10", false),
        ("1.0", false),
        ("18446744073709551616", false),
    ] {
        let tagged = from_json::<Offer>(&format!("{{\"kind\":\"Sale\",\"price\":{json}}}"));
        let flat = from_json::<Flat>(&format!("{{\"name\":\"a\",\"price\":{json}}}"));
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        let value = serde_json::from_value::<Decimal>(value).map_err(|error| error.to_string());
        assert_eq!(tagged.is_ok(), is_read, "{json}: {tagged:?}");
        assert_eq!(flat.is_ok(), is_read, "{json}: {flat:?}");
        assert_eq!(value.is_ok(), is_read, "{json}: {value:?}");
        if let Err(error) = &flat {
            assert!(error.contains("send it as text"), "{error}");
        }
    }
}

#[test]
fn what_is_buffered_is_written_and_read_alike() {
    let sale = Offer::Sale {
        price: decimal("1.10"),
    };
    assert_eq!(in_json(&sale), "{\"kind\":\"Sale\",\"price\":1.10}");
    assert_eq!(from_messagepack(&in_messagepack(&sale)), Ok(sale));
    let flat = Flat {
        name: "a".to_owned(),
        cost: Cost {
            price: decimal("1.10"),
        },
    };
    assert_eq!(in_json(&flat), "{\"name\":\"a\",\"price\":1.10}");
    assert_eq!(from_messagepack(&in_messagepack(&flat)), Ok(flat));
}

/// As documented, a `serde_json::Value` contains a float.
#[test]
fn a_value_loses_digits() {
    let value = serde_json::to_value(decimal("0.10000000000000000000000001")).unwrap();
    assert_eq!(value, serde_json::json!(0.1));
    assert_eq!(
        serde_json::to_value(decimal("7")).unwrap(),
        serde_json::json!(7)
    );
}

/// Keys are text, as in .NET. `serde_json` alone would not accept a decimal as a key.
#[test]
fn a_key_of_json_has_all_its_digits() {
    let prices = BTreeMap::from([
        (decimal("0.10000000000000000000000001"), Some(1)),
        (Decimal::MAX, None),
    ]);
    let json = "{\"0.10000000000000000000000001\":1,\"79228162514264337593543950335\":null}";
    let mut out = Vec::new();
    let item = RawItem::encode(HubProtocol::Json, Naming::DotNet, &prices).unwrap();
    json::write_value(&mut out, &item).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), json);
    assert_eq!(from_json(json), Ok(prices.clone()));
    assert_eq!(from_messagepack(&in_messagepack(&prices)), Ok(prices));
}

proptest! {
    #[test]
    fn there_and_back(decimal in any_decimal()) {
        let text = decimal.to_string();
        let parts = |read: Decimal| (read.mantissa(), read.scale());
        prop_assert_eq!(text.parse().map(parts), Ok(parts(decimal)));
        prop_assert_eq!(from_json(&text).map(parts), Ok(parts(decimal)));
        prop_assert_eq!(in_json(&decimal), text);
        let read = from_messagepack(&in_messagepack(&decimal));
        prop_assert_eq!(read.map(parts), Ok(parts(decimal)));
    }

    #[test]
    fn whatever_comes(text in "[-+0-9.eE]{0,40}|\\PC{0,10}") {
        if let Ok(decimal) = text.parse::<Decimal>() {
            prop_assert_eq!(decimal.to_string().parse(), Ok(decimal));
        }
    }

    #[test]
    fn order_is_that_of_numbers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000, scale in 0_u32..=28) {
        let of = |number: i64| Decimal::new(i128::from(number), scale).unwrap();
        prop_assert_eq!(of(a).cmp(&of(b)), a.cmp(&b));
        prop_assert_eq!(of(a), Decimal::new(i128::from(a) * 10, scale).unwrap().shifted());
    }
}

impl Decimal {
    /// A tenth.
    fn shifted(self) -> Self {
        format!("{self}e-1").parse().unwrap()
    }
}
