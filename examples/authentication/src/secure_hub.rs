//! The hub, which knows nothing of how its users have signed in.

use hubwire::{HubCallerContext, HubError, HubResult, hub, hub_client};

#[hub_client]
pub(crate) trait SecureClient {
    fn receive_message(&self, user_id: &str, message: &str);
}

pub(crate) struct SecureHub;

#[hub(client = SecureClient)]
#[authorize]
impl SecureHub {
    pub async fn send_message(&self, cx: &HubCallerContext<Self>, message: String) -> HubResult {
        let user = cx.user_id().ok_or_else(|| HubError::new("Who are you?"))?;
        let everybody = cx.clients().all();
        Ok(everybody.receive_message(user, &message).await?)
    }
}
