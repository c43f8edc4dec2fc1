//! What the derive makes of an enum.

use hubwire::Naming;
use hubwire::dotnet::{self, Enum, Flags, Open};
use serde::{Deserialize, Serialize};

use super::wire::{from_json, from_messagepack, to_json, to_messagepack};
use super::{Access, Gender, Mood};

/// The same variants with serde's derive and with ours, under one rule.
macro_rules! check_rule {
    ($rule:literal) => {{
        #[derive(Debug, Deserialize, PartialEq, Serialize)]
        #[serde(rename_all = $rule)]
        enum OfSerde {
            One,
            VeryHappy,
            r#Move,
            URLOfIt2,
            GrößeÜber,
        }

        #[derive(Debug, PartialEq, dotnet::Enum)]
        #[serde(rename_all = $rule)]
        enum Numbered {
            One,
            VeryHappy,
            r#Move,
            URLOfIt2,
            GrößeÜber,
        }

        let of_serde = [
            OfSerde::One,
            OfSerde::VeryHappy,
            OfSerde::r#Move,
            OfSerde::URLOfIt2,
            OfSerde::GrößeÜber,
        ];
        let numbered = [
            Numbered::One,
            Numbered::VeryHappy,
            Numbered::r#Move,
            Numbered::URLOfIt2,
            Numbered::GrößeÜber,
        ];
        let text = serde_json::to_string(&of_serde).unwrap();
        assert_eq!(serde_json::to_string(&numbered).unwrap(), text);
        assert_eq!(
            serde_json::from_str::<[Numbered; 5]>(&text).unwrap(),
            numbered
        );
        let bytes = to_messagepack(Naming::DotNet, &of_serde).unwrap();
        assert_eq!(to_messagepack(Naming::DotNet, &numbered).unwrap(), bytes);
        assert_eq!(
            to_json(Naming::DotNet, &numbered).as_deref(),
            Ok("[0,1,2,3,4]")
        );
    }};
}

#[test]
fn names_are_those_of_serde() {
    check_rule!("lowercase");
    check_rule!("UPPERCASE");
    check_rule!("PascalCase");
    check_rule!("camelCase");
    check_rule!("snake_case");
    check_rule!("SCREAMING_SNAKE_CASE");
    check_rule!("kebab-case");
    check_rule!("SCREAMING-KEBAB-CASE");
}

#[derive(Clone, Copy, Debug, PartialEq, dotnet::Enum)]
#[serde(rename = "Renamed in .NET", rename_all = "snake_case")]
enum Renamed {
    #[serde(rename = "the-first", alias = "First", alias = "Eins")]
    First = 10,
    NextOne,
    Last = Self::BASE + 20,
    #[cfg(any())]
    NotHere = 11,
}

impl Renamed {
    const BASE: isize = 100;
}

#[test]
fn names_aliases_and_numbers_are_those_declared() {
    assert_eq!(Renamed::NAME, "Renamed in .NET");
    assert_eq!(Renamed::NAMES, ["the-first", "next_one", "last"]);
    let numbers = [Renamed::First, Renamed::NextOne, Renamed::Last].map(|value| value.number());
    assert_eq!(numbers, [10, 11, 120]);
    assert_eq!(Renamed::from_number(11), Some(Renamed::NextOne));
    assert_eq!(Renamed::from_number(12), None);
    for text in ["\"the-first\"", "\"First\"", "\"eins\"", "10", "\"10\""] {
        assert_eq!(
            from_json(Naming::DotNet, text),
            Ok(Renamed::First),
            "{text}"
        );
    }
    for (bytes, is_read) in [(b"\xa4Eins", true), (b"\xa4eins", false)] {
        let read = from_messagepack::<Renamed>(Naming::DotNet, bytes);
        assert_eq!(read.is_ok(), is_read, "{read:?}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, dotnet::Enum)]
enum Cases {
    AbC,
    Abc,
    Def,
}

#[test]
fn a_name_in_two_cases_has_to_be_exact() {
    for (text, expected) in [
        ("\"Abc\"", Some(Cases::Abc)),
        ("\"AbC\"", Some(Cases::AbC)),
        ("\"abc\"", None),
        ("\"DEF\"", Some(Cases::Def)),
    ] {
        assert_eq!(from_json(Naming::DotNet, text).ok(), expected, "{text}");
    }
}

#[test]
fn names_with_commas_are_their_numbers_together() {
    for text in [
        "\"Read, Write\"",
        "\"read,WRITE\"",
        "\" Read ,Write\"",
        "3",
        "\"3\"",
    ] {
        let read = from_json::<Flags<Access>>(Naming::DotNet, text);
        assert_eq!(read, Ok(Flags::from_number(3)), "{text}");
    }
    for refused in ["\"Read, Nope\"", "\"Read;Write\"", "\"Read, 2\"", "\",\""] {
        let read = from_json::<Flags<Access>>(Naming::DotNet, refused);
        assert!(read.is_err(), "{refused}");
    }
    // As .NET's `Enum.Parse` has it for enums without `[Flags]` too.
    let mood = from_messagepack(Naming::DotNet, b"\xabCalm, Happy");
    assert_eq!(mood, Ok(Mood::Happy));
    assert!(from_messagepack::<Gender>(Naming::DotNet, b"\xacMale, Female").is_err());
}

#[derive(Clone, Copy, Debug, PartialEq, dotnet::Enum)]
#[repr(i64)]
enum Rights {
    Read = 1,
    Write = 2,
    ReadWrite = 3,
    Delete = 8,
    Top = i64::MIN,
}

#[test]
fn flags_have_the_text_that_dotnet_has_for_them() {
    for (number, text) in [
        (0, "0"),
        (1, "Read"),
        (3, "ReadWrite"),
        (11, "ReadWrite, Delete"),
        (9, "Read, Delete"),
        (4, "4"),
        (12, "12"),
        (i64::MIN | 1, "Read, Top"),
        (-1, "-1"),
    ] {
        let flags = Flags::<Rights>::from_number(number);
        assert_eq!(flags.to_string(), text);
        assert_eq!(
            from_messagepack(
                Naming::DotNet,
                &to_messagepack(Naming::DotNet, &flags).unwrap()
            ),
            Ok(flags)
        );
    }
    assert_eq!(Flags::<Access>::empty().to_string(), "None");
    let mut flags: Flags<Rights> = [Rights::Read, Rights::Delete].into_iter().collect();
    assert!(flags.contains(Rights::Read) && !flags.contains(Rights::ReadWrite));
    flags |= Rights::Write;
    assert!(flags.contains(Rights::ReadWrite) && flags.contains(Flags::empty()));
    assert_eq!(format!("{flags:?}"), "11 (ReadWrite, Delete)");
}

#[test]
fn an_open_enum_is_a_variant_where_it_can_be() {
    assert_eq!(Open::from_number(2), Open::Known(Gender::Female));
    assert_eq!(Open::<Gender>::from_number(3), Open::Unknown(3));
    assert_eq!(Open::from(Gender::Odd).number(), 100);
    assert_eq!(Open::Unknown::<Gender>(3).known(), None);
    assert_eq!(Open::<Mood>::default(), Open::Known(Mood::Calm));
    assert_eq!(Open::<Gender>::default(), Open::Unknown(0));
    assert_eq!(Open::Known(Gender::Odd).to_string(), "Odd");
    assert_eq!(Open::<Gender>::Unknown(-3).to_string(), "-3");
}
