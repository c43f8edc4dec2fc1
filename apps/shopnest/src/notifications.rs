//! Notifications for users.

use hubwire::{Timestamp, hub, hub_client};
use serde::Serialize;

/// A notification, with the members of the tutorials' `NotificationDto`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Notification {
    title: String,
    message: String,
    /// What it is about; most are `info`.
    #[serde(rename = "type")]
    kind: String,
    timestamp: Timestamp,
}

/// The methods that the server calls on clients that are notified.
#[hub_client]
pub(crate) trait NotificationClient {
    /// A notification arrived.
    fn receive_notification(&self, notification: Notification);
}

/// The hub for users who want to be notified. It has no methods.
pub(crate) struct NotificationHub;

#[hub(client = NotificationClient)]
impl NotificationHub {}
