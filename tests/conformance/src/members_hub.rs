//! The hub with methods for some users, which everybody may connect to.

use futures_util::{Stream, stream};
use hubwire::{HubCallerContext, HubResult, hub};

/// Has methods that only some may call.
pub(crate) struct MembersHub;

#[hub]
impl MembersHub {
    pub fn echo(&self, value: String) -> String {
        value
    }

    #[authorize]
    pub async fn announce(&self, cx: &HubCallerContext<Self>, text: String) -> HubResult {
        Ok(cx.clients().all().send("Announced", (text,)).await?)
    }

    #[authorize]
    pub fn count(&self, to: u32) -> impl Stream<Item = u32> {
        stream::iter(0..to)
    }

    #[authorize(role = "Admin")]
    pub fn dismiss(&self, name: String) -> String {
        format!("dismissed {name}")
    }
}
