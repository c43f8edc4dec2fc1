//! A broker that confirms nothing, and clients that leave meanwhile.

use hubwire::GroupError;
use hubwire::backplane::InProcessFarm;
use hubwire::testing::TestClient;
use serde_json::json;
use test_support::farm::Node;
use test_support::in_memory::*;
use tokio::time::timeout;

#[tokio::test(start_paused = true)]
async fn who_leaves_while_the_broker_is_awaited_is_noticed() {
    let node = Node::new(&InProcessFarm::new());
    node.link.hold(true);
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

/// Its acknowledgement is awaited for 30 s, whatever becomes of the command.
#[tokio::test(start_paused = true)]
async fn a_change_of_a_remote_group_ends_where_the_broker_is_silent() {
    let node = Node::new(&InProcessFarm::new());
    node.link.hold(true);
    let groups = node.context().groups();
    let change = timeout(seconds(120), groups.add("nobody", "tea")).await;
    let error = change.expect("it ends").unwrap_err();
    assert!(
        matches!(error, GroupError::Unacknowledged { .. }),
        "{error}"
    );
}
