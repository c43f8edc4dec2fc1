//! The error of a hub method, and the part of it that a client may see.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use hubwire_core::ClientResultError;

use super::type_name::short_type_name;
use crate::node::{ErrorDetail, Panic};

/// The result of a hub method.
///
/// ```
/// use hubwire::{HubError, HubResult};
///
/// fn greeting(name: &str) -> HubResult<String> {
///     match name {
///         "" => Err(HubError::new("Who are you?")),
///         name => Ok(format!("Hello {name}")),
///     }
/// }
///
/// fn remember(name: &str) -> HubResult {
///     std::fs::write("names.txt", name)?; // any error; hidden from the caller
///     Ok(())
/// }
/// # assert!(greeting("").is_err());
/// # let _ = remember;
/// ```
///
/// Sends, groups and client results have their own error types
/// ([`SendError`](hubwire_core::SendError) and others), which `?` converts to a [`HubError`]. A
/// method that ends with such a call must therefore return `Ok(..?)`. Without the `?`, the compiler
/// finds `Result<(), SendError>` where it expects `Result<(), HubError>`:
///
/// ```
/// use hubwire::{HubCallerContext, HubResult, SendError, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {
///     pub async fn tell(&self, cx: &HubCallerContext<Self>, text: String) -> HubResult {
///         Ok(cx.clients().all().send("Told", (text,)).await?)
///     }
///
///     // Or in the send's own words; to the caller it is the same.
///     pub async fn call(&self, cx: &HubCallerContext<Self>, text: String) -> Result<(), SendError> {
///         cx.clients().all().send("Called", (text,)).await
///     }
/// }
/// ```
pub type HubResult<T = ()> = Result<T, HubError>;

/// The reason why a hub method failed.
///
/// [`HubError::new`] is SignalR's `HubException`: its text reaches the caller. Every other error
/// that `?` converts to a `HubError` is hidden: the caller reads a generic text, and the cause is
/// in the log. If a method fails repeatedly, the log has one line in ten seconds, with a count and
/// the first cause.
///
/// ```
/// use hubwire::{HubError, HubResult};
///
/// fn save(text: &str) -> Result<(), std::io::Error> {
///     # let _ = text;
///     Ok(())
/// }
///
/// fn send(text: &str) -> HubResult {
///     if text.is_empty() {
///         return Err(HubError::new("Message cannot be empty")); // the caller reads this
///     }
///     save(text)?; // the caller never reads why this failed
///     Ok(())
/// }
/// # assert!(send("").is_err());
/// ```
///
/// Whether an error is shown depends on how it is converted, not on its type: `?`, `.into()` and
/// `HubError::from` hide it, even if it is a text, and only [`HubError::new`] shows it. To show the
/// text of another error, create a new one from it:
///
/// ```
/// use hubwire::{HubError, HubResult};
///
/// fn pay(amount: &str) -> HubResult<u32> {
///     // "invalid digit found in string" is the caller's to read ..
///     let amount = amount.parse::<u32>().map_err(|error| HubError::new(error.to_string()))?;
///     match amount {
///         0 => Err("the till is empty".into()), // .. and this is not
///         amount => Ok(amount),
///     }
/// }
///
/// assert!(pay("ten").unwrap_err().is_shown());
/// assert!(!pay("0").unwrap_err().is_shown());
/// ```
///
/// To show errors of a type of your own, implement [`From`] for it, which `?` uses. This works only
/// if the type is not a [`std::error::Error`], because those are converted already, and hidden. Use
/// `map_err` for types that are, such as those that `thiserror` derives:
///
/// ```
/// use hubwire::{HubError, HubResult};
///
/// enum OrderError {
///     SoldOut,
/// }
///
/// impl From<OrderError> for HubError {
///     fn from(error: OrderError) -> Self {
///         match error {
///             OrderError::SoldOut => HubError::new("Sold out"),
///         }
///     }
/// }
///
/// #[derive(Debug)]
/// struct Closed;
///
/// impl std::fmt::Display for Closed {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("The shop is closed")
///     }
/// }
///
/// impl std::error::Error for Closed {}
///
/// fn shown(error: Closed) -> HubError {
///     HubError::new(error.to_string())
/// }
///
/// fn order(stock: Result<u32, OrderError>, shop: Result<(), Closed>) -> HubResult<u32> {
///     shop.map_err(shown)?;
///     Ok(stock?)
/// }
///
/// assert!(order(Err(OrderError::SoldOut), Ok(())).unwrap_err().is_shown());
/// assert!(order(Ok(1), Err(Closed)).unwrap_err().is_shown());
/// ```
///
/// It does not implement [`std::error::Error`]; this is what allows any error to be converted,
/// including boxed errors and those of `anyhow`.
///
/// It is also an axum response, so a handler that sends to clients can return [`HubResult`]. A
/// shown error responds with its text and status 400, any other with a generic text and status
/// 500, and its cause is logged.
///
/// ```
/// use axum::extract::{Path, State};
/// use hubwire::{HubContext, HubError, HubResult, hub};
///
/// struct OrdersHub;
///
/// #[hub]
/// impl OrdersHub {}
///
/// async fn ship(State(hub): State<HubContext<OrdersHub>>, Path(id): Path<i64>) -> HubResult {
///     if id < 1 {
///         return Err(HubError::new("There is no such order")); // 400
///     }
///     hub.clients().all().send("OrderShipped", (id,)).await?; // 500, should it fail
///     Ok(())
/// }
///
/// let app = axum::Router::<HubContext<OrdersHub>>::new()
///     .route("/orders/{id}/ship", axum::routing::post(ship));
/// ```
pub struct HubError {
    kind: Kind,
    type_name: Cow<'static, str>,
}

enum Kind {
    Hidden(Box<dyn Error + Send + Sync>),
    Shown(String),
}

impl HubError {
    /// Creates an error with a text that the caller reads, as `HubException: {message}`.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Shown(message.into()),
            type_name: Cow::Borrowed("HubException"),
        }
    }

    /// Creates an error with a text that only the log shows, unless detailed errors are on.
    pub fn hidden(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Hidden(error.into()),
            type_name: Cow::Borrowed("Error"),
        }
    }

    /// Sets the name of the error where its type is shown, in place of `HubException` or the Rust
    /// type.
    #[must_use]
    pub fn with_type_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.type_name = name.into();
        self
    }

    /// Returns the hidden cause; `None` for an error that is shown.
    ///
    /// ```
    /// use std::num::ParseIntError;
    ///
    /// use hubwire::HubError;
    ///
    /// let error = HubError::from("x".parse::<u8>().unwrap_err());
    /// assert!(error.cause().is_some_and(|cause| cause.is::<ParseIntError>()));
    /// assert!(HubError::new("Message cannot be empty").cause().is_none());
    /// ```
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        match &self.kind {
            Kind::Hidden(error) => Some(&**error),
            Kind::Shown(_) => None,
        }
    }

    pub(crate) fn into_cause(self) -> Option<Box<dyn Error + Send + Sync>> {
        match self.kind {
            Kind::Hidden(error) => Some(error),
            Kind::Shown(_) => None,
        }
    }

    /// Returns whether the caller reads the text even without detailed errors.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        matches!(self.kind, Kind::Shown(_))
    }

    /// Returns the name of the error where its type is shown.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// Converts a client result error. As in ASP.NET Core, the caller reads the client's own error
    /// and timeouts, and nothing else.
    fn of_client_result(error: ClientResultError) -> Self {
        let type_name = match &error {
            ClientResultError::Client(_)
            | ClientResultError::NoResult
            | ClientResultError::Decode { .. }
            | ClientResultError::TimedOut { .. } => return Self::new(error.to_string()),
            ClientResultError::UnknownConnection { .. }
            | ClientResultError::Disconnected { .. } => "IOException",
            ClientResultError::InOnConnected => "InvalidOperationException",
            _ => "ClientResultError",
        };
        Self::hidden(error).with_type_name(type_name)
    }

    /// Creates the error that a method reads at the end of a stream from a client that is gone.
    pub(crate) fn connection_closed() -> Self {
        Self::hidden("The underlying connection was closed.")
            .with_type_name("OperationCanceledException")
    }

    pub(crate) fn panicked(panic: Panic) -> Self {
        Self::hidden(panic.into_text()).with_type_name("Panic")
    }

    /// Returns the text that a client reads, by SignalR's rule for all error texts (protocol:
    /// "What errors look like to the client").
    pub(crate) fn client_text(&self, base: &str, detail: ErrorDetail) -> String {
        if detail == ErrorDetail::Hidden && !self.is_shown() {
            return base.to_owned();
        }
        let mut text = format!("{base} {}: {self}", self.type_name);
        if let Kind::Hidden(error) = &self.kind {
            let mut cause = error.source();
            while let Some(error) = cause {
                text.push_str(&format!(": {error}"));
                cause = error.source();
            }
        }
        text
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for HubError {
    fn from(error: E) -> Self {
        match error.into().downcast::<ClientResultError>() {
            Ok(error) => Self::of_client_result(*error),
            Err(error) => Self::hidden(error).with_type_name(error_name::<E>()),
        }
    }
}

/// Returns the name of the error's type. `Box<dyn ..>` would tell a reader nothing, so boxed
/// errors keep the generic name.
fn error_name<E>() -> Cow<'static, str> {
    let name = short_type_name::<E>();
    match name.starts_with("Box<") {
        true => Cow::Borrowed("Error"),
        false => Cow::Owned(name),
    }
}

impl fmt::Display for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Hidden(error) => error.fmt(f),
            Kind::Shown(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("HubError");
        output.field("type", &self.type_name);
        match &self.kind {
            Kind::Hidden(error) => output.field("hidden", error),
            Kind::Shown(text) => output.field("shown", text),
        };
        output.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hub_error_shows_its_text() {
        let shown = HubError::new("Message cannot be empty");
        assert_eq!(
            shown.client_text("Base.", ErrorDetail::Hidden),
            "Base. HubException: Message cannot be empty"
        );
        let hidden = HubError::from(std::io::Error::other("disk on fire"));
        assert_eq!(hidden.client_text("Base.", ErrorDetail::Hidden), "Base.");
        assert_eq!(
            hidden.client_text("Base.", ErrorDetail::Shown),
            "Base. Error: disk on fire"
        );
    }

    #[test]
    fn a_hidden_error_is_called_by_its_short_type_name() {
        let parse = "x".parse::<u8>().map_err(HubError::from);
        assert_eq!(
            parse.map_err(|e| e.type_name().to_owned()),
            Err("ParseIntError".to_owned())
        );
        let boxed: Box<dyn Error + Send + Sync> = "boxed".into();
        assert_eq!(HubError::from(boxed).type_name(), "Error");
        let named = HubError::hidden("x").with_type_name("InvalidOperationException");
        assert_eq!(
            named.client_text("B.", ErrorDetail::Shown),
            "B. InvalidOperationException: x"
        );
    }
}
