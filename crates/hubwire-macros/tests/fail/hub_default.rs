#![allow(unused_variables)]

use hubwire::{CancellationToken, HubCallerContext, StreamReader, hub};

#[derive(serde::Deserialize)]
pub struct Order;

struct ShopHub;

#[hub]
impl ShopHub {
    pub fn not_last(&self, #[hub(default)] count: u32, symbol: String, #[hub(default)] note: String) {}

    pub fn not_sent(
        &self,
        #[hub(default)] cx: &HubCallerContext<Self>,
        #[hub(default)] cancel: CancellationToken,
        #[hub(default)] orders: StreamReader<Order>,
    ) {
    }

    pub fn with_value(&self, #[hub(default = 5)] count: u32) {}

    pub fn twice(&self, #[hub(default, default)] count: u32) {}

    pub fn twice_over(&self, #[hub(default)] #[hub(default)] count: u32) {}

    pub fn misspelt(&self, #[hub(defualt)] count: u32) {}

    pub fn bare(&self, #[hub] count: u32) {}

    pub fn mark_self(#[hub(default)] &self) {}

    #[hub(default)]
    pub fn mark_method(&self, count: u32) {}

    fn helper(&self, #[hub(default)] count: u32) {}

    #[hub(skip)]
    pub fn skipped(#[hub(default)] &self, #[hub(default)] count: u32) {}

    async fn on_connected(&self, #[hub(default)] cx: &HubCallerContext<Self>) {}
}

fn main() {}
