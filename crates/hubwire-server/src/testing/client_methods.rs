//! The handlers of test clients for invocations by the hub.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hubwire_protocol::{
    BindArguments, HubMessage, HubProtocol, Invocation, Naming, RawArguments, RawItem,
};
use serde::Serialize;

/// A client's answer: its result, or the error of its handler.
pub(super) type Answer = Result<RawItem<'static>, String>;

/// Takes the arguments and the naming of the result.
type Handler = dyn FnMut(&RawArguments<'_>, Naming) -> Answer + Send;

/// Handlers by the names of their methods.
#[derive(Clone, Default)]
pub(super) struct ClientMethods(BTreeMap<String, Arc<Mutex<Handler>>>);

impl ClientMethods {
    pub(super) fn insert<A, T, F>(&mut self, method: &str, mut handler: F)
    where
        A: BindArguments,
        T: Serialize,
        F: FnMut(A) -> Result<T, String> + Send + 'static,
    {
        let answer = move |arguments: &RawArguments<'_>, naming| {
            let arguments = arguments.bind::<A>().map_err(|error| error.to_string())?;
            let result = handler(arguments)?;
            RawItem::encode(HubProtocol::Json, naming, &result).map_err(|error| error.to_string())
        };
        let handler: Arc<Mutex<Handler>> = Arc::new(Mutex::new(answer));
        self.0.insert(method.to_owned(), handler);
    }

    /// Returns a client's answer to an invocation; `None` if it has no handler for the method.
    pub(super) fn answer(
        &self,
        method: &str,
        arguments: &RawArguments<'_>,
        naming: Naming,
    ) -> Option<Answer> {
        let handler = self.0.get(method)?;
        let mut handler = handler.lock().unwrap_or_else(PoisonError::into_inner);
        Some(handler(arguments, naming))
    }

    /// Returns the record of a client's answer, if the message is an invocation that a handler
    /// exists for.
    pub(super) fn completion(&self, message: &HubMessage<'_>, naming: Naming) -> Option<Vec<u8>> {
        let HubMessage::Invocation(Invocation {
            invocation_id: Some(id),
            target,
            arguments,
            ..
        }) = message
        else {
            return None;
        };
        let answer = self.answer(target, arguments, naming)?;
        let mut record = Vec::new();
        let mut writer = HubProtocol::Json.writer(&mut record);
        let written = answer.and_then(|result| {
            let written = writer.completion_result(id, &result);
            written.map_err(|error| error.to_string())
        });
        if let Err(error) = written {
            writer.completion_error(id, &error);
        }
        Some(record)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for ClientMethods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A client method that a hub invoked for a result and that has no handler in the test.
#[derive(Debug)]
pub(super) struct Unscripted {
    pub(super) method: String,
    /// The name of the object with the `on` method that adds a handler.
    pub(super) of: &'static str,
}

impl fmt::Display for Unscripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, of } = self;
        write!(
            f,
            "the hub invoked `{method}` on a client, and no handler answered: \
             set one with `{of}.on(\"{method}\", ..)`"
        )
    }
}

impl Error for Unscripted {}
