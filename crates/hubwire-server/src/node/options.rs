//! The options of servers, hubs and endpoints: their definitions, their levels and their checks.

mod changes;
mod configuration;
#[macro_use]
mod definition;
mod endpoint_options;
mod error_detail;
mod hub_options;
mod invalid_option;
mod keep_connection;
mod levels;
mod serve_options;
mod server_options;

mod value;

pub(crate) use changes::Configure;
pub use configuration::Configuration;
pub(crate) use endpoint_options::endpoint_option_setters;
pub use endpoint_options::{DeadPeerTimeouts, EndpointOptions, KeepRequest};
pub(crate) use error_detail::ErrorDetail;
pub use hub_options::HubOptions;
pub(crate) use hub_options::hub_option_setters;
pub use invalid_option::InvalidOption;
pub use keep_connection::KeepConnection;
pub(crate) use levels::{EndpointDefaults, OptionLevels};
pub use serve_options::ServeOptions;
pub(crate) use serve_options::serve_option_setters;
pub use server_options::ServerOptions;
pub(crate) use server_options::server_option_setters;
pub(crate) use value::transport_tag;
