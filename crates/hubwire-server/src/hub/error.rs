//! The error of a hub method, and what of it a client may see.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use hubwire_core::ClientResultError;

use super::type_name::short_type_name;
use crate::node::Panic;

/// What a hub method returns.
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
/// Sends, groups and client results have errors of their own ([`SendError`](hubwire_core::SendError) and others), which
/// `?` turns into a [`HubError`]. So a method that ends with one of them says `Ok(..?)`; without the `?` the compiler
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

/// Why a hub method failed.
///
/// [`HubError::new`] is SignalR's `HubException`: its text reaches the caller. Every other error that
/// `?` turns into a `HubError` stays hidden: the caller reads a masked text, the log has the cause. Of a method
/// that fails again and again it has a line in ten seconds, with a count and the first cause.
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
/// Which of the two an error becomes depends on the way it takes, not on its type: `?`, `.into()` and `HubError::from`
/// hide it, a text too, and only [`HubError::new`] shows. To show what another error says, make a new one of it:
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
/// It does not implement [`std::error::Error`], so that any error, boxed and `anyhow`'s too, converts.
///
/// It is an axum response too, so that a handler that pushes can return [`HubResult`]: its text with 400 if it is shown;
/// else 500 and a general text, and the log has the cause.
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
    /// An error whose text the caller reads, as `HubException: {message}`.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Shown(message.into()),
            type_name: Cow::Borrowed("HubException"),
        }
    }

    /// An error whose text only the log shows, unless detailed errors are on.
    pub fn hidden(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Hidden(error.into()),
            type_name: Cow::Borrowed("Error"),
        }
    }

    /// Says what to call the error where its type is shown, in place of `HubException` or the Rust type.
    #[must_use]
    pub fn with_type_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.type_name = name.into();
        self
    }

    /// What is hidden from the caller; `None` of an error that is shown.
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

    /// Whether the caller reads the text even without detailed errors.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        matches!(self.kind, Kind::Shown(_))
    }

    /// What the error is called where its type is shown.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// As ASP.NET Core: what the client or the clock said is the caller's to read, the rest is not.
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

    /// What a method reads at the end of a stream whose client is gone.
    pub(crate) fn connection_closed() -> Self {
        Self::hidden("The underlying connection was closed.")
            .with_type_name("OperationCanceledException")
    }

    pub(crate) fn panicked(panic: Panic) -> Self {
        Self::hidden(panic.into_text()).with_type_name("Panic")
    }

    /// What a client reads: SignalR's rule for all error texts (protocol: "What errors look like to the client").
    pub(crate) fn client_text(&self, base: &str, detailed: bool) -> String {
        if !detailed && !self.is_shown() {
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

/// `Box<dyn ..>` says nothing to a reader, so boxed errors keep the general name.
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
            shown.client_text("Base.", false),
            "Base. HubException: Message cannot be empty"
        );
        let hidden = HubError::from(std::io::Error::other("disk on fire"));
        assert_eq!(hidden.client_text("Base.", false), "Base.");
        assert_eq!(
            hidden.client_text("Base.", true),
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
            named.client_text("B.", true),
            "B. InvalidOperationException: x"
        );
    }
}
