//! Values that must come back as they went, in both protocols and under every naming.

use std::collections::BTreeMap;
use std::fmt::Debug;

use hubwire::Naming;
use hubwire::dotnet::Decimal;
use hubwire::protocol::{HubMessage, HubProtocol, RawItem};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    what: &str,
    value: &T,
    faults: &mut Vec<String>,
) {
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        for naming in [
            Naming::AsDeclared,
            Naming::DotNet,
            Naming::DotNetStringEnums,
        ] {
            if protocol == HubProtocol::Json && naming == Naming::AsDeclared {
                continue;
            }
            let place = format!("{what} {protocol:?} {naming:?}");
            match RawItem::encode(protocol, naming, value) {
                Err(error) => faults.push(format!("{place}: not written: {error:?}")),
                Ok(item) => match item.decode::<T>() {
                    Ok(read) if &read == value => {}
                    Ok(read) => faults.push(format!("{place}: {read:?} of {item:?}")),
                    Err(error) => faults.push(format!("{place}: not read: {error:?}")),
                },
            }
        }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    ByPrice(BTreeMap<Decimal, u8>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum External {
    ByPrice(Option<BTreeMap<Decimal, u8>>),
}

#[test]
fn keys_and_buffered_values() {
    let mut faults = Vec::new();
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    for text in [
        "1.10",
        "0",
        "-7.5",
        "79228162514264337593543950335",
        "0.0000000000000000000000000001",
    ] {
        let by_price = || BTreeMap::from([(decimal(text), 1_u8)]);
        check(&format!("by {text}"), &by_price(), &mut faults);
        check(
            &format!("adjacent {text}"),
            &Adjacent::ByPrice(by_price()),
            &mut faults,
        );
        check(
            &format!("external {text}"),
            &External::ByPrice(Some(by_price())),
            &mut faults,
        );
    }
    check("bool keys", &BTreeMap::from([(true, 1)]), &mut faults);
    check("char keys", &BTreeMap::from([('\u{2028}', 1)]), &mut faults);
    check(
        "i64 keys",
        &BTreeMap::from([(i64::MIN, 1), (0, 0)]),
        &mut faults,
    );
    check("u64 keys", &BTreeMap::from([(u64::MAX, 1)]), &mut faults);
    check(
        "option of option",
        &vec![Some(decimal("1.0")), None],
        &mut faults,
    );
    assert_eq!(faults, [""; 0]);
}

fn read<T: DeserializeOwned + Debug>(json: &str) -> Option<T> {
    let record = format!("{{\"type\":2,\"invocationId\":\"1\",\"item\":{json}}}\u{1e}");
    match HubProtocol::Json.next_message(record.as_bytes(), None) {
        Ok(Some((HubMessage::StreamItem(message), _))) => message.item.decode().ok(),
        other => panic!("no item: {other:?}"),
    }
}

#[test]
fn negative_zeros() {
    assert_eq!(
        read::<(String, u8)>(r#"["-0",-0]"#),
        Some(("-0".to_owned(), 0))
    );
    assert_eq!(
        read::<(String, u8)>(r#"["\"-0",-0]"#),
        Some(("\"-0".to_owned(), 0))
    );
    assert_eq!(
        read::<BTreeMap<String, u8>>(r#"{"-0":-0,"x-0":-0}"#).map(|it| it.len()),
        Some(2)
    );
    assert_eq!(read::<u8>("-0e5"), None);
    assert_eq!(read::<u8>("-0.0"), None);
    assert_eq!(read::<Vec<u8>>("\n[\n-0\n,\r\n-0]"), Some(vec![0, 0]));
    let signs = read::<(f64, u8, f64)>("[-0, -0 , -0]")
        .map(|(one, _, other)| (one.is_sign_negative(), other.is_sign_negative()));
    assert_eq!(signs, Some((true, true)));
}
