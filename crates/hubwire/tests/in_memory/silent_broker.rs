//! A broker that confirms nothing, while clients leave.

use hubwire::GroupError;
use hubwire::backplane::InProcessFarm;
use hubwire::testing::TestClient;
use serde_json::json;
use test_support::farm::Node;
use test_support::in_memory::*;
use tokio::time::timeout;

#[tokio::test(start_paused = true)]
async fn clients_that_leave_while_the_broker_is_awaited_are_noticed() {
    let node = Node::new(&InProcessFarm::new());
    node.link.hold();
    for pulled in [false, true] {
        let handshake = json!({"protocol": "json", "version": 1});
        if pulled {
            let mut client = TestClient::open_pulled(&node.server.endpoint, None);
            client.send_record(&handshake).await.unwrap();
            settle().await;
        } else {
            let mut client = node.server.open();
            client.send_record(&handshake).await.unwrap();
            settle().await;
        }
    }
    pass(seconds(120)).await;
    let left = node.server.signalr.statistics();
    assert_eq!((left.connections, left.tokens), (0, 0));
}

/// The acknowledgement is awaited for 30 s, whether or not the command was delivered.
#[tokio::test(start_paused = true)]
async fn a_change_of_a_remote_group_ends_even_if_the_broker_is_silent() {
    let node = Node::new(&InProcessFarm::new());
    node.link.hold();
    let groups = node.context().groups();
    let change = timeout(seconds(120), groups.add("nobody", "tea")).await;
    let error = change.expect("it ends").unwrap_err();
    assert!(
        matches!(error, GroupError::Unacknowledged { .. }),
        "{error}"
    );
}
