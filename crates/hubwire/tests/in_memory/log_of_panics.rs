//! What an operator reads of panics outside of methods, which clients can cause as often as they like.

use hubwire::{HubCallerContext, HubResult, hub};
use test_support::bombs::Explosive;
use test_support::in_memory::*;
use test_support::log_lines::{LogLine, LogLines};
use tracing::Level;

use crate::metrics::measured;

/// Refuses each connection with an error that panics while it is shown.
struct ClosedHub;

#[hub]
impl ClosedHub {
    async fn on_connected(&self, _: &HubCallerContext<Self>) -> HubResult {
        Err(Explosive::at("show").into())
    }
}

/// One line for each place: the error is shown to the log and to the client.
#[track_caller]
fn assert_lines(lines: &[LogLine], counts: [(&str, &str); 2]) {
    let count = |line: &LogLine| {
        let [what, count] = ["what", "since_last_line"].map(|name| line.field(name).to_owned());
        (what, count)
    };
    let counted: Vec<_> = lines.iter().map(count).collect();
    let counts = counts.map(|(what, count)| (what.to_owned(), count.to_owned()));
    assert_eq!(counted, counts);
    for line in lines {
        assert_eq!(line.level, Level::ERROR);
        assert_eq!(line.target, "hubwire::panics");
        assert_eq!(line.field("hub"), "ClosedHub");
        assert_eq!(line.field("connection_id").len(), 22, "{line:?}");
        assert!(line.field("panic").contains("secret"), "{line:?}");
    }
}

#[test]
fn a_flood_of_panics_is_two_lines_a_place_in_ten_seconds_and_each_is_counted() {
    let counted = measured("hubwire.panics", async {
        let lines = LogLines::written(Level::WARN);
        let server = TestServer::with(ClosedHub, |hub| hub.detailed_errors(true));
        for _ in 0..1_000 {
            let mut client = server.connect().await;
            assert!(message(&mut client).await["error"].is_string());
        }
        let [hook, refusal] = ["the error of a hook", "the error of a refusal"];
        assert_lines(&lines.take(), [(hook, "1"), (refusal, "1")]);
        pass(seconds(11)).await;
        let mut lines = lines.take();
        // The clients return no Close either, which is another line.
        lines.retain(|line| line.target != "hubwire::limits");
        assert_lines(&lines, [(hook, "999"), (refusal, "999")]);
    });
    assert_eq!(counted, [(String::new(), 2_000)]);
}
