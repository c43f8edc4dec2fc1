//! What the attributes understood: the step between the user's tokens and ours.

use proc_macro2::{Ident, Span};
use syn::{Attribute, Generics, ItemImpl, Type, TypePath, Visibility};

use crate::wire_name::WireName;

/// An `impl` block with `#[hub]`.
pub(crate) struct HubBlock {
    /// The block to emit: the user's, without our helper attributes.
    pub(crate) block: ItemImpl,
    /// Whether the type borrows something, so that it cannot be a hub at all.
    pub(crate) borrows: bool,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) client: Option<TypePath>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) methods: Vec<HubMethod>,
    pub(crate) helpers: Vec<Helper>,
}

/// A method that clients may call.
pub(crate) struct HubMethod {
    pub(crate) function: Function,
    pub(crate) wire_name: WireName,
    pub(crate) docs: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) streamed: Option<Streamed>,
}

/// A method that clients cannot call.
pub(crate) struct Helper {
    pub(crate) rust_name: Ident,
    pub(crate) cfgs: Vec<Attribute>,
    /// What it would be called on the wire.
    pub(crate) wire_name: String,
    pub(crate) uncallable: Uncallable,
}

/// Why clients cannot call a method.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uncallable {
    NotPublic,
    /// It carries `#[hub(skip)]`.
    Skipped,
}

/// What a streaming method streams, as far as it is written.
pub(crate) struct Streamed {
    /// The stream itself.
    pub(crate) ty: Box<Type>,
    /// The type of its items, where that stands in the stream's.
    pub(crate) item: Option<Box<Type>>,
    pub(crate) opening: Opening,
}

/// Whether a streaming method can fail before it streams.
pub(crate) enum Opening {
    /// It returns `impl Stream`.
    Stream,
    /// Its type says so; and where its error is written, if it is.
    ByType { error: Option<Box<Type>> },
}

/// A method that runs around a connection's life.
pub(crate) struct Hook {
    pub(crate) kind: HookKind,
    pub(crate) function: Function,
    pub(crate) parameters: Vec<HookParameter>,
}

/// What a hub method and a hook have in common: how it is called.
pub(crate) struct Function {
    pub(crate) rust_name: Ident,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) is_async: bool,
    /// Nothing where no return type is written.
    pub(crate) returned: Option<Box<Type>>,
}

/// A parameter of a hub method.
pub(crate) enum Parameter {
    /// Decoded from the wire.
    Argument { name: Ident, ty: Box<Type> },
    /// A reference to what the call lends, of this type.
    Lent { name: Ident, ty: Box<Type> },
    /// Fires when the caller cancels the call or is gone.
    CancellationToken { name: Ident, ty: Box<Type> },
    /// A stream that the client sends along.
    StreamReader {
        name: Ident,
        ty: Box<Type>,
        item: Box<Type>,
    },
}

impl Parameter {
    /// Name and type, where it is decoded from the call's arguments.
    pub(crate) fn argument(&self) -> Option<(&Ident, &Type)> {
        match self {
            Self::Argument { name, ty } => Some((name, ty)),
            _ => None,
        }
    }
}

/// A parameter of a hook.
pub(crate) enum HookParameter {
    /// A reference to what a call lends, of this type.
    Lent(Box<Type>),
    Reason(Span),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HookKind {
    Connected,
    Disconnected,
}

impl HookKind {
    pub(crate) const NAMES: [&'static str; 2] = ["on_connected", "on_disconnected"];

    pub(crate) fn from_name(name: &Ident) -> Option<Self> {
        match name.to_string().as_str() {
            "on_connected" => Some(Self::Connected),
            "on_disconnected" => Some(Self::Disconnected),
            _ => None,
        }
    }
}

/// A trait with `#[hub_client]`.
pub(crate) struct ClientTrait {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) methods: Vec<ClientMethod>,
}

/// A method that the server may call on clients.
pub(crate) struct ClientMethod {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) rust_name: Ident,
    /// Lifetimes only.
    pub(crate) generics: Generics,
    pub(crate) wire_name: WireName,
    pub(crate) parameters: Vec<ClientParameter>,
    /// What the client returns; nothing for a push.
    pub(crate) result: Option<Type>,
}

pub(crate) struct ClientParameter {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// An enum with `#[derive(dotnet::Enum)]`.
pub(crate) struct DotnetEnum {
    pub(crate) rust_name: Ident,
    pub(crate) name: String,
    pub(crate) variants: Vec<DotnetVariant>,
    /// Whether a variant has data, so that none can be made from a number.
    pub(crate) has_data: bool,
}

pub(crate) struct DotnetVariant {
    pub(crate) rust_name: Ident,
    /// As it is written.
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
}

impl DotnetVariant {
    /// All names that are read.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.name).chain(&self.aliases)
    }
}
