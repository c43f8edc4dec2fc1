//! How much a server holds at the moment.

use super::Server;

/// How much a server holds at the moment; all zeros when nothing was left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Registered connections of all hubs.
    pub connections: usize,
    /// Groups of all hubs that have members.
    pub groups: usize,
    /// Tasks that serve connections or run what they left behind.
    pub tasks: usize,
    /// Tokens of connections, negotiated ones that were not opened yet among them.
    pub tokens: usize,
    /// Users of all hubs that have connections.
    pub users: usize,
}

impl Server {
    pub(crate) fn statistics(&self) -> Statistics {
        let mut statistics = Statistics {
            tasks: self.tracker.len(),
            tokens: self.table.len(),
            ..Statistics::default()
        };
        for hub in self.hubs() {
            statistics.connections += hub.lifetime().connections().len();
            statistics.groups += hub.lifetime().group_count();
            statistics.users += hub.lifetime().user_count();
        }
        statistics
    }
}
