//! The options of the HTTP server.

use std::time::Duration;

use super::InvalidOption;

options! {
    /// Limits for the HTTP connections of one listener.
    ///
    /// Set with the setters of [`Serve`](crate::Serve), with [`Serve::options`](crate::Serve::options), or
    /// by the section `serve` of a [`Configuration`](super::Configuration). ASP.NET Core's Kestrel has
    /// such limits, with other names and defaults.
    ///
    /// ```
    /// use hubwire::options::ServeOptions;
    ///
    /// let options: ServeOptions = toml::from_str("maximum_connections = 60_000")?;
    /// assert_eq!(options.maximum_connections, Some(60_000));
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ServeOptions, changes ServeOptionsChanges, setters serve_option_setters;

    /// How long a client may take to send a request's head, and how long an idle connection is
    /// kept. Default 30 s.
    ///
    /// After that, the connection is closed without a response.
    request_headers_timeout: Duration = Duration::from_secs(30),
        set(timeout: Duration);

    /// How long a write may be pending while less than 240 bytes a second of a response reach the
    /// client (Kestrel's `MinResponseDataRate`). Default 10 s.
    ///
    /// After that, the connection is closed, no matter how much of the response is left. A client
    /// that pauses its download for longer is cut off. Elsewhere than on TCP under Linux,
    /// nothing is known of what has arrived, and a write may be pending for no longer than this.
    ///
    /// In HTTP/2, responses share a connection. While its client takes too little of all of them for
    /// this long, but at least for a minute, those that wait for it are reset; and so is a single
    /// one of which it takes nothing for ten times as long.
    ///
    /// This does not apply to a hub's clients, event streams and polls included; see
    /// [`EndpointOptions::transport_progress_timeout`](super::EndpointOptions::transport_progress_timeout).
    write_timeout: Duration = Duration::from_secs(10),
        set(timeout: Duration);

    /// The maximum number of connections, including those of hubs; more are refused with 503, and
    /// over TLS without a response. Default: as many as the system has descriptors for.
    ///
    /// In HTTP/2, up to 100 WebSockets, event streams and other requests share a connection.
    /// An idle HTTP connection counts too: a client that negotiates has two connections until the
    /// idle timeout of the first is over.
    ///
    /// Without a limit, a server that is out of descriptors cannot accept anybody, and the
    /// application cannot open files either. Set the limit to a few hundred less than the process
    /// may have open (`ulimit -n`).
    maximum_connections: Option<usize> = None,
        set(count: impl Into<Option<usize>> => count.into());

    /// The maximum number of connections from one address, or from one IPv6 network of 64 bits;
    /// more are refused with 503. Default: no limit.
    ///
    /// The address is that of the socket, whatever
    /// [`ServerOptions::trusted_proxies`](super::ServerOptions::trusted_proxies) are. Behind a
    /// proxy, all clients have the proxy's address, so use this limit only for servers that clients
    /// reach directly. Connections of Unix sockets, and of other listeners with addresses that are
    /// not a [`SocketAddr`](std::net::SocketAddr), are never counted.
    maximum_connections_per_address: Option<usize> = None,
        set(count: impl Into<Option<usize>> => count.into());

    /// How long a TLS handshake may take. Default 10 s, as in ASP.NET Core's Kestrel.
    ///
    /// After that, the connection is closed.
    tls_handshake_timeout: Duration = Duration::from_secs(10),
        set(timeout: Duration);

    /// The maximum number of TLS handshakes at the same time. Default 2,000.
    ///
    /// A handshake holds up to 64 KiB, so this is at most 128 MiB. Beyond that, nothing more is
    /// accepted until one of them has ended. One that has waited for its client for a quarter of
    /// [`ServeOptions::tls_handshake_timeout`] ends for that, the one that began first before
    /// others: so clients that only begin handshakes keep nobody else out.
    maximum_tls_handshakes: usize = 2_000,
        set(count: usize);
}

impl ServeOptions {
    /// Checks that every option makes sense, as [`serve`](crate::serve()) does.
    ///
    /// # Errors
    ///
    /// Returns the first option that makes no sense: a time or a number of zero, or a number
    /// beyond half of the address space.
    pub fn validate(&self) -> Result<(), InvalidOption> {
        self.check_each()?;
        InvalidOption::refuse_zero(&[
            (
                "maximum_connections",
                self.maximum_connections.unwrap_or(usize::MAX),
            ),
            (
                "maximum_connections_per_address",
                self.maximum_connections_per_address.unwrap_or(usize::MAX),
            ),
            ("maximum_tls_handshakes", self.maximum_tls_handshakes),
        ])
    }
}
