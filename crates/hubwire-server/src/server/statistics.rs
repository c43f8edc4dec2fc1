//! Statistics about what a server holds at the moment.

use super::Server;

/// What a server holds at the moment; all zeros if nothing was left behind.
///
/// ```
/// use hubwire::testing::TestClient;
/// use hubwire::{SignalR, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {}
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let signalr = SignalR::new();
/// let chat = signalr.hub().build(ChatHub);
/// assert_eq!(signalr.statistics().connections, 0);
/// let client = TestClient::connect(&chat.endpoint()).await?;
/// assert_eq!(signalr.statistics().connections, 1);
/// # drop(client);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Invocations of clients, of all hubs, with pending results.
    pub client_results: usize,
    /// Registered connections of all hubs and connection handlers.
    pub connections: usize,
    /// Groups of all hubs that have members.
    pub groups: usize,
    /// Calls and connection handlers that continue without their connections.
    pub orphaned_calls: usize,
    /// Bytes queued for the ways out of registered connections.
    pub outbound_bytes: usize,
    /// Bytes held for the clients of all hubs, with shared messages counted once; limited by
    /// [`ServerOptions::maximum_outbound_memory`](crate::ServerOptions::maximum_outbound_memory).
    pub outbound_memory: usize,
    /// Hub messages queued for the ways out of registered connections.
    pub outbound_messages: usize,
    /// Tasks that serve connections or run what connections left behind.
    pub tasks: usize,
    /// Tokens of connections, including negotiated ones that were not opened yet.
    pub tokens: usize,
    /// Users of all hubs that have connections.
    pub users: usize,
}

impl Server {
    pub(crate) fn statistics(&self) -> Statistics {
        let mut statistics = Statistics {
            outbound_memory: self.flushers.memory().held().get(),
            orphaned_calls: self.node.orphaned_calls().len(),
            tasks: self.node.tracker().len(),
            tokens: self.table.len(),
            ..Statistics::default()
        };
        for hub in self.hubs.all() {
            let connections = hub.lifetime().connections();
            statistics.connections += connections.len();
            connections.for_each(|connection| {
                statistics.outbound_bytes += connection.outbound().bytes();
                statistics.outbound_messages += connection.outbound().messages();
            });
            statistics.groups += hub.lifetime().group_count();
            statistics.client_results += hub.lifetime().client_results().len();
            statistics.users += hub.lifetime().user_count();
        }
        statistics
    }
}
