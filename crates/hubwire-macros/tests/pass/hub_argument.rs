//! The user's own types with names that mean something to the attribute.
#![deny(warnings)]

use hubwire::manual::Hub;
use hubwire::hub;
use serde::Deserialize;

#[derive(Deserialize)]
struct CancellationToken(u32);

#[derive(Deserialize)]
struct HubCallerContext(String);

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn cancel(&self, #[argument] token: CancellationToken) -> u32 {
        token.0
    }

    pub fn cancel_too(&self, #[hubwire::argument] token: CancellationToken) -> u32 {
        token.0
    }

    pub fn name(&self, context: HubCallerContext, real: &hubwire::HubCallerContext<Self>) -> String {
        let _ = real;
        context.0
    }
}

fn main() {
    let _ = ChatHub;
    assert_eq!(ChatHub::METHODS[0].parameters[0].type_name, "CancellationToken");
    assert_eq!(ChatHub::METHODS[1].parameters.len(), 1);
    assert_eq!(ChatHub::METHODS[2].parameters.len(), 1);
}
