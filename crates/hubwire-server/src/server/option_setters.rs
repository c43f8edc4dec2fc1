//! The setters of a server's options, and of those that its hubs and endpoints begin with.

use std::num::NonZeroUsize;
use std::time::Duration;

use hubwire_core::WhenBusy;
use hubwire_protocol::{HubProtocol, Naming, Transport};

use super::SignalRBuilder;
use crate::node::{
    Configure, DeadPeerTimeouts, EndpointOptions, HubOptions, KeepConnection, KeepRequest,
    ServerOptions, endpoint_option_setters, hub_option_setters, server_option_setters,
};

/// The server's own options.
impl SignalRBuilder {
    server_option_setters!();
}

/// The options that all hubs begin with; each can change them for itself.
impl SignalRBuilder {
    hub_option_setters!();
}

/// The options that all endpoints begin with; each can change them for itself.
impl SignalRBuilder {
    endpoint_option_setters!();
}

impl Configure<ServerOptions> for SignalRBuilder {
    fn configure(mut self, change: impl FnOnce(&mut ServerOptions)) -> Self {
        change(&mut self.options);
        self
    }
}

impl Configure<HubOptions> for SignalRBuilder {
    fn configure(mut self, change: impl FnOnce(&mut HubOptions)) -> Self {
        change(&mut self.hub_options);
        self
    }
}

impl Configure<EndpointOptions> for SignalRBuilder {
    fn configure(mut self, change: impl FnOnce(&mut EndpointOptions)) -> Self {
        change(&mut self.endpoint_options);
        self
    }
}
