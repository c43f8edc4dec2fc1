//! The hub that sends to busy clients.

use hubwire::{HubCallerContext, HubResult, WhenBusy, hub};

/// The size of the text beside each number, in bytes.
const PADDING: usize = 1024;

/// Sends numbers as its callers say.
pub(crate) struct BusyHub;

#[hub]
impl BusyHub {
    pub async fn push_numbers(
        &self,
        cx: &HubCallerContext<Self>,
        id: String,
        when_busy: WhenBusy,
        numbers: Vec<u32>,
    ) -> HubResult {
        let client = cx.clients().client(id).when_busy(when_busy);
        let padding = "x".repeat(PADDING);
        for number in numbers {
            client.send("Number", (number, &padding)).await?;
        }
        Ok(())
    }
}
