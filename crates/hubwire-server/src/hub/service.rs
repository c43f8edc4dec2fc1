//! A hub without its type; this is all that the dispatcher knows.

use std::fmt;
use std::sync::Arc;

use futures_core::future::BoxFuture;
use hubwire_core::InvocationScope;
use hubwire_protocol::{BindError, Headers, RawArguments};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::hint::hint;
use super::method_table::MethodTable;
use super::{
    Call, Caller, Hub, HubCallerContext, HubResult, LentStreamReader, RefusedCall, Reply,
    Resources, ResourcesBuilder,
};
use crate::connection::DisconnectReason;

/// A hub without its type, as the dispatcher calls it.
///
/// Every built [`Hub`] is one. Nothing accepts a hand-written implementation yet.
pub trait HubService: Send + Sync + 'static {
    /// Returns the index of the method that `target` names, ignoring ASCII case.
    fn method(&self, target: &str) -> Option<usize>;

    /// Returns the declared name of the method at this index, for error texts.
    fn method_name(&self, method: usize) -> &str;

    /// Returns the name of a parameter that is sent as an argument, counted from zero, for the
    /// log.
    fn parameter_name(&self, _method: usize, _argument: usize) -> Option<&str> {
        None
    }

    /// Returns a hint for a call of an unknown method: what the client may have meant, for the log.
    fn hint(&self, _target: &str) -> Option<String> {
        None
    }

    /// Is told of a call that is refused before it is bound, or because it does not fit.
    fn call_refused(&self, _call: &RefusedCall<'_>) {}

    /// Does the same as [`Hub::resources`].
    fn resources(&self, method: usize, builder: ResourcesBuilder<'_>) -> Resources;

    /// Does the same as [`Hub::bind`].
    ///
    /// # Errors
    ///
    /// Returns [`BindError`] if the arguments do not fit the method.
    fn bind(&self, method: usize, call: HubCall<'_>) -> Result<Reply, BindError>;

    /// Does the same as [`Hub::on_connected`].
    fn on_connected(&self, caller: Caller) -> BoxFuture<'_, HubResult>;

    /// Does the same as [`Hub::on_disconnected`].
    fn on_disconnected(&self, caller: Caller, reason: DisconnectReason)
    -> BoxFuture<'_, HubResult>;
}

impl fmt::Debug for dyn HubService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HubService")
    }
}

/// A call as it arrived on the wire: the caller, and arguments that are not yet decoded.
#[derive(Clone, Copy, Debug)]
pub struct HubCall<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) headers: &'a Headers<'a>,
    pub(crate) arguments: &'a RawArguments<'a>,
    pub(crate) resources: &'a Resources,
    /// Whether the client gets a response.
    pub(crate) is_answered: bool,
}

impl<'a> HubCall<'a> {
    pub(super) fn resources(&self) -> &'a Resources {
        self.resources
    }

    /// Returns the connection that the call came from.
    #[must_use]
    pub fn caller(&self) -> &'a Caller {
        self.caller
    }

    /// Returns the headers of the message, which are not those of an HTTP request: a client may
    /// send other ones with each call. Most send none.
    #[must_use]
    pub fn headers(&self) -> &'a Headers<'a> {
        self.headers
    }

    /// Returns the arguments as they arrived.
    #[must_use]
    pub fn arguments(&self) -> &'a RawArguments<'a> {
        self.arguments
    }

    /// Returns the connection that the call came from, for the method to keep. Invoking clients
    /// through it does not make other calls of the connection wait.
    #[must_use]
    pub fn caller_in_scope(&self) -> Caller {
        let scope: Arc<dyn InvocationScope> = self.resources.slot_of(self.caller.connection());
        self.caller.in_scope(scope)
    }

    /// Returns the token to pass to the method: it fires when the caller cancels the call or its
    /// connection ends.
    ///
    /// It is not an argument on the wire. Returns `None` if no token was made for this method.
    #[must_use]
    pub fn cancellation_token(&self) -> Option<CancellationToken> {
        self.resources.token().cloned()
    }

    /// Returns the client's stream at this position among the method's streams, to be opened when
    /// the method runs.
    ///
    /// Returns `None` if no stream of such items was made at this position.
    #[must_use]
    pub fn stream_reader<T>(&self, index: usize) -> Option<LentStreamReader<T>>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.resources.stream_reader(index)
    }
}

/// A [`Hub`] as a [`HubService`].
pub(crate) struct TypedHub<H> {
    hub: Arc<H>,
    methods: MethodTable,
}

impl<H: Hub> TypedHub<H> {
    pub(crate) fn new(hub: H) -> Self {
        Self {
            hub: Arc::new(hub),
            methods: MethodTable::new(H::METHODS),
        }
    }
}

impl<H: Hub> HubService for TypedHub<H> {
    fn method(&self, target: &str) -> Option<usize> {
        self.methods.find(target)
    }

    fn method_name(&self, method: usize) -> &str {
        H::METHODS.get(method).map_or("", |method| method.name)
    }

    fn parameter_name(&self, method: usize, argument: usize) -> Option<&str> {
        let parameters = H::METHODS.get(method)?.parameters.iter();
        let mut arguments = parameters.filter(|parameter| !parameter.is_stream);
        arguments.nth(argument).map(|parameter| parameter.name)
    }

    fn hint(&self, target: &str) -> Option<String> {
        hint(H::METHODS, H::HELPERS, target)
    }

    fn resources(&self, method: usize, builder: ResourcesBuilder<'_>) -> Resources {
        H::resources(method, builder)
    }

    fn bind(&self, method: usize, call: HubCall<'_>) -> Result<Reply, BindError> {
        Arc::clone(&self.hub).bind(method, Call::new(call))
    }

    fn on_connected(&self, caller: Caller) -> BoxFuture<'_, HubResult> {
        Box::pin(async move { self.hub.on_connected(&HubCallerContext::new(caller)).await })
    }

    fn on_disconnected(
        &self,
        caller: Caller,
        reason: DisconnectReason,
    ) -> BoxFuture<'_, HubResult> {
        Box::pin(async move {
            let cx = HubCallerContext::new(caller);
            self.hub.on_disconnected(&cx, &reason).await
        })
    }
}
