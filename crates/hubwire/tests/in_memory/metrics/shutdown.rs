//! The end of a shutdown passes on what was counted since the last sweep.

use super::*;

#[test]
fn nothing_that_was_counted_before_the_end_of_a_shutdown_is_lost() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    record_with(&recorder, async {
        let server = server(|hub| hub);
        let mut client = server.connect().await;
        client.invoke("Panic", ()).await.unwrap_err();
        let all = server.context().clients().all();
        all.send("Text", ("x",)).await.unwrap();
        assert_eq!(message(&mut client).await["type"], 1);
        tokio::join!(
            assert_closed_with(&mut client, json!({"type": 7, "allowReconnect": true})),
            server.signalr.shutdown()
        );
        // The server still exists, and would pass on the rest when it is dropped.
        let recorded = snapshotter.snapshot().into_vec();
        let of = |name| counters(&recorded, name);
        assert_counted(&of("hubwire.inbound.messages"), &[("", 1)]);
        // The response to the handshake, a completion, the text, and the Close.
        assert_counted(&of("hubwire.outbound.messages"), &[("", 4)]);
        assert_counted(&of("hubwire.panics"), &[("", 1)]);
        assert_counted(&of("hubwire.sends"), &[("all", 1)]);
        for (key, _, _, value) in &recorded {
            if let DebugValue::Gauge(value) = value {
                assert_eq!(value.into_inner(), 0.0, "{key:?}");
            }
        }
    });
}
