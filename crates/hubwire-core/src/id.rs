//! Names of connections, groups, users, hubs and nodes: cheap to clone, compared byte by byte.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps `value` unchanged: names are compared ordinally, never normalised.
            pub fn new(value: impl Into<Arc<str>>) -> Self {
                Self(value.into())
            }

            /// Returns the name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self(value.into())
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self(value.into())
            }
        }

        impl From<&String> for $name {
            fn from(value: &String) -> Self {
                Self(value.as_str().into())
            }
        }

        impl From<&$name> for $name {
            fn from(value: &$name) -> Self {
                value.clone()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    )*};
}

names! {
    /// The public id of a connection; it may be logged and shown to others.
    ///
    /// ```
    /// use hubwire::{ConnectionId, HubCallerContext, HubResult, hub};
    ///
    /// struct ChatHub;
    ///
    /// #[hub]
    /// impl ChatHub {
    ///     pub async fn whisper(&self, cx: &HubCallerContext<Self>, to: String, text: String) -> HubResult {
    ///         let from: &ConnectionId = cx.connection_id();
    ///         cx.clients().client(to).send("Whispered", (from, text)).await?;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ConnectionId;
    /// The name of a group, compared case-sensitively.
    ///
    /// ```
    /// use hubwire::GroupName;
    ///
    /// let room = GroupName::from(format!("room-{}", 7)); // texts convert wherever a group is asked for
    /// assert_eq!(room, "room-7");
    /// assert_ne!(room, GroupName::from("Room-7"));
    /// ```
    GroupName;
    /// The name that a user-id provider gives to a user; one user may have many connections.
    ///
    /// ```
    /// use hubwire::{HubCallerContext, HubResult, UserId, hub};
    ///
    /// struct MailHub;
    ///
    /// #[hub]
    /// impl MailHub {
    ///     pub async fn ping_my_devices(&self, cx: &HubCallerContext<Self>) -> HubResult {
    ///         if let Some(user) = cx.user_id() {
    ///             cx.clients().user(user).send("Ping", ()).await?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// assert_eq!(UserId::from("ann").as_str(), "ann");
    /// ```
    UserId;
    /// What the messages have in common of which only the latest counts
    /// ([`Proxy::latest`](crate::Proxy::latest)): the symbol of a price, the id of a vehicle.
    ///
    /// ```
    /// use hubwire::MessageKey;
    ///
    /// let key = MessageKey::from("AAPL"); // texts convert wherever a key is asked for
    /// assert_ne!(key, MessageKey::from("aapl"));
    /// ```
    MessageKey;
    /// The name under which the nodes of a farm know a hub.
    HubName;
    /// The id of one process of a farm, new at every start.
    NodeId;
}
