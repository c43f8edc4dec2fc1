//! The parts of a type that borrow or are not named.

use syn::visit::{Visit, visit_type};
use syn::{Lifetime, Type, TypeImplTrait, TypeReference};

use crate::type_text::type_text;

/// All references, lifetimes and `impl Trait` types in a type.
#[derive(Default)]
pub(crate) struct Borrows<'a> {
    pub(crate) generics: Vec<&'a TypeImplTrait>,
    /// Without `'static`, and without the lifetimes of references.
    pub(crate) lifetimes: Vec<&'a Lifetime>,
    pub(crate) references: Vec<&'a TypeReference>,
}

impl<'a> Borrows<'a> {
    pub(crate) fn of(ty: &'a Type) -> Self {
        let mut borrows = Self::default();
        borrows.visit_type(ty);
        borrows
    }
}

impl<'a> Visit<'a> for Borrows<'a> {
    fn visit_lifetime(&mut self, lifetime: &'a Lifetime) {
        if lifetime.ident != "static" {
            self.lifetimes.push(lifetime);
        }
    }

    fn visit_type_impl_trait(&mut self, generic: &'a TypeImplTrait) {
        self.generics.push(generic);
    }

    fn visit_type_reference(&mut self, reference: &'a TypeReference) {
        self.references.push(reference);
        visit_type(self, &reference.elem);
    }
}

/// Returns whether a reference is written `&'static ..`.
pub(crate) fn is_static(reference: &TypeReference) -> bool {
    let lifetime = reference.lifetime.as_ref();
    lifetime.is_some_and(|lifetime| lifetime.ident == "static")
}

/// Returns the owned type to write instead of a reference.
pub(crate) fn owned(reference: &TypeReference) -> String {
    match &*reference.elem {
        Type::Slice(slice) => format!("Vec<{}>", type_text(&slice.elem)),
        elem => match type_text(elem).as_str() {
            "Path" => "PathBuf".to_owned(),
            "str" => "String".to_owned(),
            other => other.to_owned(),
        },
    }
}
