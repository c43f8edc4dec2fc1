//! Time spans in both forms, and invalid ones.

use proptest::prelude::*;

use super::*;
use crate::dotnet::tests::{from_json, from_messagepack, in_json, in_messagepack};

#[test]
fn text_of_other_forms() {
    for (text, ticks) in [
        ("1", 864_000_000_000),
        ("1:2", 37_200_000_000),
        ("1.02:03", 937_800_000_000),
        ("-00:00:00.0000001", -1),
        ("00:00:00.5", 5_000_000),
    ] {
        assert_eq!(text.parse(), Ok(TimeSpan(ticks)), "{text}");
    }
    for text in [
        "",
        "-",
        "+1",
        "1.",
        "1.5",
        ".1:2",
        "1:",
        ":1",
        "24:00",
        "00:60",
        "00:00:60",
        "1:2:3:4",
        "00:00:01.",
        "00:00:00.00000001",
        "00:00:01.5 ",
        " 1",
        "P1D",
        "--1",
        "4294967296",
        "00:00:01,5",
    ] {
        assert!(text.parse::<TimeSpan>().is_err(), "{text}");
    }
    for text in [
        "10675200",
        "10675199.02:48:05.4775808",
        "-10675199.02:48:05.4775809",
    ] {
        assert_eq!(
            text.parse::<TimeSpan>(),
            Err(InvalidValue::OutOfRange("TimeSpan")),
            "{text}"
        );
    }
}

#[test]
fn a_number_of_json_has_no_unit() {
    assert!(from_json::<TimeSpan>("5").is_err());
    assert!(from_json::<TimeSpan>("null").is_err());
    assert_eq!(from_json("\"00:00:0\\u0031\""), Ok(TimeSpan(10_000_000)));
    assert_eq!(from_messagepack("05"), Ok(TimeSpan(5)));
    assert_eq!(
        from_messagepack("a830303a30303a3031"),
        Ok(TimeSpan(10_000_000))
    );
    // 2^53 as JavaScript writes it.
    assert_eq!(
        from_messagepack("cb4340000000000000"),
        Ok(TimeSpan(1 << 53))
    );
    assert!(from_messagepack::<TimeSpan>("cfffffffffffffffff").is_err());
}

#[test]
fn the_durations_of_the_standard_library() {
    let span = TimeSpan::try_from(Duration::from_nanos(1_999)).unwrap();
    assert_eq!(span, TimeSpan(19));
    assert_eq!(Duration::try_from(span), Ok(Duration::from_nanos(1_900)));
    assert_eq!(
        Duration::try_from(TimeSpan(-1)),
        Err(InvalidValue::OutOfRange("std::time::Duration"))
    );
    let longest = Duration::try_from(TimeSpan::MAX).unwrap();
    assert_eq!(TimeSpan::try_from(longest), Ok(TimeSpan::MAX));
    assert!(TimeSpan::try_from(longest + Duration::from_nanos(100)).is_err());
}

proptest! {
    #[test]
    fn there_and_back(ticks in prop_oneof![any::<i64>(), -100_000_000_i64..100_000_000]) {
        let span = TimeSpan(ticks);
        prop_assert_eq!(span.to_string().parse(), Ok(span));
        prop_assert_eq!(from_json(&in_json(&span)), Ok(span));
        prop_assert_eq!(from_messagepack(&in_messagepack(&span)), Ok(span));
    }

    #[test]
    fn whatever_comes(text in "[-0-9.:]{0,30}|\\PC{0,10}") {
        if let Ok(span) = text.parse::<TimeSpan>() {
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
