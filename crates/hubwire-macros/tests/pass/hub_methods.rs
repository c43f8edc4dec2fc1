//! Every form of method, parameter and result.
#![deny(warnings)]

use std::path::PathBuf;

use hubwire::manual::Hub;
use hubwire::{HubCallerContext, HubError, HubResult, hub};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Message {
    text: String,
}

struct ChatHub {
    limit: usize,
}

#[hub]
impl ChatHub {
    const STEP: usize = 1;

    /// Joins a room.
    ///
    /// At the end.
    async fn join_room(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
        let _ = (cx, room);
        Ok(())
    }

    fn limit(&self) -> usize {
        self.limit + Self::STEP
    }

    fn last(&self, room: String, cx: HubCallerContext<Self>) -> Result<Message, std::io::Error> {
        drop(cx);
        Ok(Message { text: room })
    }

    async fn patterns(self: &Self, (a, b): (u32, u32), mut c: Vec<Message>, _: Option<PathBuf>) -> u32 {
        c.clear();
        a + b
    }

    // The names that the expansion itself uses.
    async fn clash(&self, hub: u8, call: u8, cx: u8, error: u8, reason: u8, method: u8) -> HubResult<u8> {
        Ok(hub + call + cx + error + reason + method)
    }

    pub async fn boxed<'a>(&'a self, cx: &'a HubCallerContext<Self>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let _ = cx;
        Ok(())
    }

    fn fixed(&self) -> &'static str {
        "fixed"
    }

    const fn constant(&self, r#type: u8) -> u8 {
        r#type
    }

    #[deprecated]
    fn call(&self) -> std::result::Result<u8, HubError> {
        Err(HubError::new("no"))
    }

    #[hub(name = "METHODS")]
    fn on_methods(&self) {}

    fn r#type(&self) {}

    #[hub(skip)]
    fn helper<T>(value: T) -> T {
        value
    }

    #[hub(skip)]
    fn on_anything(&mut self) {}
}

fn main() {
    ChatHub::helper(ChatHub { limit: 3 }).on_anything();
    let names: Vec<_> = ChatHub::METHODS.iter().map(|method| method.name).collect();
    assert_eq!(
        names,
        [
            "JoinRoom", "Limit", "Last", "Patterns", "Clash", "Boxed", "Fixed", "Constant", "Call",
            "METHODS", "Type"
        ]
    );
    let [join_room, .., constant, _, _, _] = ChatHub::METHODS else {
        panic!("{:?}", ChatHub::METHODS);
    };
    assert_eq!(join_room.docs, "Joins a room.\n\nAt the end.");
    assert_eq!(join_room.parameters.len(), 1);
    assert_eq!(join_room.parameters[0].name, "room");
    assert_eq!(join_room.parameters[0].type_name, "String");
    assert_eq!(constant.parameters[0].name, "type");
    let patterns = ChatHub::METHODS[3].parameters;
    let types: Vec<_> = patterns.iter().map(|parameter| parameter.type_name).collect();
    assert_eq!(types, ["(u32, u32)", "Vec<Message>", "Option<PathBuf>"]);
}
