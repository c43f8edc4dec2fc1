//! Points in time with their offsets, in both forms, and inside types that serde buffers.

use proptest::prelude::*;

use super::*;
use crate::dotnet::tests::{from_json, from_messagepack, in_json, in_messagepack};

/// 03:04:05 on a clock that is two hours ahead.
const IN_MESSAGEPACK: &str = "92d6ff5e0d5da578";
const IN_JSON: &str = "\"2020-01-02T03:04:05+02:00\"";

fn moment() -> DateTimeOffset {
    from_json(IN_JSON).unwrap()
}

#[test]
fn both_forms_are_the_same_moment() {
    assert_eq!(from_messagepack(IN_MESSAGEPACK), Ok(moment()));
    assert_eq!(from_messagepack(IN_MESSAGEPACK), Ok(moment().timestamp()));
    assert_eq!(from_json(IN_JSON), Ok(moment().timestamp()));
    assert_eq!(in_messagepack(&moment()), IN_MESSAGEPACK);
    assert_eq!(in_json(&moment()), IN_JSON);
}

#[test]
fn what_has_no_offset_is_in_utc() {
    let utc = "2020-01-02T03:04:05+00:00";
    for read in [
        from_json::<DateTimeOffset>("\"2020-01-02T03:04:05\""),
        from_messagepack("d6ff5e0d5da5"),
        from_messagepack("b4323032302d30312d30325430333a30343a30355a"),
    ] {
        assert_eq!(read.map(|moment| moment.to_string()), Ok(utc.to_owned()));
    }
}

#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(tag = "kind")]
enum Tagged {
    Event {
        at: DateTimeOffset,
        since: Timestamp,
    },
}

#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
struct Flat {
    name: String,
    #[serde(flatten)]
    times: Times,
}

#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
struct Times {
    at: DateTimeOffset,
    since: Timestamp,
}

#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Moment(DateTimeOffset),
}

#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
enum UntaggedInUtc {
    Number(i64),
    Moment(Timestamp),
}

#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
enum Variant {
    At {
        at: DateTimeOffset,
        price: crate::dotnet::Decimal,
        lasts: crate::dotnet::TimeSpan,
        bytes: crate::Binary,
    },
}

/// Serde buffers the variant while it is written.
#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
struct FlatVariant {
    #[serde(flatten)]
    variant: Variant,
}

#[test]
fn within_types_that_serde_buffers() {
    let (at, since) = (moment(), moment().timestamp());
    let tagged = Tagged::Event { at, since };
    assert_eq!(
        from_json(&in_json(&tagged)),
        Ok(Tagged::Event { at, since })
    );
    assert_eq!(from_messagepack(&in_messagepack(&tagged)), Ok(tagged));
    let times = Times { at, since };
    let flat = Flat {
        name: "a".to_owned(),
        times,
    };
    assert_eq!(from_messagepack(&in_messagepack(&flat)), Ok(flat));
    assert_eq!(from_messagepack(IN_MESSAGEPACK), Ok(Untagged::Moment(at)));
    assert_eq!(
        from_messagepack(IN_MESSAGEPACK),
        Ok(UntaggedInUtc::Moment(since))
    );
    assert_eq!(from_json(IN_JSON), Ok(UntaggedInUtc::Moment(since)));
    // Both members are in the form of a `DateTimeOffset`, including the `Timestamp`.
    let both =
        "83a46e616d65a161a26174".to_owned() + IN_MESSAGEPACK + "a573696e6365" + IN_MESSAGEPACK;
    let times = Times { at, since };
    let name = "a".to_owned();
    assert_eq!(from_messagepack(&both), Ok(Flat { name, times }));
}

#[test]
fn what_serde_buffers_while_writing_is_written_alike() {
    let flat = FlatVariant {
        variant: Variant::At {
            at: moment(),
            price: "1.10".parse().unwrap(),
            lasts: "00:00:01".parse().unwrap(),
            bytes: [1, 200].into(),
        },
    };
    let hex = in_messagepack(&flat);
    for part in [IN_MESSAGEPACK, "a4312e3130", "ce00989680", "c40201c8"] {
        assert!(hex.contains(part), "{part} in {hex}");
    }
    assert_eq!(from_messagepack(&hex), Ok(flat));
}

#[test]
fn text_is_shown_where_text_is_asked_for_and_the_array_where_nothing_is() {
    let text = "2020-01-02T03:04:05+02:00";
    assert_eq!(from_messagepack(IN_MESSAGEPACK), Ok(text.to_owned()));
    assert_eq!(
        from_messagepack(IN_MESSAGEPACK),
        Ok(serde_json::json!(["2020-01-02T03:04:05Z", 120]))
    );
    // Arrays that are not a `DateTimeOffset`.
    for hex in [
        "920102",
        "92d6ff5e0d5da5c0",
        "92d6ff5e0d5da5cd0384",
        "91d6ff5e0d5da5",
    ] {
        assert!(from_messagepack::<String>(hex).is_err(), "{hex}");
        assert!(from_messagepack::<DateTimeOffset>(hex).is_err(), "{hex}");
    }
    assert!(from_messagepack::<Timestamp>("9292d6ff5e0d5da57878").is_err());
}

#[test]
fn what_is_out_of_range_is_refused() {
    assert!(DateTimeOffset::new(Timestamp::MIN, -1).is_err());
    assert!(DateTimeOffset::new(Timestamp::MAX, 1).is_err());
    assert!(DateTimeOffset::new(Timestamp::UNIX_EPOCH, 841).is_err());
    assert!(
        "2020-01-02T03:04:05+15:00"
            .parse::<DateTimeOffset>()
            .is_err()
    );
}

proptest! {
    #[test]
    fn there_and_back(seconds in -62_135_510_400_i64..253_402_214_400, nanoseconds in 0_u32..1_000_000_000, offset in -840_i16..=840) {
        let timestamp = Timestamp::from_unix(seconds, nanoseconds).unwrap();
        let moment = DateTimeOffset::new(timestamp, offset).unwrap();
        prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        prop_assert_eq!(from_json(&in_json(&moment)), Ok(moment));
        prop_assert_eq!(from_messagepack(&in_messagepack(&moment)), Ok(moment));
        prop_assert_eq!(from_messagepack(&in_messagepack(&moment)), Ok(timestamp));
    }

    #[test]
    fn whatever_comes(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{0,12}[Z+-]?[0-9:]{0,6}|\\PC{0,20}") {
        if let Ok(moment) = text.parse::<DateTimeOffset>() {
            prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }
}
