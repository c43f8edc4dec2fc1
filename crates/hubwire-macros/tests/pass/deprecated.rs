//! A deprecated method warns those who call it in Rust, and not what is generated.
#![deny(deprecated)]

use hubwire::hub;
use hubwire::manual::Hub;

pub struct ShopHub;

#[hub]
impl ShopHub {
    #[deprecated(note = "use buy")]
    pub fn order(&self) {}

    #[hub(deprecated)]
    pub fn purchase(&self) {
        self.buy(String::new(), 1);
    }

    pub fn buy(&self, _symbol: String, #[hub(default)] _count: u32) {}
}

fn main() {
    ShopHub.purchase();
    let [order, purchase, buy] = ShopHub::METHODS else {
        panic!("three methods")
    };
    assert!(order.is_deprecated && purchase.is_deprecated && !buy.is_deprecated);
    assert!(!buy.parameters[0].has_default && buy.parameters[1].has_default);
}
