//! Pairs of .NET, which are objects in JSON and arrays in MessagePack.

use hubwire_protocol::dotnet::per_protocol::{self, Form};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

/// A pair, by what it is in JSON.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(
    from = "Form<J, J::Array>",
    bound(deserialize = "J: DeserializeOwned + Members")
)]
pub(super) struct Pair<J>(J);

pub(super) trait Members: Clone {
    type Array: DeserializeOwned + From<Self> + Into<Self> + Serialize;
}

impl<J: Members> From<Form<J, J::Array>> for Pair<J> {
    fn from(form: Form<J, J::Array>) -> Self {
        match form {
            Form::Json(members) => Self(members),
            Form::MessagePack(array) => Self(array.into()),
        }
    }
}

impl<J: Members + Serialize> Serialize for Pair<J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        per_protocol::serialize(&self.0, &J::Array::from(self.0.clone()), serializer)
    }
}

macro_rules! members {
    ($type:ident { $first:ident: $first_type:ty, $second:ident: $second_type:ty }) => {
        #[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
        pub(super) struct $type {
            $first: $first_type,
            $second: $second_type,
        }

        impl Members for $type {
            type Array = ($first_type, $second_type);
        }

        impl From<$type> for ($first_type, $second_type) {
            fn from(members: $type) -> Self {
                (members.$first, members.$second)
            }
        }

        impl From<($first_type, $second_type)> for $type {
            fn from(($first, $second): ($first_type, $second_type)) -> Self {
                Self { $first, $second }
            }
        }
    };
}

members! { Entry { key: String, value: i32 } }
members! { Items { item1: i32, item2: String } }
