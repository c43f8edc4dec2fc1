//! Whether a method streams, and what: decided by how its return type is written.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{AssocType, Type};

use super::borrow::{Borrows, is_static};
use super::outcome::{fallibility_of, has_bound, refuse_impl_trait, type_arguments, ungrouped};
use super::signature::last_segment;
use crate::errors::Errors;
use crate::model::{Items, Outcome, Streamed};

/// Reads the stream that a method returns; `mark` is its `#[hub(stream)]`.
pub(crate) fn streamed(
    outcome: &Outcome,
    mark: Option<&Ident>,
    errors: &mut Errors,
) -> Option<Streamed> {
    match (outcome.success().map(ungrouped), mark) {
        (Some(ty @ Type::ImplTrait(generic)), _) if has_bound(generic, "Stream") => {
            Some(opaque_stream(ty, errors))
        }
        (Some(Type::ImplTrait(generic)), Some(_)) => {
            refuse_impl_trait(generic, errors);
            None
        }
        (Some(ty), Some(_)) => Some(named_stream(ty)),
        (None, Some(mark)) => {
            errors.at(mark, "a method that streams returns its stream");
            None
        }
        (_, None) => None,
    }
}

/// `impl Stream<Item = ..>`.
fn opaque_stream(ty: &Type, errors: &mut Errors) -> Streamed {
    let item = item_binding(ty);
    if item.is_none() {
        let help = "say what the stream's items are: `impl Stream<Item = T>`";
        errors.at(ty, help);
    }
    Streamed {
        ty: Box::new(ty.clone()),
        items: item.map_or(Items::Values(None), items),
    }
}

/// A type that is a stream because its author says so.
fn named_stream(ty: &Type) -> Streamed {
    Streamed {
        ty: Box::new(ty.clone()),
        items: match item_binding(ty) {
            Some(item) => items(item),
            None => items_of_argument(ty),
        },
    }
}

/// What the one type between the angle brackets says: all of the items of a stream that we know, and of
/// another no more than that they are results.
fn items_of_argument(ty: &Type) -> Items {
    let segment = last_segment(ty);
    let mut arguments = segment.into_iter().flat_map(type_arguments);
    let (Some(segment), Some(argument), None) = (segment, arguments.next(), arguments.next())
    else {
        return Items::Values(None);
    };
    if segment.ident == "StreamReader" {
        return Items::Fallible {
            error: None,
            success: nameable(argument),
        };
    }
    match items(argument) {
        Items::Values(_) if segment.ident != "BoxStream" => Items::Values(None),
        known => known,
    }
}

fn items(item: &Type) -> Items {
    match fallibility_of(ungrouped(item)) {
        Outcome::Fallible { error, success, .. } => Items::Fallible {
            error: error.as_deref().and_then(nameable),
            success: success.as_deref().and_then(nameable),
        },
        Outcome::Value(ty) => Items::Values(ty.as_deref().and_then(nameable)),
    }
}

/// The type, unless it has parts that only the method's signature can name.
fn nameable(ty: &Type) -> Option<Box<Type>> {
    let borrows = Borrows::of(ty);
    let mut references = borrows.references.iter();
    let is_nameable = borrows.generics.is_empty()
        && borrows.lifetimes.is_empty()
        && references.all(|reference| reference.lifetime.is_none() || is_static(reference));
    is_nameable.then(|| Box::new(ty.clone()))
}

/// What stands behind the first `Item =`.
fn item_binding(ty: &Type) -> Option<&Type> {
    struct Finder<'a>(Option<&'a Type>);

    impl<'a> Visit<'a> for Finder<'a> {
        fn visit_assoc_type(&mut self, binding: &'a AssocType) {
            if self.0.is_none() && binding.ident == "Item" {
                self.0 = Some(&binding.ty);
            }
            visit::visit_assoc_type(self, binding);
        }
    }

    let mut finder = Finder(None);
    finder.visit_type(ty);
    finder.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::type_text::type_text;

    /// The items of a stream in short: `?` behind those that may fail, `_` for what cannot be named.
    fn items_in(written: &str) -> String {
        let ty = syn::parse_str(written).unwrap();
        let named = |ty: Option<Box<Type>>| ty.map_or_else(|| "_".to_owned(), type_text);
        match named_stream(&ty).items {
            Items::Fallible { error, success } => format!("{} ? {}", named(success), named(error)),
            Items::Values(ty) => named(ty),
        }
    }

    #[test]
    fn items_are_what_is_written() {
        for (written, items) in [
            ("impl Stream<Item = u32> + Send", "u32"),
            ("impl Stream<Item = HubResult<Vec<u8>>>", "Vec<u8> ? _"),
            ("impl Stream<Item = io::Result<u8>>", "u8 ? _"),
            ("impl Stream<Item = (Result<u8, Error>)>", "u8 ? Error"),
            ("impl Stream<Item = &str>", "&str"),
            ("impl Stream<Item = &'a str>", "_"),
            (
                "impl Stream<Item = Result<Cow<'a, str>, Error>>",
                "_ ? Error",
            ),
            ("impl Stream<Item = impl Serialize>", "_"),
            (
                "Pin<Box<dyn Stream<Item = HubResult<u8>> + Send>>",
                "u8 ? _",
            ),
            ("BoxStream<'static, u32>", "u32"),
            ("BoxStream<'_, Result<u32, Error>>", "u32 ? Error"),
            ("hubwire::StreamReader<u32>", "u32 ? _"),
            ("ReceiverStream<HubResult<u32>>", "u32 ? _"),
            ("ReceiverStream<u32>", "_"),
            ("Map<Iter<u32>, Result<u8, Error>>", "_"),
            ("Ticks", "_"),
        ] {
            assert_eq!(items_in(written), items, "{written}");
        }
    }
}
