//! What a configuration changes, and how it is read.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error as _, MapAccess, Visitor};

/// A builder that holds options of this type; setters are written against it.
pub(crate) trait Configure<O>: Sized {
    /// Changes the options.
    fn configure(self, change: impl FnOnce(&mut O)) -> Self;
}

/// The options of one type that a configuration sets.
pub(crate) trait Changes: Default {
    type Options;
    const NAMES: &'static [&'static str];

    /// Reads the value of one option.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        map: &mut A,
    ) -> Result<(), A::Error>;

    /// Sets what the configuration sets, and leaves everything else.
    fn apply_to(&self, options: &mut Self::Options);
}

/// Reads options by their names; an unknown name is an error that lists the known ones.
pub(super) fn deserialize<'de, C: Changes, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<C, D::Error> {
    deserializer.deserialize_map(ChangesVisitor(PhantomData))
}

struct ChangesVisitor<C>(PhantomData<C>);

impl<'de, C: Changes> Visitor<'de> for ChangesVisitor<C> {
    type Value = C;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("options by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<C, A::Error> {
        let mut changes = C::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let known = C::NAMES.iter().find(|known| name == **known);
            let known = known.ok_or_else(|| A::Error::unknown_field(&name, C::NAMES))?;
            changes.read(known, &mut map)?;
        }
        Ok(changes)
    }
}
