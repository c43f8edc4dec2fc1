//! What a server passes on to its hubs, and a hub to its endpoints.

use std::collections::BTreeMap;

use super::changes::Changes;
use super::endpoint_options::EndpointOptionsChanges;
use super::hub_options::HubOptionsChanges;
use super::serve_options::ServeOptionsChanges;
use super::{Configuration, EndpointOptions, HubOptions, ServeOptions, ServerOptions};

/// The options that hubs and endpoints begin with, and what the configuration says of each hub.
///
/// The more specific level wins; within a level, the configuration wins over the code.
#[derive(Debug)]
pub(crate) struct OptionLevels {
    pub(crate) hub: HubOptions,
    pub(crate) endpoint: EndpointOptions,
    serve: ServeOptionsChanges,
    hubs: BTreeMap<String, HubOptionsChanges>,
    endpoints: BTreeMap<String, EndpointOptionsChanges>,
}

impl OptionLevels {
    /// Applies a configuration to the options that the code has set for a server.
    pub(crate) fn new(
        server: &mut ServerOptions,
        mut hub: HubOptions,
        mut endpoint: EndpointOptions,
        configuration: Configuration,
    ) -> Self {
        configuration.server.apply_to(server);
        configuration.hub.apply_to(&mut hub);
        configuration.endpoint.apply_to(&mut endpoint);
        Self {
            hub,
            endpoint,
            serve: configuration.serve,
            hubs: configuration.hubs,
            endpoints: configuration.endpoints,
        }
    }

    /// Applies what the configuration says of the HTTP server.
    pub(crate) fn configure_serve(&self, options: &mut ServeOptions) {
        self.serve.apply_to(options);
    }

    /// Applies what the configuration says of a hub to the options that the code has set for it.
    pub(crate) fn configure_hub(&self, name: &str, options: &mut HubOptions) {
        if let Some(changes) = self.hubs.get(name) {
            changes.apply_to(options);
        }
    }

    /// Returns what the endpoints of a hub begin with.
    pub(crate) fn endpoint_defaults(&self, name: &str) -> EndpointDefaults {
        let configured = self.endpoints.get(name).cloned().unwrap_or_default();
        let mut options = self.endpoint.clone();
        configured.apply_to(&mut options);
        EndpointDefaults {
            options,
            configured,
        }
    }

    /// Returns the names of the hubs that the configuration speaks of.
    pub(crate) fn configured_hubs(&self) -> impl Iterator<Item = &str> {
        let hubs = self.hubs.keys();
        let others = self.endpoints.keys();
        let others = others.filter(|name| !self.hubs.contains_key(*name));
        hubs.chain(others).map(String::as_str)
    }
}

/// What the endpoints of a hub begin with.
#[derive(Debug, Default)]
pub(crate) struct EndpointDefaults {
    pub(crate) options: EndpointOptions,
    configured: EndpointOptionsChanges,
}

impl EndpointDefaults {
    /// Applies what the configuration says of the hub's endpoints.
    pub(crate) fn configure(&self, options: &mut EndpointOptions) {
        self.configured.apply_to(options);
    }
}
