//! The hub of the load generator.

use hubwire::{HubCallerContext, HubResult, hub, hub_client};

/// The methods that are called on the load generator's connections.
#[hub_client]
pub(crate) trait BenchClient {
    #[hub(name = "bench")]
    fn bench(&self, payload: &str);
}

/// Echoes and broadcasts.
pub(crate) struct BenchHub;

#[hub(client = BenchClient)]
impl BenchHub {
    pub fn echo(&self, payload: String) -> String {
        payload
    }

    pub async fn broadcast(&self, cx: &HubCallerContext<Self>, payload: String) -> HubResult {
        cx.clients().all().bench(&payload).await?;
        Ok(())
    }

    pub async fn join_group(&self, cx: &HubCallerContext<Self>, group: String) -> HubResult {
        cx.groups().add(cx.connection_id(), group).await?;
        Ok(())
    }

    pub async fn send_to_group(
        &self,
        cx: &HubCallerContext<Self>,
        group: String,
        payload: String,
    ) -> HubResult {
        cx.clients().group(group).bench(&payload).await?;
        Ok(())
    }
}
