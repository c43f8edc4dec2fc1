//! The options of a whole server, as a file has them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::changes::Changes;
use super::endpoint_options::EndpointOptionsChanges;
use super::hub_options::HubOptionsChanges;
use super::serve_options::ServeOptionsChanges;
use super::server_options::ServerOptionsChanges;
use super::{EndpointOptions, HubOptions, InvalidOption, ServeOptions, ServerOptions};

/// The options of a whole server, read from a file or another source that serde reads.
///
/// It may have six sections, each with any of the options of one type, by the names of their
/// fields:
///
/// | section | options | of |
/// | --- | --- | --- |
/// | `serve` | [`ServeOptions`] | the HTTP server, if it is [for this server](crate::Serve::with) |
/// | `server` | [`ServerOptions`] | the server |
/// | `hub` | [`HubOptions`] | all hubs |
/// | `endpoint` | [`EndpointOptions`] | all endpoints |
/// | `hubs.NAME` | [`HubOptions`] | the hub with this name ([`HubBuilder::name`](crate::HubBuilder::name)) |
/// | `endpoints.NAME` | [`EndpointOptions`] | the endpoints of that hub, or of the connection handler with that type |
///
/// Times are text (`"15s"`, `"1m 30s"`, `"500ms"`) or a number of seconds, sizes are numbers of
/// bytes. Unknown sections and options are errors.
///
/// ```
/// use hubwire::SignalR;
/// use hubwire::options::Configuration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let configuration: Configuration = toml::from_str(
///     r#"
///     [hub]
///     client_timeout_interval = "1m"
///
///     [hubs.UploadHub]
///     maximum_receive_message_size = 1_048_576
///
///     [endpoints.UploadHub]
///     allowed_origins = ["https://shop.example"]
///     "#,
/// )?;
/// configuration.validate()?;
/// let signalr = SignalR::builder().configuration(configuration).build();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    pub(super) serve: ServeOptionsChanges,
    pub(super) server: ServerOptionsChanges,
    pub(super) hub: HubOptionsChanges,
    pub(super) endpoint: EndpointOptionsChanges,
    pub(super) hubs: BTreeMap<String, HubOptionsChanges>,
    pub(super) endpoints: BTreeMap<String, EndpointOptionsChanges>,
}

impl Configuration {
    /// Checks all options as they are without those that the code sets.
    ///
    /// # Errors
    ///
    /// Returns the first option that makes no sense.
    pub fn validate(&self) -> Result<(), InvalidOption> {
        changed(ServeOptions::default(), [&self.serve]).validate()?;
        changed(ServerOptions::default(), [&self.server]).validate()?;
        changed(HubOptions::default(), [&self.hub]).validate()?;
        changed(EndpointOptions::default(), [&self.endpoint]).validate()?;
        for hub in self.hubs.values() {
            changed(HubOptions::default(), [&self.hub, hub]).validate()?;
        }
        for endpoint in self.endpoints.values() {
            changed(EndpointOptions::default(), [&self.endpoint, endpoint]).validate()?;
        }
        Ok(())
    }
}

fn changed<C: Changes, const LEVELS: usize>(
    mut options: C::Options,
    levels: [&C; LEVELS],
) -> C::Options {
    for changes in levels {
        changes.apply_to(&mut options);
    }
    options
}
