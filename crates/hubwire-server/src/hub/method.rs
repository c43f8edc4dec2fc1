//! The description of a hub method.

use super::Authorize;

/// A method that clients may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Method {
    /// The wire name; clients may write it in any ASCII case.
    pub name: &'static str,
    /// The parameters sent over the wire, in order.
    pub parameters: &'static [Parameter],
    /// The method's documentation.
    pub docs: &'static str,
    /// Whether the method returns a stream.
    pub is_streaming: bool,
    /// Whether clients should no longer call the method. Their calls are counted.
    pub is_deprecated: bool,
    /// Who may call the method, beyond who may use the endpoint: all of this must be met.
    pub authorize: &'static [Authorize],
}

impl Method {
    /// Creates the description of a method.
    #[must_use]
    pub const fn new(
        name: &'static str,
        parameters: &'static [Parameter],
        docs: &'static str,
    ) -> Self {
        Self {
            name,
            parameters,
            docs,
            is_streaming: false,
            is_deprecated: false,
            authorize: &[],
        }
    }

    /// Marks the method as one that returns a stream.
    #[must_use]
    pub const fn streaming(mut self) -> Self {
        self.is_streaming = true;
        self
    }

    /// Marks the method as one that clients should no longer call.
    #[must_use]
    pub const fn deprecated(mut self) -> Self {
        self.is_deprecated = true;
        self
    }

    /// Lets only those call the method who meet all of this.
    #[must_use]
    pub const fn authorized(mut self, authorize: &'static [Authorize]) -> Self {
        self.authorize = authorize;
        self
    }
}

/// A method of a hub that clients cannot call. The log mentions it if a client tries to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Helper {
    /// The wire name that it would have.
    pub name: &'static str,
    /// Its name in Rust.
    pub rust_name: &'static str,
    /// Whether `#[hub(skip)]` hides it from clients; otherwise it is not `pub`.
    pub is_skipped: bool,
}

impl Helper {
    /// Creates the description of a method that is not `pub`.
    #[must_use]
    pub const fn new(name: &'static str, rust_name: &'static str) -> Self {
        Self {
            name,
            rust_name,
            is_skipped: false,
        }
    }

    /// Marks the method as one with `#[hub(skip)]`.
    #[must_use]
    pub const fn skipped(mut self) -> Self {
        self.is_skipped = true;
        self
    }
}

/// A parameter of a hub method that is sent over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// The parameter's name in Rust.
    pub name: &'static str,
    /// The parameter's type as written by its author.
    pub type_name: &'static str,
    /// Whether it is a stream from the client; the type is then that of the items.
    pub is_stream: bool,
    /// Whether a client may leave it out.
    pub has_default: bool,
}

impl Parameter {
    /// Creates the description of a parameter.
    #[must_use]
    pub const fn new(name: &'static str, type_name: &'static str) -> Self {
        Self {
            name,
            type_name,
            is_stream: false,
            has_default: false,
        }
    }

    /// Marks the parameter as a stream from the client with items of this type.
    #[must_use]
    pub const fn stream(mut self) -> Self {
        self.is_stream = true;
        self
    }

    /// Marks the parameter as one that a client may leave out.
    #[must_use]
    pub const fn with_default(mut self) -> Self {
        self.has_default = true;
        self
    }
}
