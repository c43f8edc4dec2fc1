//! The corrections that the errors of `tests/fail` suggest.
#![deny(warnings)]

use std::sync::atomic::{AtomicU32, Ordering};

use hubwire::manual::{Many, One};
use hubwire::{CallerClients, HubCallerContext, HubContext, HubError, HubResult, Reach, hub, hub_client};
use serde::Serialize;

#[hub_client]
trait ChatClient {
    // client_result_alias: not `HubResult<bool>`
    fn confirm(&self, question: &str) -> bool;
    // client_overload: the other one is sent by name
    fn receive(&self, text: &str);
}

// send_untyped: derived
#[derive(Serialize)]
struct Message;

// hub_result_error: with `Error`
#[derive(Debug)]
struct SaveFailed;

impl std::fmt::Display for SaveFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not saved")
    }
}

impl std::error::Error for SaveFailed {}

// hub_not_sync: not a `Cell`
struct ChatHub(AtomicU32);

#[hub(client = ChatClient)]
impl ChatHub {
    // hub_context_forgotten
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        Ok(cx.groups().add(cx.connection_id(), "lobby").await?)
    }

    pub async fn send(&self, cx: &HubCallerContext<Self>, text: String) -> HubResult {
        cx.clients().all().as_ref().send("Receive", ("Ann", text)).await?;
        cx.clients().all().as_ref().send("Receive", ("text",)).await?;
        cx.clients().all().as_ref().send("Receive", ("text", Message)).await?;
        Ok(())
    }

    pub async fn from_outside(&self, hub: &HubContext<Self>) -> HubResult {
        tell(hub.clients().all()).await
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        let clients: CallerClients<ChatClient> = cx.clients();
        sure(clients.caller()).await
    }

    pub async fn save(&self) -> Result<u32, SaveFailed> {
        match self.0.load(Ordering::Relaxed) {
            0 => Err(SaveFailed),
            saved => Ok(saved),
        }
    }

    pub async fn save_again(&self) -> HubResult<u32> {
        self.save().await.map_err(|_| HubError::new("not saved"))
    }

    // hub_second_block: here, beside the others
    pub async fn leave_room(&self, room: String) -> bool {
        Self::is_clean(&room)
    }

    // hub_borrowed_parameter: not `pub`
    fn is_clean(text: &str) -> bool {
        text.is_empty()
    }
}

// client_as_bound
async fn tell<R: Reach>(clients: ChatClientProxy<R>) -> HubResult {
    Ok(clients.receive("text").await?)
}

async fn sure(client: ChatClientProxy<One>) -> HubResult<bool> {
    Ok(client.confirm("Sure?").await?)
}

fn main() {
    let _ = ChatHub(AtomicU32::new(0));
    let _ = tell::<Many>;
}
