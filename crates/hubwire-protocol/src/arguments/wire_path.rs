//! The names on the wire along a path in a MessagePack value.

use std::borrow::Cow;

use crate::messagepack::{Head, Input};
use crate::naming::Naming;

/// Follows a path of declared names.
pub(super) struct WirePath<'a> {
    /// The value at the current position; `None` if the path was lost.
    at: Option<Input<'a>>,
    naming: Naming,
}

impl<'a> WirePath<'a> {
    pub(super) const fn new(value: &'a [u8], naming: Naming) -> Self {
        Self {
            at: Some(Input::new(value)),
            naming,
        }
    }

    pub(super) fn enter_element(&mut self, index: usize) {
        self.at = self.at.and_then(|array| element(array, index));
    }

    /// Enters a member and returns its name on the wire.
    ///
    /// Keys of maps keep their names, and members of structs are renamed. Both names are tried,
    /// because the path does not tell maps from structs.
    pub(super) fn enter_member(&mut self, declared: &str) -> Option<Cow<'a, str>> {
        let map = self.at.take()?;
        let (name, value) = member(map, declared).or_else(|| {
            self.naming
                .with_messagepack_name(declared, |name| member(map, name))
        })?;
        self.at = Some(value);
        Some(name)
    }
}

fn element(mut array: Input<'_>, index: usize) -> Option<Input<'_>> {
    let Head::Array(_) = array.next().ok()? else {
        return None;
    };
    for _ in 0..index {
        array.skip().ok()?;
    }
    Some(array)
}

fn member<'a>(mut map: Input<'a>, name: &str) -> Option<(Cow<'a, str>, Input<'a>)> {
    let Head::Map(count) = map.next().ok()? else {
        return None;
    };
    for _ in 0..count {
        let key = map;
        map.skip().ok()?;
        if let Ok(Head::Text(text)) = { key }.next()
            && text == name.as_bytes()
        {
            return Some((String::from_utf8_lossy(text), map));
        }
        map.skip().ok()?;
    }
    None
}
