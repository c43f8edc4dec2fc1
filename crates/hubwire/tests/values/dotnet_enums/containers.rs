//! Enums wherever a value may be.

use std::collections::BTreeMap;
use std::fmt::Debug;

use hubwire::Naming;
use hubwire::dotnet::{Flags, Open};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::wire::{from_json, from_messagepack, packed, shown, to_json, to_messagepack};
use super::{Access, Gender, Mood};

/// The forms of a value: in JSON with numbers, and shown as JSON those with names, as they are declared
/// and as .NET calls the members.
struct Forms<'a> {
    numbers: &'a str,
    declared: Value,
    pascal: Value,
}

/// A value is written and read in each of its forms.
#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, forms: &Forms<'_>) {
    check_written(value, forms);
    let pascal = packed(&forms.pascal);
    assert_eq!(
        from_messagepack::<T>(Naming::DotNet, &pascal).as_ref(),
        Ok(value)
    );
}

/// As `check`, of what serde buffers, whose members are read as they are declared.
#[track_caller]
fn check_buffered<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    value: &T,
    forms: &Forms<'_>,
) {
    check_written(value, forms);
    let declared = packed(&forms.declared);
    assert_eq!(
        from_messagepack::<T>(Naming::DotNet, &declared).as_ref(),
        Ok(value)
    );
}

#[track_caller]
fn check_written<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    value: &T,
    forms: &Forms<'_>,
) {
    let (declared, dotnet) = (Naming::AsDeclared, Naming::DotNet);
    assert_eq!(to_json(dotnet, value).as_deref(), Ok(forms.numbers));
    assert_eq!(from_json::<T>(dotnet, forms.numbers).as_ref(), Ok(value));
    assert_eq!(shown(&to_messagepack(dotnet, value).unwrap()), forms.pascal);

    let text = to_json(declared, value).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap(),
        forms.declared
    );
    assert_eq!(from_json::<T>(declared, &text).as_ref(), Ok(value));
    let bytes = to_messagepack(declared, value).unwrap();
    assert_eq!(shown(&bytes), forms.declared);
    assert_eq!(from_messagepack::<T>(declared, &bytes).as_ref(), Ok(value));

    assert_eq!(serde_json::to_value(value).unwrap(), forms.declared);
    assert_eq!(
        &serde_json::from_value::<T>(forms.declared.clone()).unwrap(),
        value
    );

    let strings = to_json(Naming::DotNetStringEnums, value).unwrap();
    assert_eq!(
        from_json::<T>(Naming::DotNetStringEnums, &strings).as_ref(),
        Ok(value)
    );
    assert_eq!(
        to_messagepack(Naming::DotNetStringEnums, value),
        to_messagepack(dotnet, value)
    );
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Person<T> {
    gender: Gender,
    partner: Option<Gender>,
    last_moods: Vec<Mood>,
    by_gender: BTreeMap<Gender, Mood>,
    pair: (Gender, u8),
    generic: T,
}

#[test]
fn structs_options_lists_maps_and_generics() {
    let person = Person {
        gender: Gender::Other,
        partner: Some(Gender::Female),
        last_moods: vec![Mood::Calm, Mood::Wild],
        by_gender: BTreeMap::from([(Gender::Odd, Mood::Happy)]),
        pair: (Gender::Male, 7),
        generic: [Some(Gender::Odd), None],
    };
    let forms = Forms {
        numbers: concat!(
            r#"{"gender":-5,"partner":2,"lastMoods":[0,2],"byGender":{"Odd":1},"pair":[1,7],"#,
            r#""generic":[100,null]}"#
        ),
        declared: json!({
            "gender": "Other", "partner": "Female", "last_moods": ["Calm", "Wild"],
            "by_gender": {"Odd": "Happy"}, "pair": ["Male", 7], "generic": ["Odd", null]
        }),
        pascal: json!({
            "Gender": "Other", "Partner": "Female", "LastMoods": ["Calm", "Wild"],
            "ByGender": {"Odd": "Happy"}, "Pair": ["Male", 7], "Generic": ["Odd", null]
        }),
    };
    check(&person, &forms);
}

#[test]
fn open_enums_and_flags() {
    type Access3 = Flags<Access>;
    let person = Person {
        gender: Gender::Male,
        partner: None,
        last_moods: vec![],
        by_gender: BTreeMap::new(),
        pair: (Gender::Female, 0),
        generic: (
            Open::<Gender>::Unknown(-70),
            Open::Known(Gender::Odd),
            Access3::from(Access::Read) | Access::Write,
            Access3::from_number(12),
            BTreeMap::from([(Access3::from_number(3), Open::<Mood>::Unknown(9))]),
        ),
    };
    let numbers = concat!(
        r#"{"gender":1,"partner":null,"lastMoods":[],"byGender":{},"pair":[2,0],"#,
        r#""generic":[-70,100,3,12,{"Read, Write":9}]}"#
    );
    assert_eq!(to_json(Naming::DotNet, &person).as_deref(), Ok(numbers));
    assert_eq!(from_json(Naming::DotNet, numbers).as_ref(), Ok(&person));
    let named = r#""generic":[-70,"Odd","Read, Write",12,{"Read, Write":9}]}"#;
    for naming in [Naming::AsDeclared, Naming::DotNetStringEnums] {
        let text = to_json(naming, &person).unwrap();
        assert!(text.ends_with(named), "{text}");
        assert_eq!(from_json(naming, &text).as_ref(), Ok(&person));
    }
    for naming in [
        Naming::AsDeclared,
        Naming::DotNet,
        Naming::DotNetStringEnums,
    ] {
        let bytes = to_messagepack(naming, &person).unwrap();
        let all = shown(&bytes);
        let generic = all.get("generic").or_else(|| all.get("Generic"));
        let digits = json!(["-70", "Odd", "Read, Write", "12", {"Read, Write": "9"}]);
        assert_eq!(generic, Some(&digits));
        assert_eq!(from_messagepack(naming, &bytes).as_ref(), Ok(&person));
    }
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    part: Part,
    #[serde(flatten)]
    shape: Shape,
    #[serde(flatten)]
    others: BTreeMap<String, Gender>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Part {
    #[serde(alias = "Gender")]
    gender: Gender,
    #[serde(alias = "Access")]
    access: Flags<Access>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
enum Shape {
    Circle {
        #[serde(alias = "Mood")]
        mood: Mood,
        #[serde(alias = "Moods")]
        moods: BTreeMap<Mood, Open<Gender>>,
    },
}

/// Serde keeps a variant with members before it flattens it.
#[test]
fn flattened_types() {
    let value = Flattened {
        id: 1,
        part: Part {
            gender: Gender::Other,
            access: Flags::from_number(3),
        },
        shape: Shape::Circle {
            mood: Mood::Wild,
            moods: BTreeMap::from([(Mood::Calm, Open::Known(Gender::Female))]),
        },
        others: BTreeMap::from([("ada".to_owned(), Gender::Odd)]),
    };
    let forms = Forms {
        numbers: r#"{"id":1,"gender":-5,"access":3,"Circle":{"mood":2,"moods":{"Calm":2}},"ada":100}"#,
        declared: json!({
            "id": 1, "gender": "Other", "access": "Read, Write",
            "Circle": {"mood": "Wild", "moods": {"Calm": "Female"}}, "ada": "Odd"
        }),
        pascal: json!({
            "id": 1, "gender": "Other", "access": "Read, Write",
            "Circle": {"Mood": "Wild", "Moods": {"Calm": "Female"}}, "ada": "Odd"
        }),
    };
    check_buffered(&value, &forms);
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
enum Untagged {
    Gender(Gender),
    Person { gender: Gender, mood: Option<Mood> },
    Genders(Vec<Gender>),
}

#[test]
fn untagged_types() {
    let forms = Forms {
        numbers: "2",
        declared: json!("Female"),
        pascal: json!("Female"),
    };
    check_buffered(&Untagged::Gender(Gender::Female), &forms);
    let person = Untagged::Person {
        gender: Gender::Odd,
        mood: Some(Mood::Calm),
    };
    let forms = Forms {
        numbers: r#"{"gender":100,"mood":0}"#,
        declared: json!({"gender": "Odd", "mood": "Calm"}),
        pascal: json!({"Gender": "Odd", "Mood": "Calm"}),
    };
    check_buffered(&person, &forms);
    let forms = Forms {
        numbers: "[1,-5]",
        declared: json!(["Male", "Other"]),
        pascal: json!(["Male", "Other"]),
    };
    let genders = vec![Gender::Male, Gender::Other];
    check_buffered(&Untagged::Genders(genders), &forms);
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
enum Internal {
    Joined { gender: Gender, moods: Vec<Mood> },
    Left(Left),
    Only(Gender),
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Left {
    gender: Open<Gender>,
}

#[test]
fn internally_tagged_types() {
    let joined = Internal::Joined {
        gender: Gender::Other,
        moods: vec![Mood::Wild],
    };
    let forms = Forms {
        numbers: r#"{"type":"Joined","gender":-5,"moods":[2]}"#,
        declared: json!({"type": "Joined", "gender": "Other", "moods": ["Wild"]}),
        pascal: json!({"Type": "Joined", "Gender": "Other", "Moods": ["Wild"]}),
    };
    check_buffered(&joined, &forms);
    let left = Internal::Left(Left {
        gender: Open::Known(Gender::Female),
    });
    let forms = Forms {
        numbers: r#"{"type":"Left","gender":2}"#,
        declared: json!({"type": "Left", "gender": "Female"}),
        pascal: json!({"Type": "Left", "Gender": "Female"}),
    };
    check_buffered(&left, &forms);
    // As serde writes a variant without data there.
    let forms = Forms {
        numbers: r#"{"type":"Only","Female":null}"#,
        declared: json!({"type": "Only", "Female": null}),
        pascal: json!({"type": "Only", "Female": null}),
    };
    check_buffered(&Internal::Only(Gender::Female), &forms);
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", content = "value")]
enum Adjacent {
    Only(Gender),
    Joined {
        #[serde(alias = "Gender")]
        gender: Gender,
    },
    Nobody,
}

/// The tag is a variant without a number, and by name in .NET's JSON too.
#[test]
fn adjacently_tagged_types() {
    let forms = Forms {
        numbers: r#"{"kind":"Only","value":100}"#,
        declared: json!({"kind": "Only", "value": "Odd"}),
        pascal: json!({"Kind": "Only", "Value": "Odd"}),
    };
    check(&Adjacent::Only(Gender::Odd), &forms);
    let joined = Adjacent::Joined {
        gender: Gender::Female,
    };
    let forms = Forms {
        numbers: r#"{"kind":"Joined","value":{"gender":2}}"#,
        declared: json!({"kind": "Joined", "value": {"gender": "Female"}}),
        pascal: json!({"Kind": "Joined", "Value": {"Gender": "Female"}}),
    };
    check(&joined, &forms);
    let forms = Forms {
        numbers: r#"{"kind":"Nobody"}"#,
        declared: json!({"kind": "Nobody"}),
        pascal: json!({"Kind": "Nobody"}),
    };
    check(&Adjacent::Nobody, &forms);
}

#[test]
fn what_is_buffered_is_read_from_its_number() {
    let read = from_json(
        Naming::DotNet,
        r#"{"gender":1,"type":"Joined","moods":[0]}"#,
    );
    let joined = Internal::Joined {
        gender: Gender::Male,
        moods: vec![Mood::Calm],
    };
    assert_eq!(read, Ok(joined));
    let late = from_json(Naming::DotNet, r#"{"value":-5,"kind":"Only"}"#);
    assert_eq!(late, Ok(Adjacent::Only(Gender::Other)));
    let value: Value = from_json(Naming::DotNet, "-5").unwrap();
    assert_eq!(
        serde_json::from_value::<Gender>(value).unwrap(),
        Gender::Other
    );
}
