//! What becomes of a message to a client that is busy.

use serde::{Deserialize, Deserializer};

use crate::MessageKey;

/// What becomes of a message to a client that is busy.
///
/// A client is busy while its socket refuses bytes, or while it is absent: between two polls, or
/// while its transport has left and not come back. An event stream or a poll also counts as busy
/// while it leaves what is queued for it for more than a second. For other clients, a policy
/// changes nothing.
///
/// A policy applies to calls of client methods that wait for no result. Completions, items of
/// streams, and calls that ask a client for a result are never dropped. A message that is partly
/// written always goes out whole.
///
/// Set for all sends of a hub with `HubOptions::when_busy`, and for some of them with
/// [`Proxy::when_busy`](crate::Proxy::when_busy), [`Proxy::latest`](crate::Proxy::latest) and
/// [`Proxy::volatile`](crate::Proxy::volatile). Every message that is dropped or replaced is
/// counted in the metric `hubwire.outbound.dropped`, with its `reason`.
///
/// ```
/// use hubwire::{HubCallerContext, HubResult, SignalR, WhenBusy, hub, hub_client};
///
/// #[hub_client]
/// trait DeskClient {
///     fn price_changed(&self, symbol: &str, price: f64);
///     fn cursor_moved(&self, x: i32, y: i32);
///     fn logged(&self, line: &str);
///     fn order_filled(&self, order_id: u64);
/// }
///
/// struct DeskHub;
///
/// #[hub(client = DeskClient)]
/// impl DeskHub {
///     pub async fn report(&self, cx: &HubCallerContext<Self>) -> HubResult {
///         let all = cx.clients().all();
///         all.latest("HUB").price_changed("HUB", 101.5).await?; // the newest one counts
///         all.volatile().cursor_moved(3, 4).await?; // nobody misses one of these
///         all.logged("reported").await?; // as the hub says
///         all.when_busy(WhenBusy::Close).order_filled(7).await?; // must arrive
///         Ok(())
///     }
/// }
///
/// let signalr = SignalR::new();
/// let desk = signalr.hub().when_busy(WhenBusy::DropOldest).build(DeskHub);
/// ```
///
/// A configuration writes `"drop_oldest"`, or `{"latest": "key"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhenBusy {
    /// The message is queued. A client for which more is queued than
    /// `maximum_outbound_buffer_size` allows is disconnected. This is the default.
    #[default]
    Close,
    /// The message is dropped if it would fill the queue beyond `outbound_buffer_size`.
    DropNewest,
    /// The oldest queued messages that were sent with this policy are dropped, until the queue
    /// holds no more than `outbound_buffer_size` together with the new message.
    DropOldest,
    /// The message takes the place of a queued one with the same key; without such a message it is
    /// queued as with [`WhenBusy::Close`].
    ///
    /// It takes the older one's place in the queue, in front of what was sent between the two.
    /// Only the key counts, no matter which method is called: two methods that say something about
    /// the same thing, such as `online` and `offline`, share a key; those that do not need keys of
    /// their own. A queue holds at most one message for each key, besides what is already on its
    /// way to the client.
    Latest(MessageKey),
    /// The message is dropped.
    Volatile,
}

impl WhenBusy {
    /// Only the latest message with this key counts: [`WhenBusy::Latest`].
    #[must_use]
    pub fn latest(key: impl Into<MessageKey>) -> Self {
        Self::Latest(key.into())
    }

    /// Returns the key of messages that replace each other.
    #[inline]
    #[must_use]
    pub fn key(&self) -> Option<&MessageKey> {
        match self {
            Self::Latest(key) => Some(key),
            _ => None,
        }
    }
}

impl MessageKey {
    /// The size of the longest key, in bytes; it is the default limit of a group's name.
    pub const MAXIMUM_SIZE: usize = 1_024;
}

impl<'de> Deserialize<'de> for MessageKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, MapAccessDeserializer, MapDeserializer, StrDeserializer};

    use super::*;

    #[test]
    fn a_configuration_writes_policies_by_name() {
        let read = |text| WhenBusy::deserialize(StrDeserializer::<Error>::new(text));
        assert_eq!(read("close"), Ok(WhenBusy::Close));
        assert_eq!(read("drop_newest"), Ok(WhenBusy::DropNewest));
        assert_eq!(read("drop_oldest"), Ok(WhenBusy::DropOldest));
        assert_eq!(read("volatile"), Ok(WhenBusy::Volatile));
        assert!(read("latest").is_err(), "it has no key");
        let keyed = MapDeserializer::<_, Error>::new([("latest", "key")].into_iter());
        let read = WhenBusy::deserialize(MapAccessDeserializer::new(keyed));
        assert_eq!(read, Ok(WhenBusy::latest("key")));
    }
}
