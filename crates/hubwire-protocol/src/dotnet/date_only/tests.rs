//! Days in both forms, and invalid ones.

use proptest::prelude::*;

use super::*;
use crate::dotnet::tests::{from_json, from_messagepack, in_json, in_messagepack};

#[test]
fn parts() {
    let date = DateOnly::from_ymd(2020, 2, 29).unwrap();
    assert_eq!((date.year(), date.month(), date.day()), (2020, 2, 29));
    assert_eq!(DateOnly::MAX.to_string(), "9999-12-31");
    assert_eq!(DateOnly::UNIX_EPOCH.to_string(), "1970-01-01");
    for (year, month, day) in [
        (2021, 2, 29),
        (2020, 13, 1),
        (2020, 0, 1),
        (2020, 1, 0),
        (0, 1, 1),
        (10_000, 1, 1),
    ] {
        assert_eq!(DateOnly::from_ymd(year, month, day), Err(OUT_OF_RANGE));
    }
    for text in [
        "",
        "2020-01-02T",
        "2021-02-29",
        "2020-1-2",
        "0000-01-01",
        "+2020-01-01",
    ] {
        assert!(text.parse::<DateOnly>().is_err(), "{text}");
    }
    assert!(from_json::<DateOnly>("737425").is_err());
    assert!(from_messagepack::<DateOnly>("cf0000000100000000").is_err());
}

proptest! {
    #[test]
    fn there_and_back(days in 0..=DateOnly::MAX.day_number()) {
        let date = DateOnly::from_day_number(days).unwrap();
        prop_assert_eq!(date.to_string().parse(), Ok(date));
        prop_assert_eq!(DateOnly::from_ymd(date.year(), date.month(), date.day()), Ok(date));
        prop_assert_eq!(from_json(&in_json(&date)), Ok(date));
        prop_assert_eq!(from_messagepack(&in_messagepack(&date)), Ok(date));
    }

    #[test]
    fn whatever_comes(text in "[-0-9]{0,12}|\\PC{0,10}") {
        if let Ok(date) = text.parse::<DateOnly>() {
            prop_assert_eq!(date.to_string(), text);
        }
    }
}
