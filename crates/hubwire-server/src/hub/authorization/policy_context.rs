//! What a policy decides about.

use std::fmt;
use std::sync::Arc;

use hubwire_protocol::{DecodeError, RawItem};
use serde::de::DeserializeOwned;

use crate::connection::{ConnectionRequest, Principal};
use crate::hub::Caller;
use crate::hub::kept_arguments::{decode_argument, not_kept};

use super::unread_argument::UnreadArgument;

/// What a policy decides about: a user's request to an endpoint, or a user's call of a method.
///
/// This is an owned handle; clones are cheap.
#[derive(Clone)]
pub struct PolicyContext(Arc<Subject>);

enum Subject {
    Request {
        principal: Principal,
        request: ConnectionRequest,
    },
    Call {
        principal: Principal,
        caller: Caller,
        method: Box<str>,
        arguments: Option<Vec<RawItem<'static>>>,
    },
}

impl PolicyContext {
    pub(crate) fn of_request(principal: Principal, request: ConnectionRequest) -> Self {
        Self(Arc::new(Subject::Request { principal, request }))
    }

    /// Creates what a policy decides about a call; the arguments are those that the client has
    /// sent, if the policy asks for them.
    pub(crate) fn of_call(
        principal: Principal,
        caller: Caller,
        method: &str,
        arguments: Option<Vec<RawItem<'static>>>,
    ) -> Self {
        Self(Arc::new(Subject::Call {
            principal,
            caller,
            method: method.into(),
            arguments,
        }))
    }

    /// Returns the user: of the request, or of the connection.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        match &*self.0 {
            Subject::Request { principal, .. } | Subject::Call { principal, .. } => principal,
        }
    }

    /// Returns the kept part of the request to an endpoint; for a call, that of the request that
    /// opened the connection.
    #[must_use]
    pub fn request(&self) -> &ConnectionRequest {
        match &*self.0 {
            Subject::Request { request, .. } => request,
            Subject::Call { caller, .. } => caller.request(),
        }
    }

    /// Returns the caller of a method; `None` at an endpoint.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        match &*self.0 {
            Subject::Request { .. } => None,
            Subject::Call { caller, .. } => Some(caller),
        }
    }

    /// Returns the declared name of the method; `None` at an endpoint.
    #[must_use]
    pub fn method_name(&self) -> Option<&str> {
        match &*self.0 {
            Subject::Request { .. } => None,
            Subject::Call { method, .. } => Some(method),
        }
    }

    /// Decodes an argument of the call, counted from 0.
    ///
    /// The arguments have not been checked yet: the type need not be that of the method's
    /// parameter.
    ///
    /// A client that sends another type, or too few arguments, is at fault itself: if the policy
    /// returns the error (`?`), or one that has it as a source, the client is told that its user is
    /// unauthorized, and the log has a warning without the value.
    ///
    /// # Errors
    ///
    /// Returns an error if the argument has another type, if there is none at this position, if the
    /// policy does not ask for arguments
    /// ([`Policy::check_with_arguments`](super::Policy::check_with_arguments)), or at an endpoint.
    pub fn argument<T: DeserializeOwned>(&self, position: usize) -> Result<T, DecodeError> {
        let Subject::Call { arguments, .. } = &*self.0 else {
            return Err(DecodeError::new(
                "a request to an endpoint has no arguments",
            ));
        };
        let remedy = "create the policy with `Policy::check_with_arguments`";
        let arguments = arguments.as_deref().ok_or_else(|| not_kept(remedy))?;
        let decoded = decode_argument(Some(arguments), position, remedy);
        decoded.map_err(|error| UnreadArgument::wrap(position, arguments.len(), error))
    }
}

impl fmt::Debug for PolicyContext {
    /// Omits the arguments, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyContext")
            .field("principal", self.principal())
            .field("method_name", &self.method_name())
            .finish_non_exhaustive()
    }
}
