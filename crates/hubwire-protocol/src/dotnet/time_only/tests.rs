//! Times of day in both forms, and invalid ones.

use proptest::prelude::*;

use super::*;
use crate::dotnet::tests::{from_json, from_messagepack, in_json, in_messagepack};

#[test]
fn parts() {
    let time: TimeOnly = "03:04:05.1234567".parse().unwrap();
    assert_eq!((time.hour(), time.minute(), time.second()), (3, 4, 5));
    assert_eq!(time.subsec_nanoseconds(), 123_456_700);
    assert_eq!(TimeOnly::from_hms(24, 0, 0), Err(OUT_OF_RANGE));
    assert_eq!(TimeOnly::from_ticks(-1), Err(OUT_OF_RANGE));
    assert_eq!(
        TimeOnly::from_ticks(TimeOnly::MAX.ticks() + 1),
        Err(OUT_OF_RANGE)
    );
    for text in [
        "",
        "1",
        "0.01:02:03",
        "24:00",
        "-01:00",
        "1:2:3:4",
        "01:02:03 PM",
    ] {
        assert!(text.parse::<TimeOnly>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn there_and_back(ticks in 0..=TimeOnly::MAX.ticks()) {
        let time = TimeOnly::from_ticks(ticks).unwrap();
        prop_assert_eq!(time.to_string().parse(), Ok(time));
        prop_assert_eq!(from_json(&in_json(&time)), Ok(time));
        prop_assert_eq!(from_messagepack(&in_messagepack(&time)), Ok(time));
    }

    #[test]
    fn whatever_comes(text in "[-0-9.:]{0,20}|\\PC{0,10}") {
        if let Ok(time) = text.parse::<TimeOnly>() {
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
