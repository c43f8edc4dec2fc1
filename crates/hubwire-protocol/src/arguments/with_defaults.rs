//! Arguments of which a client may leave out the last ones.

use serde::de::{DeserializeOwned, SeqAccess};

use super::BindArguments;

/// Arguments of which the last ones may be left out and are then `Default::default()`.
///
/// The parts are tuples, which have at most 16 elements each. Errors name the number of all
/// arguments.
///
/// ```
/// # use hubwire::protocol::{HubMessage, HubProtocol, WithDefaults};
/// # let record = b"{\"type\":1,\"target\":\"Search\",\"arguments\":[\"tea\"]}\x1e";
/// # let (message, _) = HubProtocol::Json.next_message(record, None)?.unwrap();
/// # let HubMessage::Invocation(invocation) = message else { panic!() };
/// type Search = WithDefaults<(String,), (u32, Option<String>)>;
///
/// let WithDefaults { required: (text,), defaults: (page, order) } = invocation.arguments.bind::<Search>()?;
/// assert_eq!((text.as_str(), page, order), ("tea", 0, None));
///
/// let error = invocation.arguments.bind::<WithDefaults<(String, String), (u32,)>>().unwrap_err();
/// assert_eq!(error.to_string(), "Invocation provides 1 argument(s) but target expects 3.");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WithDefaults<R, D> {
    /// The arguments that may not be left out.
    pub required: R,
    /// The arguments that may be left out, from the last one.
    pub defaults: D,
}

/// Arguments that may be left out: a tuple of deserializable values with defaults.
///
/// Implemented for tuples of up to 16 values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be arguments that may be left out",
    label = "not a tuple of at most 16 deserializable values with defaults",
    note = "each type must implement `serde::de::DeserializeOwned` and `Default`"
)]
pub trait DefaultArguments: Sized {
    /// The maximum number of arguments.
    const COUNT: usize;

    /// Decodes up to `COUNT` elements and counts them in `provided`.
    ///
    /// # Errors
    ///
    /// Returns an error if an element does not fit its type.
    fn bind_elements<'de, A: SeqAccess<'de>>(
        elements: &mut A,
        provided: &mut usize,
    ) -> Result<Self, A::Error>;
}

impl<R: BindArguments, D: DefaultArguments> BindArguments for WithDefaults<R, D> {
    const COUNT: usize = R::COUNT + D::COUNT;
    const REQUIRED: usize = R::REQUIRED;

    fn bind_elements<'de, A: SeqAccess<'de>>(
        elements: &mut A,
        provided: &mut usize,
    ) -> Result<Option<Self>, A::Error> {
        let Some(required) = R::bind_elements(elements, provided)? else {
            return Ok(None);
        };
        let defaults = D::bind_elements(elements, provided)?;
        Ok(Some(Self { required, defaults }))
    }
}

impl DefaultArguments for () {
    const COUNT: usize = 0;

    fn bind_elements<'de, A: SeqAccess<'de>>(_: &mut A, _: &mut usize) -> Result<Self, A::Error> {
        Ok(())
    }
}

/// Decodes the next element, if there is one. Elements are not asked for behind the last one.
fn element<'de, T, A>(
    elements: &mut A,
    provided: &mut usize,
    has_ended: &mut bool,
) -> Result<T, A::Error>
where
    T: DeserializeOwned + Default,
    A: SeqAccess<'de>,
{
    if !*has_ended {
        if let Some(element) = elements.next_element()? {
            *provided += 1;
            return Ok(element);
        }
        *has_ended = true;
    }
    Ok(T::default())
}

macro_rules! tuple {
    ($count:literal: $($element:ident)+) => {
        impl<$($element: DeserializeOwned + Default),+> DefaultArguments for ($($element,)+) {
            const COUNT: usize = $count;

            fn bind_elements<'de, Elements: SeqAccess<'de>>(
                elements: &mut Elements,
                provided: &mut usize,
            ) -> Result<Self, Elements::Error> {
                let mut has_ended = false;
                Ok(($(element::<$element, _>(elements, provided, &mut has_ended)?,)+))
            }
        }
    };
}

tuple!(1: A);
tuple!(2: A B);
tuple!(3: A B C);
tuple!(4: A B C D);
tuple!(5: A B C D E);
tuple!(6: A B C D E F);
tuple!(7: A B C D E F G);
tuple!(8: A B C D E F G H);
tuple!(9: A B C D E F G H I);
tuple!(10: A B C D E F G H I J);
tuple!(11: A B C D E F G H I J K);
tuple!(12: A B C D E F G H I J K L);
tuple!(13: A B C D E F G H I J K L M);
tuple!(14: A B C D E F G H I J K L M N);
tuple!(15: A B C D E F G H I J K L M N O);
tuple!(16: A B C D E F G H I J K L M N O P);
