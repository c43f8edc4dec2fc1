//! The values that a call lends are recognised by their types, whatever their names.
#![deny(warnings)]

use futures_util::stream;
use hubwire::manual::{Hub, UntypedClient};
use hubwire::{Caller, CallerClients, HubCallerContext, HubContext, HubResult, Stream, hub};

type Context = HubCallerContext<ChatHub>;
type Of<H> = HubCallerContext<H>;

mod renamed {
    pub(crate) use hubwire::Caller as WhoCalls;
}

struct ChatHub;

#[hub]
impl ChatHub {
    async fn on_connected(&self, cx: &Context, caller: &Caller) -> HubResult {
        assert_eq!(cx.connection_id(), caller.connection_id());
        Ok(())
    }

    fn on_disconnected(&self, hub: &HubContext<Self>, caller: &renamed::WhoCalls) {
        let _ = (hub.clients(), caller);
    }

    pub async fn by_alias(&self, cx: &Context, text: String) -> HubResult {
        let clients: CallerClients<UntypedClient> = cx.clients();
        Ok(clients.all().send("Told", (text,)).await?)
    }

    pub fn twice<'a>(&self, cx: &'a Of<Self>, again: &HubCallerContext<ChatHub>) -> bool {
        cx.connection_id() == again.connection_id()
    }

    pub fn caller(&self, caller: &Caller, _: &hubwire::Caller) -> String {
        Self::helper(caller).to_owned()
    }

    pub async fn hub(&self, text: String, hub: &HubContext<Self>) -> HubResult {
        Ok(hub.clients().all().send("Told", (text,)).await?)
    }

    pub fn stream(&self, caller: &Caller, hub: &HubContext<Self>) -> impl Stream<Item = &str> {
        let _ = (caller.connection_id(), hub);
        stream::iter(["a"])
    }

    fn helper(caller: &Caller) -> &str {
        caller.connection_id()
    }
}

struct Topic<T>(T);

#[hub]
impl<T: Send + Sync + 'static> Topic<T> {
    pub fn all(&self, cx: &HubCallerContext<Self>, of: &Of<Topic<T>>, hub: &HubContext<Self>) {
        let _ = (cx, of, hub, &self.0);
    }
}

fn main() {
    let _ = (ChatHub, Topic(1).0);
    assert!(Topic::<u8>::METHODS[0].parameters.is_empty());
    let numbers: Vec<_> = ChatHub::METHODS.iter().map(|method| method.parameters.len()).collect();
    assert_eq!(numbers, [1, 0, 0, 1, 0]);
}
