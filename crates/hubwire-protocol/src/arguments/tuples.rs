//! `Arguments` and `BindArguments` for tuples.

use serde::Serialize;
use serde::de::{DeserializeOwned, SeqAccess};

use super::{Arguments, BindArguments};
use crate::error::EncodeError;
use crate::naming::Naming;
use crate::{json, messagepack};

impl Arguments for () {
    fn write_json(&self, out: &mut Vec<u8>, _: Naming) -> Result<(), EncodeError> {
        out.extend_from_slice(b"[]");
        Ok(())
    }

    fn write_messagepack(&self, out: &mut Vec<u8>, _: Naming) -> Result<(), EncodeError> {
        Ok(messagepack::array_length(out, 0)?)
    }
}

impl BindArguments for () {
    const COUNT: usize = 0;

    fn bind_elements<'de, A: SeqAccess<'de>>(
        _: &mut A,
        _: &mut usize,
    ) -> Result<Option<Self>, A::Error> {
        Ok(Some(()))
    }
}

macro_rules! tuple {
    ($count:literal: $first:ident 0 $(, $other:ident $index:tt)*) => {
        impl<$first, $($other),*> Arguments for ($first, $($other,)*)
        where
            $first: Serialize + Send + Sync,
            $($other: Serialize + Send + Sync,)*
        {
            fn write_json(&self, out: &mut Vec<u8>, naming: Naming) -> Result<(), EncodeError> {
                out.push(b'[');
                json::write_named(out, &self.0, naming)?;
                $(
                    out.push(b',');
                    json::write_named(out, &self.$index, naming)?;
                )*
                out.push(b']');
                Ok(())
            }

            fn write_messagepack(
                &self,
                out: &mut Vec<u8>,
                naming: Naming,
            ) -> Result<(), EncodeError> {
                messagepack::array_length(out, $count)?;
                messagepack::write_named(out, &self.0, naming)?;
                $(messagepack::write_named(out, &self.$index, naming)?;)*
                Ok(())
            }
        }

        impl<$first, $($other),*> BindArguments for ($first, $($other,)*)
        where
            $first: DeserializeOwned,
            $($other: DeserializeOwned,)*
        {
            const COUNT: usize = $count;

            fn bind_elements<'de, Elements: SeqAccess<'de>>(
                elements: &mut Elements,
                provided: &mut usize,
            ) -> Result<Option<Self>, Elements::Error> {
                Ok(Some((
                    element!(elements, provided, $first),
                    $(element!(elements, provided, $other),)*
                )))
            }
        }
    };
}

macro_rules! element {
    ($elements:ident, $provided:ident, $element:ident) => {
        match $elements.next_element::<$element>()? {
            Some(element) => {
                *$provided += 1;
                element
            }
            None => return Ok(None),
        }
    };
}

tuple!(1: A 0);
tuple!(2: A 0, B 1);
tuple!(3: A 0, B 1, C 2);
tuple!(4: A 0, B 1, C 2, D 3);
tuple!(5: A 0, B 1, C 2, D 3, E 4);
tuple!(6: A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(7: A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuple!(9: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
tuple!(10: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
tuple!(11: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
tuple!(12: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
tuple!(13: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12);
tuple!(14: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13);
tuple!(15: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14);
tuple!(16: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15);
