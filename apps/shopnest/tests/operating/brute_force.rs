//! An attacker who tries passwords.

use std::time::Duration;

use test_support::requests::{Response, post};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::shop::{PATIENCE, Shop};

const LOGIN: &str = "/api/login";
const ANN: &str = r#"{"user":"ann","password":"ann-demo"}"#;
const GUESSES: usize = 300;

fn guesses(shop: &Shop) -> JoinSet<Response> {
    let mut guesses = JoinSet::new();
    for number in 0..GUESSES {
        let address = shop.address;
        let body = format!(r#"{{"user":"ann","password":"guess-{number}"}}"#);
        guesses.spawn(async move { post(address, LOGIN, &body).await });
    }
    guesses
}

/// Few guesses are looked at, most are refused without being looked at, and others than accounts do
/// not notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_by_brute_force() {
    let shop = Shop::open().await;
    let mut guesses = guesses(&shop);
    let refused = async {
        while let Some(answer) = guesses.join_next().await {
            let answer = answer.unwrap();
            match answer.status {
                401 => {}
                429 => return answer,
                _ => panic!("{answer:?}"),
            }
        }
        panic!("{GUESSES} guesses were looked at");
    };
    let refused = timeout(PATIENCE, refused).await.expect("a refusal");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    shop.guest("/hubs/notifications").await.leave().await;

    // The attacker gives up, and what still waits is forgotten.
    drop(guesses);
    let signing_in = async {
        while post(shop.address, LOGIN, ANN).await.status == 429 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let signed_in = timeout(PATIENCE, signing_in).await;
    signed_in.expect("the attacker's guesses are forgotten");
    shop.sign_in(ANN).await;
}
