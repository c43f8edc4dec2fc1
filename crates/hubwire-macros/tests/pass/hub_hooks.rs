//! Every form of hook.
#![deny(warnings)]

use hubwire::manual::Hub;
use hubwire::{DisconnectReason, HubCallerContext, HubResult, hub};

macro_rules! hub {
    ($name:ident { $($hooks:tt)* }) => {
        struct $name;

        #[hub]
        impl $name {
            $($hooks)*
        }

        assert!($name::METHODS.is_empty());
        let _ = $name;
    };
}

fn main() {
    hub!(WithAll {
        async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
            let _ = cx;
            Ok(())
        }

        async fn on_disconnected(&self, cx: &HubCallerContext<Self>, reason: &DisconnectReason) -> HubResult {
            let _ = (cx, reason);
            Ok(())
        }
    });
    hub!(WithLess {
        async fn on_connected(&self) {}

        async fn on_disconnected(&self, reason: &DisconnectReason) {
            let _ = reason;
        }
    });
    hub!(NotAsync {
        fn on_connected(&self, cx: &HubCallerContext<Self>) -> () {
            let _ = cx;
        }

        fn on_disconnected(&self) -> Result<(), std::io::Error> {
            Ok(())
        }
    });
    hub!(Skipped {
        #[hub(skip)]
        #[expect(dead_code)]
        fn on_connected(&self, a: u8, b: u8) -> u8 {
            a + b
        }
    });
}
