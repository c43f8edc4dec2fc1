//! The macro by which each option is defined once.

/// Defines a struct of options, and everything that follows from it.
///
/// Each option is written as its documentation, its name, its type, its default and its setter's
/// parameter. A setter that takes another type than the option's says how it converts:
///
/// ```text
/// /// How many bytes may wait. Default 64; `None` is unlimited.
/// waiting_size: Option<usize> = Some(64), set(bytes: impl Into<Option<usize>> => bytes.into());
/// ```
///
/// This makes
///
/// - the struct with its public fields, its `Default`, and `NAMES`;
/// - `changes`, a struct of the options that a configuration sets, with `Deserialize`;
/// - the `Deserialize` of the struct itself: what a configuration leaves out keeps its default;
/// - `setters`, a macro that writes the setters of all options into the `impl` block of a type
///   with [`Configure`](super::Configure); the types of their parameters must be in scope there.
macro_rules! options {
    (
        $(#[$struct_attribute:meta])*
        pub struct $options:ident, changes $changes:ident, setters $setters:ident;
        $(
            $(#[doc = $documentation:literal])+
            $name:ident: $type:ty = $default:expr,
            set($parameter:ident: $parameter_type:ty $(=> $converted:expr)?);
        )+
    ) => {
        $(#[$struct_attribute])*
        #[non_exhaustive]
        pub struct $options {
            $(
                $(#[doc = $documentation])+
                pub $name: $type,
            )+
        }

        impl Default for $options {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl $options {
            /// The names of all options, as a configuration writes them.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// Checks each option for itself.
            pub(crate) fn check_each(&self) -> Result<(), $crate::node::InvalidOption> {
                use $crate::node::options::value::check;
                $(check(stringify!($name), &self.$name)?;)+
                Ok(())
            }
        }

        impl<'de> serde::Deserialize<'de> for $options {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use $crate::node::options::changes::Changes;
                let mut options = Self::default();
                $changes::deserialize(deserializer)?.apply_to(&mut options);
                Ok(options)
            }
        }

        /// The options that a configuration sets.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct $changes {
            $($name: Option<$type>,)+
        }

        impl $crate::node::options::changes::Changes for $changes {
            type Options = $options;
            const NAMES: &'static [&'static str] = $options::NAMES;

            fn read<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                name: &'static str,
                map: &mut A,
            ) -> Result<(), A::Error> {
                use $crate::node::options::value::read;
                match name {
                    $(stringify!($name) => read(&mut self.$name, name, map),)+
                    _ => Err(serde::de::Error::unknown_field(name, Self::NAMES)),
                }
            }

            fn apply_to(&self, options: &mut $options) {
                $(
                    if let Some(value) = &self.$name {
                        options.$name.clone_from(value);
                    }
                )+
            }
        }

        impl<'de> serde::Deserialize<'de> for $changes {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::node::options::changes::deserialize(deserializer)
            }
        }

        macro_rules! $setters {
            () => {
                $(
                    #[doc = concat!(
                        "Sets [`", stringify!($options), "::", stringify!($name), "`]."
                    )]
                    #[must_use]
                    #[track_caller]
                    pub fn $name(self, $parameter: $parameter_type) -> Self {
                        $(let $parameter = $converted;)?
                        $crate::node::Configure::<$options>::configure(self, |options| {
                            options.$name = $parameter;
                        })
                    }
                )+
            };
        }
        pub(crate) use $setters;
    };
}
