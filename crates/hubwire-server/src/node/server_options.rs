//! The options that all hubs of a server share.

/// What the hubs of a server may take together, and how their messages are written.
///
/// Set with [`SignalRBuilder::options`](crate::SignalRBuilder::options).
///
/// ```
/// use hubwire::SignalR;
/// use hubwire::options::ServerOptions;
///
/// let mut options = ServerOptions::default();
/// options.maximum_outbound_memory = 64 * 1024 * 1024;
/// let signalr = SignalR::builder().options(options).build();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerOptions {
    /// How many bytes may wait for the clients of all hubs together. Default 512 MiB.
    ///
    /// What many receivers share counts once. When more waits, clients are let go: of those with which at least
    /// [`ServerOptions::outbound_victim_size`] end, the one whose oldest message has waited longest; the others
    /// only when there is none of these. ASP.NET Core has no such limit.
    pub maximum_outbound_memory: usize,
    /// When [`ServerOptions::maximum_outbound_memory`] is spent, clients are let go first for which at least so
    /// many bytes wait that nobody else is sent. Default 64 KiB.
    ///
    /// Letting others go frees little: what is sent to many stays in memory for the rest of them.
    pub outbound_victim_size: usize,
    /// How many calls may run on after their connections have ended. Default 10,000.
    ///
    /// Beyond it the newest call of the user that has most of them is dropped, or of the address (an IPv6
    /// network of 64 bits) where its connection had no user. ASP.NET Core has no limit; but who calls a
    /// method that takes long, leaves and comes back would otherwise fill the memory. A shutdown waits for such
    /// calls, 20 s at most: a method that may never end should take a `CancellationToken`.
    pub maximum_orphaned_calls: usize,
    /// How many bytes of one client's are written before others have their turn. Default 256 KiB.
    pub outbound_turn_size: usize,
    /// How many bytes may lie unwritten for each client whose turn is still to come, before those who send to
    /// many wait. Default 16 KiB.
    ///
    /// Much less, and each write carries too few messages.
    pub unflushed_size: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            maximum_outbound_memory: 512 * 1024 * 1024,
            maximum_orphaned_calls: 10_000,
            outbound_victim_size: 64 * 1024,
            outbound_turn_size: 256 * 1024,
            unflushed_size: 16 * 1024,
        }
    }
}
