//! The hub whose callers disconnect connections, users and groups.

use hubwire::{Disconnect, DisconnectReason, HubCallerContext, HubContext, HubResult, hub};

/// Disconnects whom its callers say, for good or with permission to reconnect.
pub(crate) struct KickHub;

#[hub]
impl KickHub {
    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        reason: &DisconnectReason,
    ) -> HubResult {
        let left = (cx.connection_id(), reason.to_string());
        cx.clients().others().send("Left", left).await?;
        Ok(())
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub async fn enter(&self, cx: &HubCallerContext<Self>, group: String) -> HubResult {
        cx.groups().add(cx.connection_id(), group).await?;
        Ok(())
    }

    pub fn kick_connection(
        &self,
        hub: &HubContext<Self>,
        id: String,
        reason: Option<String>,
        may_reconnect: bool,
    ) -> usize {
        hub.disconnect_connection(id, disconnect(reason, may_reconnect))
    }

    pub fn kick_user(
        &self,
        hub: &HubContext<Self>,
        user: String,
        reason: Option<String>,
        may_reconnect: bool,
    ) -> usize {
        hub.disconnect_user(user, disconnect(reason, may_reconnect))
    }

    pub fn kick_group(
        &self,
        hub: &HubContext<Self>,
        group: String,
        reason: Option<String>,
        may_reconnect: bool,
    ) -> usize {
        hub.disconnect_group(group, disconnect(reason, may_reconnect))
    }
}

fn disconnect(reason: Option<String>, may_reconnect: bool) -> Disconnect {
    let disconnect = match may_reconnect {
        true => Disconnect::allowing_reconnect(),
        false => Disconnect::for_good(),
    };
    match reason {
        Some(reason) => disconnect.because(reason),
        None => disconnect,
    }
}
