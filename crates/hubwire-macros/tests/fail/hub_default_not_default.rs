use hubwire::hub;

#[derive(serde::Deserialize)]
pub struct Order;

struct ShopHub;

#[hub]
impl ShopHub {
    pub fn buy(&self, #[hub(default)] _order: Order) {}

    pub fn find(&self, _symbol: String, #[hub(default)] _order: Option<Order>) {}
}

fn main() {}
