//! Whether a method streams, which depends on how its return type is written.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{AssocType, Type};

use super::outcome::{has_bound, refuse_impl_trait, type_arguments, ungrouped, written_result};
use super::signature::last_segment;
use crate::errors::Errors;
use crate::model::{Opening, Streamed};

/// Parses the stream that a method returns; `mark` is its `#[hub(stream)]`.
pub(crate) fn streamed(
    returned: Option<&Type>,
    mark: Option<&Ident>,
    errors: &mut Errors,
) -> Option<Streamed> {
    match (returned.map(ungrouped), mark) {
        (Some(ty), _) if is_opaque_stream(ty) => Some(opaque_stream(ty, Opening::Stream, errors)),
        (Some(ty), mark) if let Some((stream, error)) = stream_in_result(ty, mark) => {
            let error = error.cloned().map(Box::new);
            Some(opaque_stream(stream, Opening::ByType { error }, errors))
        }
        (Some(ty), Some(_)) => marked(ty, errors),
        (None, Some(mark)) => {
            errors.at(mark, "a method that streams returns its stream");
            None
        }
        (_, None) => None,
    }
}

fn is_opaque_stream(ty: &Type) -> bool {
    matches!(ty, Type::ImplTrait(generic) if has_bound(generic, "Stream"))
}

/// Returns the `impl Stream` inside a type that is named like a result or marked as streaming, and
/// the second generic argument.
fn stream_in_result<'a>(
    ty: &'a Type,
    mark: Option<&Ident>,
) -> Option<(&'a Type, Option<&'a Type>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let is_result = mark.is_some() || last.ident.to_string().ends_with("Result");
    let mut types = type_arguments(last).map(ungrouped);
    let stream = types
        .next()
        .filter(|ty| is_result && is_opaque_stream(ty))?;
    Some((stream, types.next()))
}

/// Parses `impl Stream<Item = ..>`.
fn opaque_stream(ty: &Type, opening: Opening, errors: &mut Errors) -> Streamed {
    let item = item_binding(ty);
    if item.is_none() {
        let help = "say what the stream's items are: `impl Stream<Item = T>`";
        errors.at(ty, help);
    }
    Streamed {
        ty: Box::new(ty.clone()),
        item: item.cloned().map(Box::new),
        opening,
    }
}

/// Parses a type that is marked as a stream, or as a result of one.
fn marked(ty: &Type, errors: &mut Errors) -> Option<Streamed> {
    let (stream, error) = match written_result(ty) {
        Some(result) => (result.success.map_or(ty, ungrouped), result.error),
        None => (ty, None),
    };
    if let Type::ImplTrait(generic) = stream {
        refuse_impl_trait(generic, errors);
        return None;
    }
    Some(Streamed {
        ty: Box::new(stream.clone()),
        item: item_of_named(stream).cloned().map(Box::new),
        opening: Opening::ByType {
            error: error.cloned().map(Box::new),
        },
    })
}

/// Returns `T` of `BoxStream<'_, T>` and similar types, or the type after `Item =`.
fn item_of_named(ty: &Type) -> Option<&Type> {
    item_binding(ty).or_else(|| {
        let mut types = type_arguments(last_segment(ty)?);
        types.next().filter(|_| types.next().is_none())
    })
}

/// Returns the type after the first `Item =`.
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
    use quote::format_ident;

    use super::*;
    use crate::type_text::type_text;

    /// Returns the stream in short, its item and the error of its opening; `_` for parts that are
    /// not written out.
    fn read(written: &str, mark: Option<&Ident>) -> Option<String> {
        let ty = syn::parse_str(written).unwrap();
        let streamed = streamed(Some(&ty), mark, &mut Errors::default())?;
        let named = |ty: Option<Box<Type>>| ty.map_or_else(|| "_".to_owned(), type_text);
        let item = named(streamed.item);
        Some(match streamed.opening {
            Opening::Stream => item,
            Opening::ByType { error } => format!("{item} ? {}", named(error)),
        })
    }

    #[test]
    fn streams_are_what_is_written() {
        for (written, stream) in [
            ("impl Stream<Item = u32> + Send", "u32"),
            (
                "(impl Stream<Item = HubResult<Vec<u8>>>)",
                "HubResult<Vec<u8>>",
            ),
            ("HubResult<impl Stream<Item = &str>>", "&str ? _"),
            ("Result<impl Stream<Item = u8>, Error>", "u8 ? Error"),
            ("AppResult<impl Stream<Item = u8>>", "u8 ? _"),
        ] {
            assert_eq!(read(written, None).as_deref(), Some(stream), "{written}");
        }
        for written in [
            "u32",
            "Ticks",
            "HubResult<Ticks>",
            "Option<impl Stream<Item = u8>>",
        ] {
            assert_eq!(read(written, None), None, "{written}");
        }
    }

    #[test]
    fn streams_are_what_is_marked() {
        let mark = format_ident!("stream");
        for (written, stream) in [
            ("Opened<impl Stream<Item = u8>>", "u8 ? _"),
            (
                "Pin<Box<dyn Stream<Item = HubResult<u8>> + Send>>",
                "HubResult<u8> ? _",
            ),
            ("BoxStream<'static, u32>", "u32 ? _"),
            ("Result<BoxStream<'_, u32>, Error>", "u32 ? Error"),
            ("Map<Iter<u32>, Double>", "_ ? _"),
            ("Ticks", "_ ? _"),
            ("HubResult", "_ ? _"),
        ] {
            assert_eq!(
                read(written, Some(&mark)).as_deref(),
                Some(stream),
                "{written}"
            );
        }
    }
}
