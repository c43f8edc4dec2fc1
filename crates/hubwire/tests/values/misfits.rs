//! What is shown of a value that does not fit: what was expected, and never the value.

use hubwire::dotnet::{self, DateOnly, DateTimeOffset, Decimal, TimeSpan};
use hubwire::protocol::{HubProtocol, RawArguments, RawItem};
use hubwire::{Naming, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Debug, dotnet::Enum)]
enum OrderStatus {
    Pending,
    Shipped,
}

#[derive(Debug, Deserialize)]
enum Plain {
    One,
}

#[derive(Debug, Deserialize)]
struct Buffered {
    #[serde(flatten)]
    _rest: Amount,
}

#[derive(Debug, Deserialize)]
struct Amount {
    #[expect(dead_code, reason = "only read")]
    amount: Decimal,
}

const BOTH: [HubProtocol; 2] = [HubProtocol::Json, HubProtocol::MessagePack];

#[track_caller]
fn says<T: DeserializeOwned>(protocols: &[HubProtocol], value: &Value, beginning: &str) {
    for &protocol in protocols {
        let item = RawItem::encode(protocol, Naming::DotNet, value).unwrap();
        let Err(error) = item.decode::<T>() else {
            panic!("{value} fits");
        };
        let detail = error.detail_without_value();
        assert!(detail.starts_with(beginning), "{protocol:?}: {detail}");
        assert!(!detail.contains("4711"), "{protocol:?}: {detail}");
    }
}

#[test]
fn of_an_enum_its_name_is_shown() {
    let status = "invalid value: integer, expected the number of a variant of `OrderStatus`; \
        `hubwire::dotnet::Open<OrderStatus>` keeps any number";
    says::<OrderStatus>(&[HubProtocol::Json], &json!(4711), status);
    let names = "unknown variant, expected `Pending` or `Shipped`";
    says::<OrderStatus>(&BOTH, &json!("x4711"), names);
    let derive = "expected the name of a variant of `Plain`, whose numbers serde does not know; \
        `#[derive(hubwire::dotnet::Enum)]` for `Plain`, in the place of serde's derives, lets numbers be read";
    for (number, kind) in [(json!(4711), "integer"), (json!("4711"), "string")] {
        let plain = format!("invalid type: {kind}, {derive}");
        says::<Plain>(&[HubProtocol::Json], &number, &plain);
    }
    assert!(matches!(
        (OrderStatus::Pending, OrderStatus::Shipped, Plain::One),
        (OrderStatus::Pending, OrderStatus::Shipped, Plain::One)
    ));
}

#[test]
fn of_a_decimal_its_form_and_its_range_are_shown() {
    let form = "invalid value: string, expected text of the form 1.10";
    says::<Decimal>(&BOTH, &json!("4711 EUR"), form);
    let range = "invalid value: string, expected a value within the range of Decimal";
    says::<Decimal>(&BOTH, &json!(format!("4711{}", "0".repeat(40))), range);
    let number = "invalid value: number, expected a value within the range of Decimal";
    says::<Decimal>(&[HubProtocol::Json], &json!(4711e40), number);
    let buffered =
        "invalid type: floating point, expected a decimal as text where serde buffers JSON";
    says::<Buffered>(&[HubProtocol::Json], &json!({"amount": 4711.5}), buffered);
}

#[test]
fn of_times_their_form_is_shown() {
    let text = json!("4711 days");
    let date = "invalid value: string, expected text of the form 2020-01-02";
    says::<DateOnly>(&BOTH, &text, date);
    let span = "invalid value: string, expected text of the form 1.02:03:04.5000000";
    says::<TimeSpan>(&BOTH, &text, span);
    let moment = "invalid value: string, expected a timestamp of the form 2000-01-01T00:00:00Z";
    says::<Timestamp>(&[HubProtocol::Json], &text, moment);
    says::<DateTimeOffset>(&[HubProtocol::Json], &text, moment);
}

#[test]
fn a_failed_test_shows_which_argument_does_not_fit() {
    let arguments = RawArguments::encode(HubProtocol::Json, Naming::AsDeclared, &("a", "b"));
    let error = arguments.unwrap().bind::<(String, u8)>().unwrap_err();
    let shown = format!("{error:?}");
    let expected = r#"Conversion(argument 2: invalid type: string "b", expected u8"#;
    assert!(shown.starts_with(expected), "{shown}");
}
