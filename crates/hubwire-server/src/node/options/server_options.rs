//! The options that all hubs of a server share.

use super::InvalidOption;

options! {
    /// Limits for all hubs of a server together, and how their messages are written.
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
    pub struct ServerOptions, changes ServerOptionsChanges, setters server_option_setters;

    /// How many bytes may be queued for the clients of all hubs together. Default 512 MiB.
    ///
    /// A message that many receivers share counts once. If more is queued, clients are
    /// disconnected. First come clients that would free at least
    /// [`ServerOptions::outbound_victim_size`] bytes, beginning with the one that has the oldest
    /// queued message; others follow only if there are no such clients. ASP.NET Core has no such
    /// limit.
    maximum_outbound_memory: usize = 512 * 1024 * 1024,
        set(bytes: usize);

    /// The number of bytes that a client must free to be among the first to be disconnected when
    /// [`ServerOptions::maximum_outbound_memory`] is used up. Only bytes that no other client is
    /// sent count. Default 64 KiB.
    ///
    /// Disconnecting others frees little: a message to many clients stays in memory for the rest
    /// of them.
    outbound_victim_size: usize = 64 * 1024,
        set(bytes: usize);

    /// How many calls may continue after their connections have ended. Default 10,000.
    ///
    /// Beyond that, the newest call of the user with the most such calls is dropped. Connections
    /// without a user count by address (an IPv6 network of 64 bits). ASP.NET Core has no limit;
    /// but a client that repeatedly calls a slow method, leaves and comes back could otherwise
    /// fill the memory. A shutdown waits for such calls for at most 20 s. A method that may never
    /// end should take a `CancellationToken`.
    maximum_orphaned_calls: usize = 10_000,
        set(count: usize);

    /// How many bytes are written to one client before others get their turn. Default 256 KiB.
    outbound_turn_size: usize = 256 * 1024,
        set(bytes: usize);

    /// How many negotiated ids from one address, or from one IPv6 network of 64 bits, may wait for
    /// their connections at the same time; more negotiations are refused with 503. Default: no
    /// limit.
    ///
    /// All addresses together have 20,000, each for at most 15 s, so without this limit a single
    /// client can keep others from connecting. The address is that of the socket: behind a proxy,
    /// all clients have the proxy's address, so use this limit only for servers that clients reach
    /// directly. Clients of Unix sockets are never counted.
    maximum_negotiated_ids_per_address: Option<usize> = None,
        set(count: impl Into<Option<usize>> => count.into());

    /// How many bytes may be unwritten for each client that waits for its turn, before senders to
    /// many clients wait. Default 16 KiB.
    ///
    /// With a much smaller value, each write carries too few messages.
    unflushed_size: usize = 16 * 1024,
        set(bytes: usize);
}

impl ServerOptions {
    /// Checks that every option makes sense, as [`SignalRBuilder::build`](crate::SignalRBuilder::build)
    /// does.
    ///
    /// # Errors
    ///
    /// Returns the first option that makes no sense: a size of zero, but for
    /// `outbound_victim_size`, or a number beyond half of the address space.
    pub fn validate(&self) -> Result<(), InvalidOption> {
        self.check_each()?;
        InvalidOption::refuse_zero(&[
            ("maximum_outbound_memory", self.maximum_outbound_memory),
            ("outbound_turn_size", self.outbound_turn_size),
            ("unflushed_size", self.unflushed_size),
        ])
    }
}
