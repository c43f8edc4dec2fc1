//! Access to single received arguments, and their reassembly.

use serde_json::value::RawValue;

use super::received::{NOT_WHOLE, Raw};
use super::{RawArguments, RawItem};
use crate::error::{DecodeError, EncodeError};
use crate::hub_protocol::HubProtocol;
use crate::messagepack::{Head, Input};
use crate::naming::Naming;

impl RawArguments<'_> {
    /// Returns the arguments one by one, in their encoding and naming.
    ///
    /// ```
    /// use hubwire::protocol::{HubMessage, HubProtocol};
    ///
    /// let bytes = b"{\"type\":1,\"target\":\"Send\",\"arguments\":[\"room\",7]}\x1e";
    /// let (message, _) = HubProtocol::Json.next_message(bytes, None)?.unwrap();
    /// let HubMessage::Invocation(invocation) = message else { panic!() };
    /// let items = invocation.arguments.items()?;
    /// assert_eq!(items[1].decode::<i32>()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the arguments are not an array of complete values.
    pub fn items(&self) -> Result<Vec<RawItem<'_>>, DecodeError> {
        let items = match &self.raw {
            Raw::Json(array) => items_of_json(array)?,
            Raw::MessagePack(array) => {
                items_of_messagepack(array).ok_or_else(|| DecodeError::new(NOT_WHOLE))?
            }
        };
        let items = items.into_iter();
        Ok(items.map(|item| item.with_naming(self.naming)).collect())
    }
}

impl RawArguments<'static> {
    /// Creates the arguments of a message of `protocol`. Items of the other protocol are
    /// transcoded.
    ///
    /// The naming is [`Naming::AsDeclared`] until it is set with
    /// [`RawArguments::with_naming`].
    ///
    /// # Errors
    ///
    /// Returns an error if an item is not exactly one value.
    pub fn from_items(protocol: HubProtocol, items: &[RawItem<'_>]) -> Result<Self, EncodeError> {
        let array = RawItem::encode(protocol, Naming::AsDeclared, items)?;
        Ok(Self::of(array.raw))
    }
}

fn items_of_json(array: &str) -> Result<Vec<RawItem<'_>>, DecodeError> {
    let values: Vec<&RawValue> = serde_json::from_str(array).map_err(DecodeError::new)?;
    let values = values.into_iter();
    Ok(values
        .map(|value| RawItem::from_json(value.get()))
        .collect())
}

fn items_of_messagepack(array: &[u8]) -> Option<Vec<RawItem<'_>>> {
    let mut input = Input::new(array);
    let Ok(Head::Array(count)) = input.next() else {
        return None;
    };
    // The capacity is not reserved, because the count is the peer's.
    let mut items = Vec::new();
    for _ in 0..count {
        let rest = input.rest();
        input.skip().ok()?;
        let item = rest.get(..rest.len() - input.rest().len())?;
        items.push(RawItem::from_messagepack(item));
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::naming::Naming;

    fn arguments(protocol: HubProtocol, value: &Value) -> RawArguments<'static> {
        let values = value.as_array().unwrap().iter();
        let items: Vec<_> = values
            .map(|value| RawItem::encode(protocol, Naming::AsDeclared, value).unwrap())
            .collect();
        RawArguments::from_items(protocol, &items).unwrap()
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(".{0,5}", inner, 0..5).prop_map(Value::from_iter),
            ]
        })
    }

    proptest! {
        #[test]
        fn arguments_come_apart_and_together_again(
            values in prop::collection::vec(value(), 0..20),
            from in prop::sample::select(&[HubProtocol::Json, HubProtocol::MessagePack]),
            to in prop::sample::select(&[HubProtocol::Json, HubProtocol::MessagePack]),
        ) {
            let received = arguments(from, &Value::from(values.clone()));
            let items = received.items().unwrap();
            let again = RawArguments::from_items(to, &items).unwrap();
            let decoded: Vec<Value> =
                again.items().unwrap().iter().map(|item| item.decode().unwrap()).collect();
            prop_assert_eq!(decoded, values);
        }

        #[test]
        fn whatever_is_received_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            _ = RawArguments::from_messagepack(&bytes).items();
            _ = RawArguments::from_json(&String::from_utf8_lossy(&bytes)).items();
        }
    }

    #[test]
    fn a_count_that_lies_takes_no_memory() {
        let huge = RawArguments::from_messagepack(b"\xdd\xff\xff\xff\xff\x01");
        assert!(huge.items().is_err());
    }

    #[test]
    fn an_item_keeps_its_naming() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Order {
            order_id: i32,
        }
        let received = arguments(HubProtocol::Json, &json!([{"OrderId": 7}]));
        let received = received.with_naming(Naming::DotNet);
        let items = received.items().unwrap();
        assert_eq!(items[0].decode::<Order>().unwrap(), Order { order_id: 7 });
    }
}
