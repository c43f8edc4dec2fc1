//! The options that all hubs of a server share.

use super::InvalidOption;
use crate::node::TrustedProxies;

options! {
    /// Limits for all hubs of a server together, how their messages are written, and the proxies in
    /// front of it.
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
    #[derive(Clone, Debug, PartialEq, Eq)]
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
    /// client can keep others from connecting. Behind a proxy, all clients have the proxy's
    /// address, unless [`ServerOptions::trusted_proxies`] names it. Clients of Unix sockets are
    /// counted only if the same option says so, by the address that is forwarded.
    maximum_negotiated_ids_per_address: Option<usize> = None,
        set(count: impl Into<Option<usize>> => count.into());

    /// How many bytes may be unwritten for each client that waits for its turn, before senders to
    /// many clients wait. Default 16 KiB.
    ///
    /// With a much smaller value, each write carries too few messages.
    unflushed_size: usize = 16 * 1024,
        set(bytes: usize);

    /// The proxies whose `X-Forwarded-For` and `X-Forwarded-Host` count: addresses (`10.0.0.1`),
    /// networks (`10.0.0.0/8`, `fd00::/8`), and `unix` for every peer of a Unix socket. Default:
    /// none, so what clients send in these headers is ignored.
    ///
    /// If the peer of a socket is among them, the client is who it says. `X-Forwarded-For` is read
    /// from the right: addresses that are among these proxies are passed over, and the first other
    /// one is the client's; if all are, the leftmost. Reading stops at what is no address
    /// (`unknown`), and the last address before it counts. That is the client's address in
    /// [`ConnectionRequest::remote_address`](crate::ConnectionRequest::remote_address) and for
    /// all limits by address but
    /// [`ServeOptions::maximum_connections_per_address`](super::ServeOptions::maximum_connections_per_address).
    ///
    /// `X-Forwarded-Host` takes the place of `Host` where pages of the server's own are recognised
    /// ([`EndpointOptions::allowed_origins`](super::EndpointOptions::allowed_origins)). Of several
    /// values, that of the hop counts to which `X-Forwarded-For` was read: the second from the
    /// right, if two addresses were read. If there are fewer values, the leftmost counts, and if
    /// nothing was read, the rightmost.
    ///
    /// Name only proxies that set or append to both headers, or remove what they do not set: what
    /// they pass on from a client counts as theirs. `Forwarded` (RFC 7239) is not read, because a
    /// proxy that sets one kind passes the other on from its client. Peers are known where the
    /// HTTP server passes on [`ConnectInfo`](axum::extract::ConnectInfo), as
    /// [`serve`](crate::serve()) does. An IPv4-mapped IPv6 address is the IPv4 address. An entry
    /// that could never match, such as a host's name or `10.0.0.1/8`, is refused.
    ///
    /// ```
    /// use hubwire::SignalR;
    ///
    /// let signalr = SignalR::builder().trusted_proxies(["10.0.0.0/8", "unix"]).build();
    /// ```
    trusted_proxies: Vec<String> = Vec::new(),
        set(proxies: impl IntoIterator<Item: Into<String>> => proxies.into_iter().map(Into::into).collect());
}

impl ServerOptions {
    /// Checks that every option makes sense, as [`SignalRBuilder::build`](crate::SignalRBuilder::build)
    /// does.
    ///
    /// # Errors
    ///
    /// Returns the first option that makes no sense: a size of zero, but for
    /// `outbound_victim_size`, a number beyond half of the address space, or a proxy that could
    /// never match.
    pub fn validate(&self) -> Result<(), InvalidOption> {
        self.check_each()?;
        InvalidOption::refuse_zero(&[
            ("maximum_outbound_memory", self.maximum_outbound_memory),
            ("outbound_turn_size", self.outbound_turn_size),
            ("unflushed_size", self.unflushed_size),
        ])?;
        TrustedProxies::new(&self.trusted_proxies).map(drop)
    }
}
