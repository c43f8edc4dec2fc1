//! The content of `#[hub(..)]`: keys, some of them with a value.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token, TypePath};

use crate::errors::Errors;

/// The options of a `#[hub(..)]` on an `impl` block.
#[derive(Default)]
pub(crate) struct BlockOptions {
    pub(crate) client: Option<TypePath>,
}

/// The options of the `#[hub(..)]` attributes of one method.
#[derive(Default)]
pub(crate) struct MethodOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) skip: Option<Ident>,
    pub(crate) stream: Option<Ident>,
    pub(crate) deprecated: Option<Ident>,
}

/// The options of the `#[hub(..)]` attributes of one parameter.
#[derive(Default)]
pub(crate) struct ParameterOptions {
    pub(crate) default: Option<Ident>,
}

/// A key, with or without a value.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    pub(crate) value: Option<Expr>,
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.parse()?;
        let has_value = input.parse::<Option<Token![=]>>()?.is_some();
        let value = has_value.then(|| input.parse()).transpose()?;
        Ok(Self { key, value })
    }
}

impl BlockOptions {
    pub(crate) fn parse(arguments: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        for entry in entries(arguments, errors) {
            match entry.key.to_string().as_str() {
                "client" if options.client.is_some() => twice(&entry.key, errors),
                "client" => options.client = client(entry, errors),
                "contract" => errors.at(&entry.key, "hub contracts are not supported yet"),
                other => errors.at(
                    &entry.key,
                    format!("`#[hub]` has no option `{other}`; it knows `client = ..`"),
                ),
            }
        }
        options
    }
}

impl MethodOptions {
    /// Removes the `#[hub(..)]` attributes from a method and parses them.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        for attribute in take_named(attributes, "hub") {
            let Meta::List(list) = &attribute.meta else {
                let help = "`#[hub]` on a method says `#[hub(name = \"..\")]`, `#[hub(stream)]`, \
                            `#[hub(deprecated)]` or `#[hub(skip)]`";
                errors.at(&attribute, help);
                continue;
            };
            for entry in entries(list.tokens.clone(), errors) {
                options.read(entry, errors);
            }
        }
        if let (Some(_), Some(name)) = (&options.skip, &options.name) {
            errors.at(
                name,
                "a skipped method is not on the wire and has no name there",
            );
        }
        if let (Some(_), Some(stream)) = (&options.skip, &options.stream) {
            errors.at(
                stream,
                "a skipped method is not on the wire and streams nothing",
            );
        }
        if let (Some(_), Some(deprecated)) = (&options.skip, &options.deprecated) {
            errors.at(
                deprecated,
                "a skipped method is not on the wire: use Rust's own `#[deprecated]`",
            );
        }
        options
    }

    fn read(&mut self, entry: Entry, errors: &mut Errors) {
        match entry.key.to_string().as_str() {
            "name" if self.name.is_some() => twice(&entry.key, errors),
            "name" => self.name = wire_name(entry, errors),
            "skip" => self.skip = flag(entry, errors),
            "stream" => self.stream = flag(entry, errors),
            "deprecated" => self.deprecated = flag(entry, errors),
            "default" => errors.at(
                &entry.key,
                "`default` belongs to a parameter that clients may leave out: `#[hub(default)] count: u32`",
            ),
            other => errors.at(
                &entry.key,
                format!(
                    "`#[hub]` on a method has no option `{other}`; it knows `name = \"..\"`, `stream`, `deprecated` and `skip`"
                ),
            ),
        }
    }
}

impl ParameterOptions {
    /// Removes the `#[hub(..)]` attributes from a parameter and parses them.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        for attribute in take_named(attributes, "hub") {
            let Meta::List(list) = &attribute.meta else {
                errors.at(&attribute, "`#[hub]` on a parameter says `#[hub(default)]`");
                continue;
            };
            for entry in entries(list.tokens.clone(), errors) {
                options.read(entry, errors);
            }
        }
        options
    }

    fn read(&mut self, entry: Entry, errors: &mut Errors) {
        match entry.key.to_string().as_str() {
            "default" if self.default.is_some() => twice(&entry.key, errors),
            "default" => {
                if let Some(value) = &entry.value {
                    let help = "`default` takes no value: what a client leaves out is `Default::default()`; \
                                take an `Option` for any other value";
                    errors.at(value, help);
                }
                self.default = Some(entry.key);
            }
            other => errors.at(
                &entry.key,
                format!("`#[hub]` on a parameter has no option `{other}`; it knows `default`"),
            ),
        }
    }
}

/// Removes and returns the attributes with this name, with or without a path before it.
pub(crate) fn take_named(attributes: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    attributes
        .extract_if(.., |attribute| {
            let last = attribute.path().segments.last();
            last.is_some_and(|segment| segment.ident == name)
        })
        .collect()
}

/// Removes and reports `#[hub(..)]` where it has no meaning.
pub(crate) fn refuse(attributes: &mut Vec<Attribute>, errors: &mut Errors) {
    for attribute in take_named(attributes, "hub") {
        errors.at(attribute, "`#[hub(..)]` says something about methods only");
    }
}

/// Removes and reports `#[hub(..)]` on `self`.
pub(crate) fn refuse_on_self(attributes: &mut Vec<Attribute>, errors: &mut Errors) {
    for attribute in take_named(attributes, "hub") {
        errors.at(
            attribute,
            "clients send no argument for `self`: leave out `#[hub(..)]`",
        );
    }
}

fn entries(tokens: TokenStream, errors: &mut Errors) -> impl Iterator<Item = Entry> + use<> {
    let parser = Punctuated::<Entry, Token![,]>::parse_terminated;
    errors.take(parser.parse2(tokens)).into_iter().flatten()
}

pub(crate) fn twice(key: &Ident, errors: &mut Errors) {
    errors.at(key, format!("`{key}` is given twice"));
}

fn flag(entry: Entry, errors: &mut Errors) -> Option<Ident> {
    if let Some(value) = &entry.value {
        errors.at(value, format!("`{}` takes no value", entry.key));
    }
    Some(entry.key)
}

fn client(entry: Entry, errors: &mut Errors) -> Option<TypePath> {
    if let Some(Expr::Path(path)) = entry.value {
        return Some(TypePath {
            qself: path.qself,
            path: path.path,
        });
    }
    let help = "`client` names a `#[hub_client]` trait, without quotes: `client = ChatClient`";
    match entry.value {
        Some(value) => errors.at(value, help),
        None => errors.at(entry.key, help),
    }
    None
}

fn wire_name(entry: Entry, errors: &mut Errors) -> Option<LitStr> {
    match entry.value {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(name),
            ..
        })) if name.value().trim().is_empty() => {
            errors.at(name, "the name on the wire cannot be empty");
            None
        }
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(name),
            ..
        })) => Some(name),
        Some(value) => {
            errors.at(value, "`name` is a string: `name = \"JoinRoom\"`");
            None
        }
        None => {
            errors.at(entry.key, "`name` needs a value: `name = \"JoinRoom\"`");
            None
        }
    }
}
