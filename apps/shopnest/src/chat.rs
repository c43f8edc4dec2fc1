//! The shop's chat rooms: support, and one for each product's questions.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use hubwire::{Caller, DisconnectReason, HubCallerContext, HubError, HubResult, hub, hub_client};
use serde::Serialize;

const MAXIMUM_MESSAGE_CHARACTERS: usize = 1_000;
const MAXIMUM_NAME_CHARACTERS: usize = 100;
const MAXIMUM_ROOMS: usize = 32;
const MAXIMUM_ROOM_ID_BYTES: usize = 100;

/// A message as everybody in the room reads it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChatMessage {
    user: String,
    message: String,
    /// When the server took it, in RFC 3339.
    at: String,
}

/// What the server calls on chat clients.
#[hub_client]
pub(crate) trait ChatClient {
    /// Tells a new connection its own id.
    fn connected(&self, connection_id: &str);
    /// A message came in a room.
    fn receive_message(&self, message: ChatMessage);
    /// Somebody entered a room.
    fn user_joined(&self, connection_id: &str, room_id: &str);
    /// Somebody left a room.
    fn user_left(&self, connection_id: &str, room_id: &str);
}

/// The rooms of one connection, so that they hear when it is gone.
#[derive(Clone, Default)]
struct Rooms(Arc<Mutex<BTreeSet<String>>>);

impl Rooms {
    fn of(caller: &Caller) -> Self {
        caller.items().get::<Self>().unwrap_or_default()
    }

    fn with<R>(&self, change: impl FnOnce(&mut BTreeSet<String>) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The chat hub.
pub(crate) struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.items().insert(Rooms::default());
        cx.clients().caller().connected(cx.connection_id()).await?;
        Ok(())
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        _reason: &DisconnectReason,
    ) -> HubResult {
        for room_id in Rooms::of(cx).with(std::mem::take) {
            let others = cx.clients().others_in_group(&room_id);
            others.user_left(cx.connection_id(), &room_id).await?;
        }
        Ok(())
    }

    /// Enters a room; entering twice does nothing.
    async fn join_room(&self, cx: &HubCallerContext<Self>, room_id: String) -> HubResult {
        if room_id.trim().is_empty() || room_id.len() > MAXIMUM_ROOM_ID_BYTES {
            return Err(HubError::new("There is no such room"));
        }
        let entered = Rooms::of(cx).with(|rooms| match rooms.len() {
            MAXIMUM_ROOMS.. if !rooms.contains(&room_id) => {
                Err(HubError::new("You are in too many rooms"))
            }
            _ => Ok(rooms.insert(room_id.clone())),
        })?;
        if entered {
            cx.groups().add(cx.connection_id(), &room_id).await?;
            let room = cx.clients().group(&room_id);
            room.user_joined(cx.connection_id(), &room_id).await?;
        }
        Ok(())
    }

    /// Leaves a room; leaving one that was not entered does nothing.
    async fn leave_room(&self, cx: &HubCallerContext<Self>, room_id: String) -> HubResult {
        if Rooms::of(cx).with(|rooms| rooms.remove(&room_id)) {
            let room = cx.clients().group(&room_id);
            room.user_left(cx.connection_id(), &room_id).await?;
            cx.groups().remove(cx.connection_id(), &room_id).await?;
        }
        Ok(())
    }

    /// Says something to everybody in a room.
    async fn send_message(
        &self,
        cx: &HubCallerContext<Self>,
        room_id: String,
        user: String,
        message: String,
    ) -> HubResult {
        if message.trim().is_empty() {
            return Err(HubError::new("Message cannot be empty"));
        }
        if message.chars().count() > MAXIMUM_MESSAGE_CHARACTERS {
            return Err(HubError::new("Message too long"));
        }
        if user.chars().count() > MAXIMUM_NAME_CHARACTERS {
            return Err(HubError::new("Name too long"));
        }
        let at = jiff::Timestamp::now().to_string();
        let message = ChatMessage { user, message, at };
        cx.clients().group(room_id).receive_message(message).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
