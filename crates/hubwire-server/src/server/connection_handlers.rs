//! Connection handlers and what their connections share.

use std::sync::Arc;
use std::time::Duration;

use hubwire_core::HubName;

use super::Server;
use crate::endpoint::ConnectionEndpoint;
use crate::handler::ConnectionHandler;
use crate::hub::{HubRuntime, short_type_name};
use crate::lifetime::DefaultHubLifetimeManager;
use crate::node::HubOptions;

impl Server {
    /// Creates the endpoint of a connection handler, which is named by its type in the log and in
    /// the configuration.
    #[track_caller]
    pub(crate) fn connection_handler<H: ConnectionHandler>(
        &self,
        handler: H,
    ) -> ConnectionEndpoint {
        let name = HubName::from(short_type_name::<H>());
        let defaults = self.options.endpoint_defaults(&name);
        let options = HubOptions {
            // Pings belong to hub protocols.
            keep_alive_interval: Duration::MAX,
            ..self.options.hub.clone()
        };
        let lifetime = DefaultHubLifetimeManager::new(
            name.clone(),
            Arc::clone(&self.node),
            Arc::clone(&self.flushers),
            None,
            &options,
        );
        let runtime = HubRuntime::without_methods(name, options, Arc::new(lifetime));
        let runtime = Arc::new(runtime);
        self.hubs.add_handler(&runtime);
        let table = Arc::clone(&self.table);
        let (handler, defaults) = (Arc::new(handler), Arc::new(defaults));
        ConnectionEndpoint::new(runtime, handler, table, defaults, self.access(None))
    }
}
