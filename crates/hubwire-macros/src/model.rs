//! The parsed attributes: the step between the user's tokens and the generated code.

use proc_macro2::{Ident, Span};
use syn::{Attribute, Expr, Generics, ItemImpl, Type, TypePath, Visibility};

use crate::wire_name::WireName;

/// An `impl` block with `#[hub]`.
pub(crate) struct HubBlock {
    /// The block to emit: the user's block without our helper attributes.
    pub(crate) block: ItemImpl,
    /// Whether the type borrows something, and can therefore not be a hub.
    pub(crate) borrows: bool,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) client: Option<TypePath>,
    /// Who may use the hub's endpoints.
    pub(crate) authorize: Vec<Authorize>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) methods: Vec<HubMethod>,
    pub(crate) helpers: Vec<Helper>,
}

/// A method that clients may call.
pub(crate) struct HubMethod {
    pub(crate) function: Function,
    pub(crate) wire_name: WireName,
    pub(crate) docs: String,
    pub(crate) is_deprecated: bool,
    pub(crate) authorize: Vec<Authorize>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) streamed: Option<Streamed>,
}

/// What one `#[authorize]` asks for. The expressions are names: strings or constants.
#[derive(Default)]
pub(crate) struct Authorize {
    /// The roles of which one will do; if there are none, any signed-in user will.
    pub(crate) roles: Vec<Expr>,
    pub(crate) policy: Option<Expr>,
}

/// A method that clients cannot call.
pub(crate) struct Helper {
    pub(crate) rust_name: Ident,
    pub(crate) cfgs: Vec<Attribute>,
    /// The wire name that it would have.
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

/// The stream of a streaming method, as far as its type is written out.
pub(crate) struct Streamed {
    /// The stream itself.
    pub(crate) ty: Box<Type>,
    /// The type of its items, if it is part of the stream's type.
    pub(crate) item: Option<Box<Type>>,
    pub(crate) opening: Opening,
}

/// Whether a streaming method can fail before its stream begins.
pub(crate) enum Opening {
    /// The method returns `impl Stream` and cannot fail.
    Stream,
    /// The return type decides. `error` is the type of the error, if it is written out.
    ByType { error: Option<Box<Type>> },
}

/// A method that runs when a connection begins or ends.
pub(crate) struct Hook {
    pub(crate) kind: HookKind,
    pub(crate) function: Function,
    pub(crate) parameters: Vec<HookParameter>,
}

/// The common part of hub methods and hooks: how they are called.
pub(crate) struct Function {
    pub(crate) rust_name: Ident,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) is_async: bool,
    /// `None` if no return type is written.
    pub(crate) returned: Option<Box<Type>>,
}

/// A parameter of a hub method.
pub(crate) enum Parameter {
    /// An argument, which is decoded from the wire.
    Argument {
        name: Ident,
        ty: Box<Type>,
        /// The `default` of its `#[hub(default)]`, with which clients may leave it out.
        default: Option<Ident>,
    },
    /// A reference to a value of this type that the call lends.
    Lent { name: Ident, ty: Box<Type> },
    /// A token that fires when the caller cancels the call or is gone.
    CancellationToken { name: Ident, ty: Box<Type> },
    /// A stream that the client sends with the call.
    StreamReader {
        name: Ident,
        ty: Box<Type>,
        item: Box<Type>,
    },
}

impl Parameter {
    /// Returns the name and the type if it is an argument.
    pub(crate) fn argument(&self) -> Option<(&Ident, &Type)> {
        match self {
            Self::Argument { name, ty, .. } => Some((name, ty)),
            _ => None,
        }
    }

    /// Returns whether clients may leave it out.
    pub(crate) fn has_default(&self) -> bool {
        matches!(
            self,
            Self::Argument {
                default: Some(_),
                ..
            }
        )
    }
}

/// A parameter of a hook.
pub(crate) enum HookParameter {
    /// A reference to a value of this type that a call lends.
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
    /// The generics, which are lifetimes only.
    pub(crate) generics: Generics,
    pub(crate) wire_name: WireName,
    pub(crate) parameters: Vec<ClientParameter>,
    /// The type that the client returns; `None` for a push.
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
    /// Whether a variant has data, and can therefore not be created from a number.
    pub(crate) has_data: bool,
}

pub(crate) struct DotnetVariant {
    pub(crate) rust_name: Ident,
    /// The name that is written.
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
}

impl DotnetVariant {
    /// Returns all names that can be read.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.name).chain(&self.aliases)
    }
}
