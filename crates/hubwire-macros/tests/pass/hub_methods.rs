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
    pub async fn join_room(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
        let _ = (cx, room);
        Ok(())
    }

    pub fn limit(&self) -> usize {
        self.limit + Self::STEP
    }

    pub fn last(&self, room: String, cx: &HubCallerContext<Self>) -> Result<Message, std::io::Error> {
        let _ = cx;
        Ok(Message { text: room })
    }

    pub async fn patterns(self: &Self, (a, b): (u32, u32), mut c: Vec<Message>, _: Option<PathBuf>) -> u32 {
        c.clear();
        a + b
    }

    // The names that the expansion itself uses.
    pub async fn clash(&self, hub: u8, call: u8, cx: u8, error: u8, reason: u8, method: u8) -> HubResult<u8> {
        Ok(hub + call + cx + error + reason + method)
    }

    pub async fn boxed<'a>(&'a self, cx: &'a HubCallerContext<Self>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let _ = cx;
        Ok(())
    }

    pub fn fixed(&self) -> &'static str {
        "fixed"
    }

    pub const fn constant(&self, r#type: u8) -> u8 {
        r#type
    }

    #[deprecated]
    pub fn call(&self) -> std::result::Result<u8, HubError> {
        Err(HubError::new("no"))
    }

    #[hub(name = "METHODS")]
    pub fn on_methods(&self) {}

    pub fn r#type(&self) {}

    fn helper<T>(value: T) -> T {
        value
    }

    pub(crate) fn other_helper(&mut self, text: &str) -> &usize {
        self.limit += text.len();
        &self.limit
    }

    pub(self) fn name_again(text: &str) -> &str {
        text
    }

    #[hub(skip)]
    pub fn public_helper(&self, text: &str) -> bool {
        text.is_empty()
    }

    #[hub(skip)]
    fn on_anything(&mut self) {}

    #[hub(skip)]
    pub fn on_everything(&mut self) {}
}

/// Methods of a hub that is public only within the crate can be called, and no lint complains.
pub(crate) mod within {
    #![deny(unreachable_pub)]

    use super::*;

    macro_rules! hub {
        ($visibility:vis $name:ident) => {
            pub(crate) struct $name;

            #[hub]
            impl $name {
                $visibility fn echo(&self) {}
            }
        };
    }

    hub!(pub Public);
    hub!(pub(crate) OfTheCrate);
    hub!(Private);

    pub(crate) fn numbers_of_methods() -> [usize; 3] {
        OfTheCrate.echo();
        Private.echo();
        let _ = Public;
        [Public::METHODS.len(), OfTheCrate::METHODS.len(), Private::METHODS.len()]
    }
}

fn main() {
    let mut hub = ChatHub::helper(ChatHub { limit: 3 });
    hub.on_anything();
    hub.on_everything();
    assert!(!hub.public_helper(ChatHub::name_again("name")));
    assert_eq!(*hub.other_helper("name"), 7);
    assert_eq!(within::numbers_of_methods(), [1, 0, 0]);
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
