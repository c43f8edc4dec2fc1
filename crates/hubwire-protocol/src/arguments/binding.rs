//! Binding of received arguments to the types of a method's parameters.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{IgnoredAny, SeqAccess, Visitor};

use super::{BindArguments, MemberFinder};
use crate::error::BindError;
use crate::json;
use crate::messagepack::{self, Head, Input};
use crate::naming::{self, Naming};

pub(super) fn bind_json<T: BindArguments>(array: &str, naming: Naming) -> Result<T, BindError> {
    let mut provided = 0;
    let bound = json::with_negative_zeros(array, |array| {
        provided = 0;
        bind_array::<T>(array, naming, &mut provided)
    });
    match bound {
        Ok(Some(bound)) if (T::REQUIRED..=T::COUNT).contains(&provided) => Ok(bound),
        Ok(_) => Err(BindError::Count {
            provided,
            expected: T::COUNT,
        }),
        Err(error) => Err(BindError::Conversion {
            argument: provided,
            member: MemberFinder::of_arguments::<T>(naming),
            source: error.into(),
        }),
    }
}

/// Binds a JSON array and counts its elements as they are read.
fn bind_array<T: BindArguments>(
    array: &str,
    naming: Naming,
    provided: &mut usize,
) -> serde_json::Result<Option<T>> {
    let visitor = Binding {
        provided,
        to: PhantomData,
    };
    let mut from = serde_json::Deserializer::from_str(array);
    match naming {
        Naming::AsDeclared => from.deserialize_seq(visitor),
        Naming::DotNet | Naming::DotNetStringEnums => {
            naming::Reading::new(&mut from).deserialize_seq(visitor)
        }
    }
}

pub(super) fn bind_messagepack<T: BindArguments>(
    value: &[u8],
    naming: Naming,
) -> Result<T, BindError> {
    let mut input = Input::new(value);
    let Ok(Head::Array(count)) = input.next() else {
        return Err(BindError::NoArray);
    };
    let announced = usize::try_from(count).unwrap_or(usize::MAX);
    let mismatch = BindError::Count {
        provided: announced,
        expected: T::COUNT,
    };
    if !(T::REQUIRED..=T::COUNT).contains(&announced) {
        return Err(mismatch);
    }
    let mut provided = 0;
    let mut from = messagepack::Deserializer::new(input, naming);
    match T::bind_elements(&mut from.elements(count), &mut provided) {
        Ok(Some(bound)) => Ok(bound),
        Ok(None) => Err(mismatch),
        Err(error) => Err(BindError::Conversion {
            argument: provided,
            member: MemberFinder::of_arguments::<T>(naming),
            source: error.into(),
        }),
    }
}

/// A visitor that binds an array and counts its elements.
pub(super) struct Binding<'p, T> {
    pub(super) provided: &'p mut usize,
    pub(super) to: PhantomData<T>,
}

impl<'de, T: BindArguments> Visitor<'de> for Binding<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {} arguments", T::COUNT)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let bound = T::bind_elements(&mut elements, self.provided)?;
        while elements.next_element::<IgnoredAny>()?.is_some() {
            *self.provided += 1;
        }
        Ok(bound)
    }
}
