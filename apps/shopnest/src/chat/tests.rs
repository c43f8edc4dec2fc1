//! The rules of the chat, each tested on a hub without a server.

use std::time::Duration;

use hubwire::testing::{CallError, GroupChange, HubTester, Sent, Target, TestCaller};
use hubwire::{DisconnectReason, GroupName, Principal};

use tokio::time::advance;

use super::*;

fn group(room: &str) -> Target {
    Target::Group(GroupName::from(room))
}

fn ann_and(method: &str, to: Target, room: &str) -> Sent {
    Sent::new(to, method, ["ann".into(), room.into()])
}

async fn join(caller: &TestCaller<'_, ChatHub>, room: &str) -> Result<(), CallError> {
    caller.invoke("JoinRoom", (room,)).await.map(drop)
}

/// Creates a connection of a user that is in the tea room.
async fn member<'a>(tester: &'a HubTester<ChatHub>, id: &str) -> TestCaller<'a, ChatHub> {
    member_as(tester, id, Principal::new([("sub", id), ("name", "Ann")])).await
}

async fn member_as<'a>(
    tester: &'a HubTester<ChatHub>,
    id: &str,
    user: Principal,
) -> TestCaller<'a, ChatHub> {
    let caller = tester.caller_as(id, user);
    caller.connect().await.unwrap();
    join(&caller, "tea").await.unwrap();
    tester.recorder().take_sent();
    caller
}

async fn say(caller: &TestCaller<'_, ChatHub>, room: &str) -> Result<(), CallError> {
    let said = caller.invoke("SendMessage", (room, "Ann", "Hello"));
    said.await.map(drop)
}

fn error(method: &str, text: &str) -> CallError {
    let base = format!("An unexpected error occurred invoking '{method}' on the server.");
    CallError::new(format!("{base} HubException: {text}"))
}

#[tokio::test]
async fn a_newcomer_is_told_its_id() {
    let tester = HubTester::new(ChatHub);
    tester.caller("ann").connect().await.unwrap();
    let told = Sent::new(
        Target::Connection("ann".into()),
        "Connected",
        ["ann".into()],
    );
    assert_eq!(tester.recorder().take_sent(), [told]);
}

#[tokio::test]
async fn entering_a_room_adds_to_it_first_and_tells_it_then() {
    let tester = HubTester::new(ChatHub);
    let ann = tester.caller("ann");
    ann.connect().await.unwrap();
    tester.recorder().take_sent();
    join(&ann, "tea").await.unwrap();
    let added = GroupChange::Added("ann".into(), "tea".into());
    assert_eq!(tester.recorder().take_group_changes(), [added]);
    let told = ann_and("UserJoined", group("tea"), "tea");
    assert_eq!(tester.recorder().take_sent(), [told]);
    // Joining again does nothing.
    join(&ann, "tea").await.unwrap();
    assert_eq!(tester.recorder().take_group_changes(), []);
    assert_eq!(tester.recorder().take_sent(), []);
}

#[tokio::test]
async fn rooms_have_names_of_1_to_100_bytes() {
    let tester = HubTester::new(ChatHub);
    let ann = tester.caller("ann");
    ann.connect().await.unwrap();
    for name in ["", " ", "\t\n", &"x".repeat(101), &"ü".repeat(51)] {
        let refused = join(&ann, name).await;
        assert_eq!(refused, Err(error("JoinRoom", "There is no such room")));
    }
    assert_eq!(tester.recorder().take_group_changes(), []);
    for name in ["x", &"x".repeat(100), &"ü".repeat(50)] {
        join(&ann, name).await.unwrap();
    }
    assert_eq!(tester.recorder().take_group_changes().len(), 3);
}

#[tokio::test]
async fn a_connection_is_in_at_most_32_rooms() {
    let tester = HubTester::new(ChatHub);
    let ann = tester.caller("ann");
    ann.connect().await.unwrap();
    for number in 0..32 {
        join(&ann, &number.to_string()).await.unwrap();
    }
    let refused = join(&ann, "32").await;
    assert_eq!(refused, Err(error("JoinRoom", "You are in too many rooms")));
    join(&ann, "7").await.unwrap();
    ann.invoke("LeaveRoom", ("7",)).await.unwrap();
    join(&ann, "32").await.unwrap();
    let bob = tester.caller("bob");
    bob.connect().await.unwrap();
    join(&bob, "tea").await.unwrap();
}

#[tokio::test]
async fn leaving_a_room_tells_it_first_and_removes_then() {
    let tester = HubTester::new(ChatHub);
    let ann = tester.caller("ann");
    ann.connect().await.unwrap();
    join(&ann, "tea").await.unwrap();
    tester.recorder().take_sent();
    tester.recorder().take_group_changes();
    for expected in [1, 0] {
        ann.invoke("LeaveRoom", ("tea",)).await.unwrap();
        let told = vec![ann_and("UserLeft", group("tea"), "tea"); expected];
        assert_eq!(tester.recorder().take_sent(), told);
        let removed = vec![GroupChange::Removed("ann".into(), "tea".into()); expected];
        assert_eq!(tester.recorder().take_group_changes(), removed);
    }
}

#[tokio::test]
async fn a_message_reaches_its_room_with_its_author_and_a_time() {
    let tester = HubTester::new(ChatHub);
    let ann = member(&tester, "ann").await;
    let sent = ann.invoke("SendMessage", ("tea", "Ann", "Hello"));
    assert!(sent.await.unwrap().is_null());
    let [sent] = <[Sent; 1]>::try_from(tester.recorder().take_sent()).unwrap();
    assert_eq!(
        (sent.target, sent.method.as_str()),
        (group("tea"), "ReceiveMessage")
    );
    let message = &sent.arguments[0];
    assert_eq!(sent.arguments.len(), 1);
    assert_eq!(message["user"], "Ann");
    assert_eq!(message["message"], "Hello");
    let at = message["at"].as_str().unwrap();
    assert!(at.parse::<Timestamp>().is_ok(), "{at} is not a time");
}

#[tokio::test]
async fn the_author_is_the_signed_in_user_whatever_the_client_says() {
    let tester = HubTester::new(ChatHub);
    let guest = Principal::new([("sub", "guest-7"), ("name", "Ada Lovelace")]);
    let unnamed = Principal::new([("sub", "5f2b")]);
    for (user, author) in [(guest, "Ada Lovelace"), (unnamed, "5f2b")] {
        let caller = member_as(&tester, author, user).await;
        for claimed in ["admin", "", &"x".repeat(101)] {
            let sent = caller.invoke("SendMessage", ("tea", claimed, "Hello"));
            sent.await.unwrap();
        }
        for sent in tester.recorder().take_sent() {
            assert_eq!(sent.arguments[0]["user"], author);
        }
    }
}

#[tokio::test]
async fn messages_are_neither_blank_nor_longer_than_1000_characters() {
    let tester = HubTester::new(ChatHub);
    let ann = member(&tester, "ann").await;
    for (text, refusal) in [
        (String::new(), "Message cannot be empty"),
        (" \t\n ".to_owned(), "Message cannot be empty"),
        ("x".repeat(1_001), "Message too long"),
        ("ü".repeat(1_001), "Message too long"),
    ] {
        let refused = ann.invoke("SendMessage", ("tea", "Ann", text)).await;
        assert_eq!(refused, Err(error("SendMessage", refusal)));
    }
    assert_eq!(tester.recorder().take_sent(), []);
    for text in ["x".repeat(1_000), "ü".repeat(1_000)] {
        ann.invoke("SendMessage", ("tea", "Ann", text))
            .await
            .unwrap();
    }
    assert_eq!(tester.recorder().take_sent().len(), 2);
}

#[tokio::test]
async fn a_connection_that_ends_is_told_to_the_others_in_its_rooms() {
    let tester = HubTester::new(ChatHub);
    let ann = tester.caller("ann");
    ann.connect().await.unwrap();
    for room in ["tea", "milk", "cups"] {
        join(&ann, room).await.unwrap();
    }
    ann.invoke("LeaveRoom", ("milk",)).await.unwrap();
    tester.recorder().take_sent();
    ann.disconnect(DisconnectReason::TransportClosed)
        .await
        .unwrap();
    let others = |room: &str| Target::GroupExcept(room.into(), vec!["ann".into()]);
    let told = ["cups", "tea"].map(|room| ann_and("UserLeft", others(room), room));
    assert_eq!(tester.recorder().take_sent(), told);
}

#[tokio::test]
async fn only_members_speak_in_a_room() {
    let tester = HubTester::new(ChatHub);
    let ann = member(&tester, "ann").await;
    let refused = Err(error("SendMessage", "Join the room first"));
    assert_eq!(say(&ann, "milk").await, refused);
    assert_eq!(say(&ann, "tea").await, Ok(()));
    ann.invoke("LeaveRoom", ("tea",)).await.unwrap();
    tester.recorder().take_sent();
    assert_eq!(say(&ann, "tea").await, refused);
    assert_eq!(tester.recorder().take_sent(), []);
}

#[tokio::test(start_paused = true)]
async fn a_connection_says_ten_things_a_second() {
    let tester = HubTester::new(ChatHub);
    let (ann, bob) = (member(&tester, "ann").await, member(&tester, "bob").await);
    tester.recorder().take_sent();
    let refused = Err(error("SendMessage", "Ten messages a second are enough"));
    // Half of the messages now, half later.
    for _ in 0..5 {
        assert_eq!(say(&ann, "tea").await, Ok(()));
    }
    advance(Duration::from_millis(600)).await;
    for _ in 0..5 {
        assert_eq!(say(&ann, "tea").await, Ok(()));
    }
    for _ in 0..1_000 {
        assert_eq!(say(&ann, "tea").await, refused);
    }
    assert_eq!(say(&bob, "tea").await, Ok(()));
    assert_eq!(tester.recorder().take_sent().len(), 11);
    // Refused messages do not count, and those of a second ago no longer do.
    advance(Duration::from_millis(400)).await;
    for _ in 0..5 {
        assert_eq!(say(&ann, "tea").await, Ok(()));
    }
    assert_eq!(say(&ann, "tea").await, refused);
}
