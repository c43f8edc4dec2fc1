//! What clients in tests answer when a hub invokes them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hubwire_protocol::{
    BindArguments, HubMessage, HubProtocol, Naming, RECORD_SEPARATOR, RawArguments, RawItem,
};
use serde::Serialize;
use serde_json::{Value, json};

/// A client's answer: its result, or the error of its handler.
pub(super) type Answer = Result<RawItem<'static>, String>;

type Handler = dyn FnMut(&RawArguments<'_>) -> Answer + Send;

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
        let answer = move |arguments: &RawArguments<'_>| {
            let arguments = arguments.bind::<A>().map_err(|error| error.to_string())?;
            let result = handler(arguments)?;
            RawItem::encode(HubProtocol::Json, Naming::AsDeclared, &result)
                .map_err(|error| error.to_string())
        };
        let handler: Arc<Mutex<Handler>> = Arc::new(Mutex::new(answer));
        self.0.insert(method.to_owned(), handler);
    }

    /// What a client answers to an invocation; `None` if it has no handler for the method.
    pub(super) fn answer(&self, method: &str, arguments: &RawArguments<'_>) -> Option<Answer> {
        let handler = self.0.get(method)?;
        let mut handler = handler.lock().unwrap_or_else(PoisonError::into_inner);
        Some(handler(arguments))
    }

    /// The completion with which a client answers what it received, if that is an invocation for one of these.
    pub(super) fn completion(&self, message: &Value) -> Option<Value> {
        if self.0.is_empty() || message["type"] != 1 {
            return None;
        }
        let id = message.get("invocationId")?;
        let mut record = message.to_string().into_bytes();
        record.push(RECORD_SEPARATOR);
        let Ok(Some((HubMessage::Invocation(invocation), _))) =
            HubProtocol::Json.next_message(&record, None)
        else {
            return None;
        };
        let answer = self.answer(&invocation.target, &invocation.arguments)?;
        let result = answer.and_then(|item| item.decode::<Value>().map_err(|e| e.to_string()));
        Some(match result {
            Ok(result) => json!({"type": 3, "invocationId": id, "result": result}),
            Err(error) => json!({"type": 3, "invocationId": id, "error": error}),
        })
    }
}

impl fmt::Debug for ClientMethods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
