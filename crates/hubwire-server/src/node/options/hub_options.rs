//! The options of a hub.

use std::num::NonZeroUsize;
use std::time::Duration;

use hubwire_core::WhenBusy;
use hubwire_protocol::{HubProtocol, Naming};

use super::{InvalidOption, KeepConnection};

options! {
    /// How a hub treats its connections.
    ///
    /// The defaults are those of ASP.NET Core's `HubOptions` if it has the option.
    #[derive(Clone, Debug, PartialEq)]
    pub struct HubOptions, changes HubOptionsChanges, setters hub_option_setters;

    /// How long a client may take for its handshake. Default 15 s.
    handshake_timeout: Duration = Duration::from_secs(15),
        set(timeout: Duration);

    /// How often the server pings each connection, regardless of what else it sends. Default 15 s.
    keep_alive_interval: Duration = Duration::from_secs(15),
        set(interval: Duration);

    /// How long a client may be silent once it has pinged. Default 30 s.
    ///
    /// When a client has left, its earlier messages wait at most this long for a running call to
    /// end; then the connection ends.
    client_timeout_interval: Duration = Duration::from_secs(30),
        set(interval: Duration);

    /// The largest hub message that a client may send, in bytes, including framing. Default
    /// 32,768; `None` is unlimited.
    maximum_receive_message_size: Option<usize> = Some(32 * 1024),
        set(bytes: impl Into<Option<usize>> => bytes.into());

    /// How many plain methods of one connection run concurrently. Default 1.
    maximum_parallel_invocations_per_client: NonZeroUsize = NonZeroUsize::MIN,
        set(count: NonZeroUsize);

    /// How many calls of one connection may run concurrently, including those that hold no slot:
    /// streams in either direction, and methods that have invoked a client for a result. Default
    /// 400; a call beyond that fails.
    ///
    /// The default allows for a hundred streams in each direction and a hundred pending client
    /// results, as the other limits do, and for a hundred more calls that continue after their
    /// results. ASP.NET Core has no limit. [`HubOptions::maximum_parallel_invocations_per_client`]
    /// calls may always run.
    maximum_running_calls_per_client: usize = 400,
        set(count: usize);

    /// The hub protocols that clients may choose. Default: all.
    supported_protocols: Vec<HubProtocol> = vec![HubProtocol::Json, HubProtocol::MessagePack],
        set(protocols: impl Into<Vec<HubProtocol>> => protocols.into());

    /// The names of struct members and enum variants on the wire. Default: as serde declares them.
    ///
    /// Use [`Naming::DotNet`] for .NET peers, and [`Naming::DotNetStringEnums`] if enums go by
    /// name in JSON too.
    naming: Naming = Naming::AsDeclared,
        set(naming: Naming);

    /// How many items of a stream from a client may wait for the method. Default 10.
    ///
    /// While a stream is full, nothing more is read from its connection.
    stream_buffer_capacity: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9),
        set(items: NonZeroUsize);

    /// How many streams of one connection may be open in each direction. Default 100.
    ///
    /// A stream from the client counts until the call that reads it has ended. ASP.NET Core has no
    /// limit; HTTP/2 servers have this one. A call beyond the limit fails.
    maximum_parallel_streams_per_client: usize = 100,
        set(count: usize);

    /// How long a streaming method that takes a token may continue after it is cancelled or its
    /// connection has ended. Default 30 s, the time that a client may be silent.
    ///
    /// In that time its items are dropped; after it, the stream is dropped. ASP.NET Core waits
    /// until the method ends. A method that takes no token ends at once.
    cancelled_stream_timeout: Duration = Duration::from_secs(30),
        set(timeout: Duration);

    /// How long to wait for a client result. Default 30 s.
    ///
    /// ASP.NET Core waits until the caller's token fires.
    client_result_timeout: Duration = Duration::from_secs(30),
        set(timeout: Duration);

    /// How many results of one client may be pending. Default 100; ASP.NET Core has no limit.
    maximum_pending_client_results: usize = 100,
        set(count: usize);

    /// Whether clients see the type and text of errors that are not meant for them. Default: no.
    detailed_errors: bool = false,
        set(detailed: bool);

    /// How many groups one connection may be in. Default 4,096.
    ///
    /// ASP.NET Core has no limit. But clients often choose which groups they join, and how many.
    maximum_groups_per_connection: usize = 4_096,
        set(count: usize);

    /// The longest name of a group, in bytes. Default 1,024.
    maximum_group_name_size: usize = 1_024,
        set(bytes: usize);

    /// Whether a user has only one connection to the hub at a time, and which one stays. Default
    /// `None`: a user may have any number.
    ///
    /// The user is what the hub's [`UserIdProvider`](crate::UserIdProvider) says; connections
    /// without a user are not limited. Only connections on this node count. ASP.NET Core has no
    /// such option.
    one_connection_per_user: Option<KeepConnection> = None,
        set(keep: impl Into<Option<KeepConnection>> => keep.into());

    /// How many bytes may be queued for one client before senders that can wait do so: sends to
    /// this client alone, its streams, and its next calls. Default 1 MiB.
    ///
    /// This takes the place of ASP.NET Core's `TransportMaxBufferSize`, which blocks every sender.
    outbound_buffer_size: usize = 1024 * 1024,
        set(bytes: usize);

    /// How many bytes may be queued for one client before it is disconnected; each message counts
    /// 64 bytes more. Default 32 MiB, and at least [`HubOptions::outbound_buffer_size`]; an empty
    /// queue takes one message of any size.
    ///
    /// Only messages that nobody waits for get that far: messages to many clients, and messages
    /// from other nodes.
    /// [`ServerOptions::maximum_outbound_memory`](super::ServerOptions::maximum_outbound_memory)
    /// limits all clients together. A client may have twice as much while its socket has refused
    /// nothing since, and a WebSocket over HTTP/2 always: its stream refuses bytes before it has
    /// had its turn.
    maximum_outbound_buffer_size: usize = 32 * 1024 * 1024,
        set(bytes: usize);

    /// How many bytes of its own completions, stream items and pongs may be queued for one client
    /// before its next calls and items wait. Default 64 KiB.
    ///
    /// This is the default of ASP.NET Core's `TransportMaxBufferSize`, which has the same effect
    /// there.
    answer_buffer_size: usize = 64 * 1024,
        set(bytes: usize);

    /// What becomes of messages to a client that is busy, unless the sender says something else.
    /// Default [`WhenBusy::Close`]: they are queued, up to
    /// [`HubOptions::maximum_outbound_buffer_size`].
    ///
    /// [`WhenBusy::DropNewest`] and [`WhenBusy::DropOldest`] drop messages from
    /// [`HubOptions::outbound_buffer_size`] on. ASP.NET Core has no such option.
    when_busy: WhenBusy = WhenBusy::Close,
        set(when_busy: WhenBusy);
}

impl HubOptions {
    /// Checks that every option makes sense, as [`HubBuilder::build`](crate::HubBuilder::build)
    /// does.
    ///
    /// # Errors
    ///
    /// Returns the first option that makes no sense: a time or a size of zero, a number beyond
    /// half of the address space, no protocols, or a `maximum_outbound_buffer_size` below
    /// `outbound_buffer_size`.
    pub fn validate(&self) -> Result<(), InvalidOption> {
        self.check_each()?;
        InvalidOption::refuse_zero(&[
            (
                "maximum_receive_message_size",
                self.maximum_receive_message_size.unwrap_or(1),
            ),
            ("maximum_group_name_size", self.maximum_group_name_size),
            ("outbound_buffer_size", self.outbound_buffer_size),
            ("answer_buffer_size", self.answer_buffer_size),
        ])?;
        let (least, maximum) = (self.outbound_buffer_size, self.maximum_outbound_buffer_size);
        if maximum < least {
            let reason = format!(
                "it must be at least `outbound_buffer_size`, which is {least}, or clients would be disconnected \
                 before anybody waits for them"
            );
            return Err(InvalidOption::new(
                "maximum_outbound_buffer_size",
                maximum,
                reason,
            ));
        }
        Ok(())
    }

    /// Returns whether the server pings no more often than it expects its clients to.
    ///
    /// Such values can work, and ASP.NET Core allows them, too.
    pub(crate) fn pings_too_rarely(&self) -> bool {
        self.keep_alive_interval >= self.client_timeout_interval
    }
}
