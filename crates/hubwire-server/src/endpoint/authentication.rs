//! Who a request comes from.

mod authenticator;
mod error;
mod extract;
mod layer;
mod request;

pub(crate) use authenticator::AnyAuthenticator;
pub use authenticator::Authenticator;
pub use error::AuthenticationError;
pub(crate) use layer::Authentication;
pub use layer::{AuthenticationLayer, AuthenticationService};
pub use request::AuthenticationRequest;
pub(super) use request::Tokens;
