//! Enums of serde, whose numbers nobody knows.

use std::collections::BTreeMap;

use hubwire::Naming;
use serde::{Deserialize, Serialize};

use super::wire::{from_json, from_messagepack, to_json, to_messagepack};

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
enum Weather {
    Sunny = 1,
    Rainy = 2,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
enum Report {
    Measured { rain_fall: u8 },
    Nothing,
}

/// A struct that has the name of the enum in it.
mod status {
    use serde::Serialize;

    #[derive(Serialize)]
    pub(super) struct Weather {
        pub(super) at: u8,
        pub(super) weather: super::Weather,
    }
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Day {
    weather: Weather,
}

#[track_caller]
fn check_names_the_derive<T: std::fmt::Debug>(result: Result<T, String>, of: &str) {
    let error = result.unwrap_err();
    let derive = format!("`#[derive(hubwire::dotnet::Enum)]` for `{of}`");
    assert!(error.contains(&derive), "{error}");
}

#[test]
fn their_number_is_not_guessed() {
    check_names_the_derive(to_json(Naming::DotNet, &Weather::Sunny), "Weather");
    check_names_the_derive(to_json(Naming::DotNet, &[Some(Weather::Sunny)]), "Weather");
    let day = Day {
        weather: Weather::Rainy,
    };
    check_names_the_derive(to_json(Naming::DotNet, &day), "Weather");
    check_names_the_derive(to_json(Naming::DotNet, &Report::Nothing), "Report");
    let namesake = status::Weather {
        at: 1,
        weather: Weather::Sunny,
    };
    check_names_the_derive(to_json(Naming::DotNet, &namesake), "Weather");
    for naming in [Naming::DotNet, Naming::DotNetStringEnums] {
        for number in ["1", "-1", "2", "\"1\""] {
            check_names_the_derive(from_json::<Weather>(naming, number), "Weather");
        }
        let key = from_json::<BTreeMap<Weather, u8>>(naming, r#"{"1":1}"#);
        check_names_the_derive(key, "Weather");
        assert!(from_messagepack::<Weather>(naming, b"\x01").is_err());
    }
}

#[test]
fn their_names_are_read_in_any_case() {
    for naming in [Naming::DotNet, Naming::DotNetStringEnums] {
        for name in ["\"Rainy\"", "\"rainy\"", "\"RAINY\"", "{\"Rainy\":null}"] {
            assert_eq!(from_json(naming, name), Ok(Weather::Rainy), "{name}");
        }
        let days = from_json(naming, r#"{"sunny":1,"Rainy":2}"#);
        let expected = BTreeMap::from([(Weather::Sunny, 1), (Weather::Rainy, 2)]);
        assert_eq!(days, Ok(expected));
        assert!(from_json::<Weather>(naming, "\"Snowy\"").is_err());
        assert_eq!(from_messagepack(naming, b"\xa5Rainy"), Ok(Weather::Rainy));
        assert!(from_messagepack::<Weather>(naming, b"\xa5rainy").is_err());
    }
    assert!(from_json::<Weather>(Naming::AsDeclared, "\"rainy\"").is_err());
}

#[test]
fn their_names_are_written() {
    let day = Day {
        weather: Weather::Rainy,
    };
    let text = to_json(Naming::DotNetStringEnums, &day);
    assert_eq!(text.as_deref(), Ok(r#"{"weather":"Rainy"}"#));
    let report = Report::Measured { rain_fall: 3 };
    for naming in [Naming::DotNet, Naming::DotNetStringEnums] {
        let days = BTreeMap::from([(Weather::Sunny, 1)]);
        assert_eq!(to_json(naming, &days).as_deref(), Ok(r#"{"Sunny":1}"#));
        assert_eq!(
            to_messagepack(naming, &Weather::Sunny).as_deref(),
            Ok(&b"\xa5Sunny"[..])
        );
        assert_eq!(
            to_json(naming, &report).as_deref(),
            Ok(r#"{"Measured":{"rainFall":3}}"#)
        );
    }
    let nothing = to_json(Naming::DotNetStringEnums, &Report::Nothing);
    assert_eq!(nothing.as_deref(), Ok("\"Nothing\""));
    assert_eq!(
        to_json(Naming::AsDeclared, &Weather::Sunny).as_deref(),
        Ok("\"Sunny\"")
    );
}
