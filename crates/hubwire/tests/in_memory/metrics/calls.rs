//! The metrics of calls: how long they took, how they ended, and which were refused.

use test_support::in_memory::*;

use super::*;

/// Returns the recorded values of a histogram, with the values of its labels joined.
pub(super) fn values(recorded: Recorded, name: &str) -> Vec<(String, Vec<f64>)> {
    let mut values = Vec::new();
    for (key, _, _, value) in recorded {
        let (_, key) = key.into_parts();
        if let DebugValue::Histogram(recorded) = value
            && key.name() == name
        {
            let labels: Vec<_> = key.labels().map(|label| label.value()).collect();
            let recorded = recorded.into_iter().map(|it| it.into_inner()).collect();
            values.push((labels.join(" "), recorded));
        }
    }
    values.sort_by(|(a, _), (b, _)| a.cmp(b));
    values
}

#[test]
fn each_call_is_timed_by_its_declared_name_and_its_end() {
    let recorded = recorded(async {
        let server = server(|hub| hub);
        let mut client = server.connect().await;
        client.invoke("jOIN", ("tea",)).await.unwrap();
        client.invoke("Panic", ()).await.unwrap_err();
        client.invoke("Wait", ()).await.unwrap();
        let call = json!({"type": 4, "invocationId": "s", "target": "Stream", "arguments": []});
        record(&mut client, call).await;
        pass(seconds(7)).await;
        client.close().await.unwrap();
        settle().await;
    });
    let values = values(recorded, "hubwire.invocation.duration");
    let names: Vec<_> = values.iter().map(|(labels, _)| labels.as_str()).collect();
    let expected = [
        "MeasuredHub Join completed",
        "MeasuredHub Panic failed",
        "MeasuredHub Stream cancelled",
        "MeasuredHub Wait completed",
    ];
    assert_eq!(names, expected);
    let durations: Vec<_> = values.into_iter().flat_map(|(_, values)| values).collect();
    let [join, panic, stream, wait] = durations[..] else {
        panic!("{durations:?}");
    };
    assert!(join < 0.1 && panic < 0.1, "{join} {panic}");
    assert!((7.0..7.1).contains(&stream), "{stream}");
    assert!((60.0..60.1).contains(&wait), "{wait}");
}

#[test]
fn calls_that_reach_no_method_are_counted_by_reason_alone() {
    let refused = measured("hubwire.refused.calls", async {
        let server = server(|hub| hub);
        let mut client = server.connect().await;
        for (target, arguments) in [
            ("Nothing", json!([])),
            ("Else", json!([])),
            ("Join", json!([])),
            ("Join", json!([1])),
            ("Stream", json!([])),
            ("Read", json!([])),
            ("Take", json!(["decode"])),
        ] {
            let call = json!({"type": 1, "invocationId": "1", "target": target,
                "arguments": arguments});
            record(&mut client, call).await;
            assert!(client.completion("1").await.is_err());
        }
    });
    assert_counted(
        &refused,
        &[
            ("argument", 2),
            ("argument_count", 1),
            ("streams", 1),
            ("unknown_method", 2),
            ("wrong_kind", 1),
        ],
    );
}
