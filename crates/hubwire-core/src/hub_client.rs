//! The type that describes what a hub may call on its clients.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Proxy, Reach};

/// The client side of a hub: names the proxy type through which its clients are called.
///
/// `#[hub_client]` on a trait implements this for a marker type with the trait's name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what a hub may call on its clients",
    note = "put `#[hub_client]` on a trait of that name and give it to `#[hub(client = ..)]`"
)]
pub trait HubClient: 'static {
    /// The proxy with this client's methods.
    type Proxy<R: Reach>: From<Proxy<R>> + Clone + Send + Sync + 'static;
}

/// A type that can be an argument of a client method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to a client",
    label = "cannot be sent",
    note = "arguments are serialized for the clients: derive `serde::Serialize`, and keep to `Send + Sync`"
)]
pub trait ClientArgument: Sized {
    /// The type itself.
    type Sent: Serialize + Send + Sync;
}

impl<T: Serialize + Send + Sync> ClientArgument for T {
    type Sent = T;
}

/// A type that a client method can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a client result",
    label = "does not come from the wire",
    note = "results are decoded from what the client sent: derive `serde::Deserialize` and own the data"
)]
pub trait ClientReturn: DeserializeOwned + Send {}

impl<T: DeserializeOwned + Send> ClientReturn for T {}

/// Fails to compile, at the argument's own span, if the argument cannot be sent to clients.
pub const fn assert_client_argument<T: ClientArgument>() {}

/// The client of a hub that declares none: its methods are called by name.
#[derive(Clone, Copy, Debug)]
pub enum UntypedClient {}

impl HubClient for UntypedClient {
    type Proxy<R: Reach> = Proxy<R>;
}
