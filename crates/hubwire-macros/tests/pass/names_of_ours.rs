//! Names of ours with another meaning: the method's own `cx`, and a type named `Result`.
#![deny(warnings)]

use std::future::ready;

use hubwire::{HubResult, hub, hub_client};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
pub struct Result {
    home: u32,
    guests: u32,
}

#[hub_client]
trait GameClient {
    fn count(&self) -> Result;
}

struct GameHub;

#[hub(client = GameClient)]
impl GameHub {
    pub fn result(&self) -> Result {
        Result { home: 2, guests: 1 }
    }

    pub fn perhaps(&self) -> HubResult<Result> {
        Ok(self.result())
    }

    pub fn in_closure(&self, centres: Vec<String>) -> String {
        format!("{:?}", centres.iter().map(|cx| cx.len()).collect::<Vec<_>>())
    }

    pub async fn in_select(&self) -> usize {
        tokio::select! {
            cx = ready("centre") => cx.len(),
            Some(cx) = ready(Some("centre")) => { std::convert::identity(cx).len() }
        }
    }

    pub fn in_block(&self) -> String {
        format!("{}", {
            let cx = "centre";
            cx.len()
        })
    }

    pub fn in_arm(&self, centre: Option<String>) -> bool {
        assert!(matches!(&centre, Some(cx) if !cx.is_empty()));
        assert!(match &centre {
            Some(cx) => cx.is_empty(),
            None => false,
        });
        true
    }

    pub fn before(&self) -> String {
        let cx = "centre";
        format!("{}", cx.len())
    }
}

fn main() {
    let _ = GameHub;
}
