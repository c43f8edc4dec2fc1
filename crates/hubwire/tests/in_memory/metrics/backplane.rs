//! The metrics of messages between nodes.

use hubwire::backplane::InProcessFarm;
use test_support::farm::{Member, Node};

use super::*;

#[test]
fn messages_of_other_nodes_and_those_that_stay_are_counted_by_hub() {
    let recorded = recorded(async {
        let farm = InProcessFarm::new();
        let (one, other) = (Node::new(&farm), Node::new(&farm));
        let mut member = Member::of(&other).await;
        let all = one.context().clients().all();
        for _ in 0..3 {
            all.send("News", ("tea",)).await.unwrap();
        }
        assert_eq!(member.receipts("tea").await, 3);
        one.link.fail();
        for _ in 0..2 {
            all.send("News", ("coffee",)).await.unwrap();
        }
        assert_eq!(member.receipts("coffee").await, 0);
    });
    let of = |name| counters(&recorded, name);
    assert_counted(&of("hubwire.backplane.received"), &[("FarmHub", 3)]);
    assert_counted(&of("hubwire.backplane.unsent"), &[("FarmHub", 2)]);
    assert_counted(&of("hubwire.sends"), &[("all", 5)]);
}
