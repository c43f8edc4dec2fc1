//! Detection of a missing context parameter, or of its missing `<Self>`.
//!
//! The compiler would report an unknown `cx` or a missing generic argument. Here the method is
//! completed, and the user is told once what to write.

use proc_macro2::{Ident, Span};
use syn::visit::{self, Visit};
use syn::{
    Expr, ExprCall, ExprPath, FnArg, ImplItemFn, ItemMacro, Macro, PatIdent, PathArguments, Type,
    parse_quote,
};

use super::context_in_macro;
use crate::errors::Errors;
use crate::type_text::type_text;

/// Reports and adds the missing `<Self>` of contexts, and a missing context.
pub(crate) fn complete(function: &mut ImplItemFn, errors: &mut Errors) {
    for input in &mut function.sig.inputs {
        if let FnArg::Typed(input) = input {
            name_hub(&mut input.ty, errors);
        }
    }
    if let Some(used) = unknown_context(function) {
        let help =
            "the call's context is a parameter: write `cx: &HubCallerContext<Self>` after `&self`";
        errors.push(syn::Error::new(used, help));
        let cx = Ident::new("cx", used);
        let context: syn::Stmt = parse_quote! {
            let #cx: &::hubwire::__private::HubCallerContext<Self> =
                ::core::option::Option::None.unwrap();
        };
        function.block.stmts.insert(0, context);
    }
}

/// Adds `<Self>` to `&HubCallerContext`. Types with this name in other crates are left alone.
fn name_hub(ty: &mut Type, errors: &mut Errors) {
    let Type::Reference(reference) = ty else {
        return;
    };
    let written = type_text(&reference.elem);
    let Type::Path(path) = &mut *reference.elem else {
        return;
    };
    let is_ours = path.path.segments.len() == 1 || path.path.segments[0].ident == "hubwire";
    let Some(last) = path.path.segments.last_mut().filter(|_| is_ours) else {
        return;
    };
    let is_context = last.ident == "HubCallerContext" || last.ident == "HubContext";
    if is_context && last.arguments.is_none() {
        errors.at(
            &*last,
            format!("say of which hub: write `&{written}<Self>`"),
        );
        last.arguments = PathArguments::AngleBracketed(parse_quote!(<Self>));
    }
}

/// Returns the first use of a `cx` that the method neither takes nor declares.
fn unknown_context(function: &ImplItemFn) -> Option<Span> {
    #[derive(Default)]
    struct Finder {
        used: Option<Span>,
        is_bound: bool,
    }

    impl<'a> Visit<'a> for Finder {
        fn visit_expr_call(&mut self, call: &'a ExprCall) {
            // A function named `cx` is not the context.
            if !matches!(&*call.func, Expr::Path(function) if function.path.is_ident("cx")) {
                self.visit_expr(&call.func);
            }
            call.args
                .iter()
                .for_each(|argument| self.visit_expr(argument));
        }

        fn visit_expr_path(&mut self, path: &'a ExprPath) {
            if let Some(ident) = path.path.get_ident().filter(|ident| *ident == "cx") {
                self.used.get_or_insert_with(|| ident.span());
            }
        }

        fn visit_macro(&mut self, called: &'a Macro) {
            if self.used.is_none() {
                self.used = context_in_macro::use_in(called);
            }
        }

        fn visit_item_macro(&mut self, _: &'a ItemMacro) {
            // The code of a declared macro runs elsewhere.
        }

        fn visit_pat_ident(&mut self, pattern: &'a PatIdent) {
            self.is_bound |= pattern.ident == "cx";
            visit::visit_pat_ident(self, pattern);
        }
    }

    let mut finder = Finder::default();
    finder.visit_impl_item_fn(function);
    finder.used.filter(|_| !finder.is_bound)
}
