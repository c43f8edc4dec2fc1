use hubwire::{hub, hub_client};

#[hub_client]
pub trait ShopClient {
    #[hub(deprecated)]
    fn sold(&self, symbol: &str);

    fn bought(&self, symbol: &str, #[hub(default)] count: u32);
}

struct ShopHub;

#[hub(client = ShopClient)]
impl ShopHub {
    #[hub(deprecated = "use Buy")]
    pub fn order(&self) {}

    #[hub(deprecated)]
    fn helper(&self) {}

    #[hub(skip, deprecated)]
    pub fn skipped(&self) {}

    #[hub(deprecated)]
    async fn on_connected(&self) {}
}

fn main() {}
