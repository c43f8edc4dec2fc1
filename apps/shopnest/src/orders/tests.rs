//! The rules for watching orders, and what clients are told when one is shipped.

use hubwire::GroupName;
use hubwire::testing::{GroupChange, HubTester, Sent, Target};

use super::*;

#[tokio::test]
async fn watching_an_order_joins_its_group() {
    let tester = HubTester::new(OrdersHub);
    let ann = tester.caller("ann");
    ann.connect().await.unwrap();
    assert!(ann.invoke("WatchOrder", (42,)).await.unwrap().is_null());
    let added = GroupChange::Added("ann".into(), "order-42".into());
    assert_eq!(tester.recorder().take_group_changes(), [added]);
    assert!(ann.invoke("WatchOrder", ("42",)).await.is_err());
}

#[tokio::test]
async fn a_connection_watches_at_most_100_orders() {
    let tester = HubTester::new(OrdersHub);
    let ann = tester.caller("ann");
    ann.connect().await.unwrap();
    for order_id in 0..100 {
        ann.invoke("WatchOrder", (order_id,)).await.unwrap();
    }
    for order_id in 100..102 {
        let refused = ann.invoke("WatchOrder", (order_id,)).await.unwrap_err();
        assert!(
            refused
                .text()
                .ends_with("HubException: You are watching too many orders"),
            "{refused}"
        );
    }
    assert_eq!(tester.recorder().take_group_changes().len(), 100);
    let bob = tester.caller("bob");
    bob.connect().await.unwrap();
    bob.invoke("WatchOrder", (0,)).await.unwrap();
}

#[tokio::test]
async fn watching_an_order_again_does_not_count() {
    let tester = HubTester::new(OrdersHub);
    let ann = tester.caller("ann");
    ann.connect().await.unwrap();
    for _ in 0..101 {
        let watched = ann.invoke("WatchOrder", (42,)).await;
        watched.expect("only one order is watched");
    }
}

#[tokio::test]
async fn shipping_an_order_tells_its_watchers_and_returns_how_it_stands() {
    let tester = HubTester::new(OrdersHub);
    let shipped = ship(Admin, State(tester.context()), Path(42)).await;
    let Json(order) = shipped.unwrap();
    assert_eq!((order.order_id, order.status), (42, "shipped"));
    let [sent] = <[Sent; 1]>::try_from(tester.recorder().take_sent()).unwrap();
    assert_eq!(sent.target, Target::Group(GroupName::from("order-42")));
    assert_eq!(sent.method, "OrderShipped");
    assert_eq!(sent.arguments.len(), 1);
    assert_eq!(sent.arguments[0]["orderId"], 42);
    assert_eq!(sent.arguments[0]["status"], "shipped");
}
