//! Which names of a path stand in a log that shows no values.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::hub_protocol::HubProtocol;
use crate::{Naming, RawArguments, RawItem};

const PROTOCOLS: [HubProtocol; 2] = [HubProtocol::Json, HubProtocol::MessagePack];
const NAMINGS: [Naming; 3] = [
    Naming::AsDeclared,
    Naming::DotNet,
    Naming::DotNetStringEnums,
];

#[derive(Debug, Serialize, Deserialize)]
struct Visit<T> {
    by_word: BTreeMap<String, Visits<T>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Visits<T> {
    how_many: T,
}

#[derive(Debug, Serialize, Deserialize)]
enum Line<T> {
    Goods { unit_count: T },
    Named(BTreeMap<String, T>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is decoded only")]
struct Flattened {
    known: Option<u8>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

/// Where the log of a call and that of an item say that a value does not fit.
fn places<T: DeserializeOwned + std::fmt::Debug>(
    protocol: HubProtocol,
    naming: Naming,
    sent: &(impl Serialize + Clone + Send + Sync),
) -> [String; 2] {
    let arguments = RawArguments::encode(protocol, naming, &(sent.clone(),)).unwrap();
    let refused = arguments.bind::<(T,)>().unwrap_err();
    let call = refused.detail_without_value(Some("it"), &arguments);

    let item = RawItem::encode(protocol, naming, sent).unwrap();
    let misfit = item.decode::<T>().unwrap_err();
    let item = item.misfit_detail_without_value::<T>(&misfit);
    [call, item].map(|detail| {
        assert!(!detail.contains("hunter2"), "{detail}");
        let place = detail.split(": ").next().unwrap();
        place.trim_start_matches("argument 1, ").to_owned()
    })
}

fn assert_place<T: DeserializeOwned + std::fmt::Debug>(
    sent: &(impl Serialize + Clone + Send + Sync),
    expected: [&str; 3],
) {
    let [declared, json, messagepack] = expected;
    for protocol in PROTOCOLS {
        for naming in NAMINGS {
            let place = match (naming, protocol) {
                (Naming::AsDeclared, _) => declared,
                (_, HubProtocol::Json) => json,
                (_, HubProtocol::MessagePack) => messagepack,
            };
            let [call, item] = places::<T>(protocol, naming, sent);
            assert_eq!(call, format!("it{place}"), "{protocol:?} {naming:?}");
            assert_eq!(item, place.trim_start_matches('.'));
        }
    }
}

#[test]
fn keys_of_maps_are_not_shown() {
    let sent = json!({"hunter2-token": "x"});
    assert_place::<BTreeMap<String, u8>>(&sent, ["[key]"; 3]);
    assert_place::<BTreeMap<u32, u8>>(&json!({"4711": "x"}), ["[key]"; 3]);
    let sent = json!({"hunter2": {"a": [1, {"hunter2": "x"}]}});
    type Deep = BTreeMap<String, BTreeMap<String, (u8, BTreeMap<String, u8>)>>;
    assert_place::<Deep>(&sent, ["[key][key][1][key]"; 3]);
}

#[test]
fn declared_names_are_shown_beside_keys() {
    // The key is the name of a member of another struct.
    let by_word = BTreeMap::from([("how_many".to_owned(), Visits { how_many: "x" })]);
    assert_place::<Visit<u8>>(
        &&Visit { by_word },
        [
            ".by_word[key].how_many",
            ".byWord[key].howMany",
            ".ByWord[key].HowMany",
        ],
    );
}

#[test]
fn declared_variants_are_shown() {
    let goods = Line::Goods { unit_count: "x" };
    let (one, other) = (".Goods.unit_count", ".Goods.unitCount");
    assert_place::<Line<u8>>(&&goods, [one, other, ".Goods.UnitCount"]);
    let named = Line::Named(BTreeMap::from([("hunter2".to_owned(), "x")]));
    assert_place::<Line<u8>>(&&named, [".Named[key]"; 3]);
}

#[test]
fn names_that_are_not_declared_are_not_shown() {
    for protocol in PROTOCOLS {
        for naming in NAMINGS {
            for sent in [json!({"hunter2": 1}), json!({"hunter2": {"hunter2": 1}})] {
                places::<Strict>(protocol, naming, &sent);
                places::<Line<u8>>(protocol, naming, &sent);
                places::<Vec<Line<u8>>>(protocol, naming, &[sent]);
            }
            places::<Line<u8>>(protocol, naming, &"hunter2");
        }
    }
}

#[test]
fn names_that_a_flattened_struct_collects_are_not_shown() {
    let arguments = RawArguments::from_messagepack(b"\x91\x81\xa7hunter2\xd4\x05x");
    let refused = arguments.bind::<(Flattened,)>().unwrap_err();
    let shown = refused.detail_without_value(Some("it"), &arguments);
    assert!(shown.starts_with("argument 1, it[key]: "), "{shown}");
}

#[test]
fn a_detail_with_values_has_the_keys() {
    for protocol in PROTOCOLS {
        let sent = json!({"hunter2-token": "x"});
        let arguments = RawArguments::encode(protocol, Naming::DotNet, &(sent.clone(),)).unwrap();
        let refused = arguments.bind::<(BTreeMap<String, u8>,)>().unwrap_err();
        let detail = refused.detail(Some("it"), &arguments);
        assert!(
            detail.starts_with("argument 1, it.hunter2-token: "),
            "{detail}"
        );

        let item = RawItem::encode(protocol, Naming::DotNet, &sent).unwrap();
        let misfit = item.decode::<BTreeMap<String, u8>>().unwrap_err();
        let detail = item.misfit_detail::<BTreeMap<String, u8>>(&misfit);
        assert!(detail.starts_with("hunter2-token: "), "{detail}");
    }
}
