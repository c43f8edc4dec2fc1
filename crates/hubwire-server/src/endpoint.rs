//! The HTTP endpoint of a hub or a connection handler: one path for transports, one for
//! negotiation.

mod access;
mod arrival_order;
mod attached;
mod authentication;
mod connection_endpoint;
mod connection_table;
mod cors;
mod event_stream;
mod expiring_tokens;
mod forwarded;
mod hub_endpoint;
mod long_polling;
mod map_connections;
mod map_hub;
mod negotiate;
mod opening;
mod origin;
mod posting;
mod query;
mod refused_origins;
mod response;
mod routing;
mod slot;
#[cfg(test)]
mod tests;
mod upgrade;

pub(crate) use access::Access;
#[cfg(feature = "testing")]
pub(crate) use access::{authorize, deadline};
#[cfg(feature = "testing")]
pub(crate) use attached::{Attached, spawn_session};
pub(crate) use authentication::{AnyAuthenticator, Authentication};
pub use authentication::{
    AuthenticationError, AuthenticationLayer, AuthenticationRequest, AuthenticationService,
    Authenticator,
};
pub use connection_endpoint::ConnectionEndpoint;
pub(crate) use connection_table::ConnectionTable;
pub use hub_endpoint::{HubEndpoint, NegotiateEndpoint};
pub use map_connections::MapConnections;
pub use map_hub::MapHub;
#[cfg(feature = "testing")]
pub(crate) use upgrade::open as open_web_socket;
