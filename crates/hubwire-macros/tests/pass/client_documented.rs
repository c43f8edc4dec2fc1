//! The types generated for a client without documentation are documented, and may be unused.
#![deny(missing_docs, unreachable_pub, warnings)]

/// Public, as in a library.
pub mod clients {
    #[hubwire::hub_client]
    pub trait ChatClient {
        fn user_joined(&self, room: &str);
    }
}

#[hubwire::hub_client]
trait Unused {
    fn user_joined(&self, room: &str);
}

struct ChatHub;

#[hubwire::hub(client = Unused)]
impl ChatHub {}

fn main() {
    let _ = ChatHub;
}
