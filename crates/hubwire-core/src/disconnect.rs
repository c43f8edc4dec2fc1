//! What a client is told when hub code disconnects it.

use std::sync::Arc;

/// What a client is told when hub code disconnects it: whether it may come back, and why.
///
/// ```
/// use hubwire::{Disconnect, HubContext, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {}
///
/// fn ban(chat: &HubContext<ChatHub>, user: &str) -> usize {
///     chat.disconnect_user(user, Disconnect::for_good().because("You are banned"))
/// }
///
/// fn rebalance(chat: &HubContext<ChatHub>, room: &str) -> usize {
///     chat.disconnect_group(room, Disconnect::allowing_reconnect())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Disconnect {
    reason: Option<Arc<str>>,
    allows_reconnect: bool,
}

impl Disconnect {
    /// The longest reason, in bytes; of a longer one, the rest is left out.
    ///
    /// This is the size of a group's name by default. A reason is a sentence for a person, and each
    /// client of a large group is sent it.
    pub const MAXIMUM_REASON_SIZE: usize = 1_024;

    /// Tells the client not to connect again by itself.
    ///
    /// An official client then stops, even with automatic reconnect. Nothing keeps it from being
    /// started again: whoever is not to come back must be refused when connecting, too.
    #[must_use]
    pub const fn for_good() -> Self {
        Self {
            reason: None,
            allows_reconnect: false,
        }
    }

    /// Tells the client that it may connect again.
    ///
    /// An official client with automatic reconnect does so; any other one stops.
    #[must_use]
    pub const fn allowing_reconnect() -> Self {
        Self {
            reason: None,
            allows_reconnect: true,
        }
    }

    /// Tells the client why, in exactly these words. Without a reason, the client is told of no
    /// error.
    ///
    /// It is the error of the Close message: the official JavaScript client passes
    /// `Server returned an error on close: {reason}` to `onclose`. A reason of more than
    /// [`Disconnect::MAXIMUM_REASON_SIZE`] bytes is cut between two characters, followed by `...`.
    ///
    /// ```
    /// use hubwire::Disconnect;
    ///
    /// let short = Disconnect::for_good().because("The room is closed");
    /// assert_eq!(short.reason(), Some("The room is closed"));
    /// let long = Disconnect::for_good().because("x".repeat(2_000));
    /// assert_eq!(long.reason(), Some(&*("x".repeat(1_024) + "...")));
    /// ```
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        if reason.len() > Self::MAXIMUM_REASON_SIZE {
            reason.truncate(reason.floor_char_boundary(Self::MAXIMUM_REASON_SIZE));
            reason.push_str("...");
        }
        self.reason = Some(reason.into());
        self
    }

    /// Returns what the client is told, if it is told why.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Returns whether the client may connect again by itself.
    #[must_use]
    pub const fn allows_reconnect(&self) -> bool {
        self.allows_reconnect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_two_characters() {
        let reason = "x".to_owned() + &"\u{e4}".repeat(1_024);
        let disconnect = Disconnect::for_good().because(reason);
        let expected = "x".to_owned() + &"\u{e4}".repeat(511) + "...";
        assert_eq!(disconnect.reason(), Some(&*expected));
        let longest = "\u{e4}".repeat(512);
        let disconnect = Disconnect::for_good().because(longest.clone());
        assert_eq!(disconnect.reason(), Some(&*longest));
    }
}
