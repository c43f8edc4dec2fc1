//! The shop's chat rooms: one for support, and one for questions about each product.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hubwire::{
    Caller, DisconnectReason, HubCallerContext, HubError, HubResult, Timestamp, hub, hub_client,
};
use serde::Serialize;
use tokio::time::Instant;

use crate::metrics;

const MAXIMUM_MESSAGE_CHARACTERS: usize = 1_000;
const MAXIMUM_ROOMS: usize = 32;
const MAXIMUM_ROOM_ID_BYTES: usize = 100;

/// The number of messages that a connection may send in a period.
const MAXIMUM_MESSAGES: usize = 10;
const MESSAGES_PERIOD: Duration = Duration::from_secs(1);

/// A message as everybody in the room sees it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChatMessage {
    user: String,
    message: String,
    /// When the server received it.
    at: Timestamp,
}

/// The methods that the server calls on chat clients.
#[hub_client]
pub(crate) trait ChatClient {
    /// Tells a new connection its own id.
    fn connected(&self, connection_id: &str);
    /// A message arrived in a room.
    fn receive_message(&self, message: ChatMessage);
    /// Somebody entered a room.
    fn user_joined(&self, connection_id: &str, room_id: &str);
    /// Somebody left a room.
    fn user_left(&self, connection_id: &str, room_id: &str);
}

/// The state of one connection.
#[derive(Clone, Default)]
struct Visit(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The rooms it is in; they are told when it is gone.
    rooms: BTreeSet<String>,
    /// The times of its latest messages.
    said: VecDeque<Instant>,
}

impl Visit {
    fn of(caller: &Caller) -> Self {
        caller.items().get::<Self>().unwrap_or_default()
    }

    fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Counts a message to this room, or refuses it.
    fn say(&mut self, room_id: &str) -> HubResult {
        if !self.rooms.contains(room_id) {
            return Err(HubError::new("Join the room first"));
        }
        let now = Instant::now();
        while let Some(first) = self.said.front()
            && now.duration_since(*first) >= MESSAGES_PERIOD
        {
            self.said.pop_front();
        }
        if self.said.len() >= MAXIMUM_MESSAGES {
            return Err(HubError::new("Ten messages a second are enough"));
        }
        self.said.push_back(now);
        Ok(())
    }
}

/// The chat hub.
pub(crate) struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.items().insert(Visit::default());
        cx.clients().caller().connected(cx.connection_id()).await?;
        Ok(())
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        _reason: &DisconnectReason,
    ) -> HubResult {
        for room_id in Visit::of(cx).with(|visit| std::mem::take(&mut visit.rooms)) {
            let others = cx.clients().others_in_group(&room_id);
            others.user_left(cx.connection_id(), &room_id).await?;
        }
        Ok(())
    }

    /// Enters a room; entering twice does nothing.
    pub async fn join_room(&self, cx: &HubCallerContext<Self>, room_id: String) -> HubResult {
        if room_id.trim().is_empty() || room_id.len() > MAXIMUM_ROOM_ID_BYTES {
            return Err(HubError::new("There is no such room"));
        }
        let entered = Visit::of(cx).with(|visit| match visit.rooms.len() {
            MAXIMUM_ROOMS.. if !visit.rooms.contains(&room_id) => {
                Err(HubError::new("You are in too many rooms"))
            }
            _ => Ok(visit.rooms.insert(room_id.clone())),
        })?;
        if entered {
            cx.groups().add(cx.connection_id(), &room_id).await?;
            let room = cx.clients().group(&room_id);
            room.user_joined(cx.connection_id(), &room_id).await?;
        }
        Ok(())
    }

    /// Leaves a room; leaving one that was not entered does nothing.
    pub async fn leave_room(&self, cx: &HubCallerContext<Self>, room_id: String) -> HubResult {
        if Visit::of(cx).with(|visit| visit.rooms.remove(&room_id)) {
            let room = cx.clients().group(&room_id);
            room.user_left(cx.connection_id(), &room_id).await?;
            cx.groups().remove(cx.connection_id(), &room_id).await?;
        }
        Ok(())
    }

    /// Sends a message to everybody in a room that the connection has entered, at most ten times a
    /// second.
    ///
    /// They see the name of the signed-in user, whatever `_user` says.
    pub async fn send_message(
        &self,
        cx: &HubCallerContext<Self>,
        room_id: String,
        _user: String,
        message: String,
    ) -> HubResult {
        if message.trim().is_empty() {
            return Err(HubError::new("Message cannot be empty"));
        }
        if message.chars().count() > MAXIMUM_MESSAGE_CHARACTERS {
            return Err(HubError::new("Message too long"));
        }
        let user = name(cx).ok_or_else(|| HubError::new("Sign in first"))?;
        Visit::of(cx).with(|visit| visit.say(&room_id))?;
        let at = Timestamp::now();
        let message = ChatMessage { user, message, at };
        cx.clients().group(room_id).receive_message(message).await?;
        metrics::chat_message_sent();
        Ok(())
    }
}

/// Returns the name of the caller's user.
fn name(caller: &Caller) -> Option<String> {
    let user = caller.principal()?;
    let name = user.name().or_else(|| user.name_identifier());
    name.map(str::to_owned)
}

#[cfg(test)]
mod tests;
