//! What the log says about refused pages.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use test_support::each_event::EachEvent;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

use crate::server::Server;

/// The fields of a line, one after the other.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

#[tokio::test]
async fn each_origin_is_one_warning_with_the_host_and_the_option() {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let written = Arc::clone(&lines);
    let each_event = EachEvent {
        level: Level::WARN,
        hand_on: move |event: &Event<'_>| {
            let mut fields = Fields::default();
            event.record(&mut fields);
            written.lock().unwrap().push(fields.0);
        },
    };
    let server = Server::start().await;
    let _guard = each_event.listen();
    let own = format!("http://{}", server.address);
    for origin in [
        "http://localhost:4200",
        "null\u{9b}\" forged=1",
        &own,
        "http://localhost:4200",
        "null",
    ] {
        for line in [
            "OPTIONS /plain/negotiate",
            "PUT /plain/negotiate",
            "GET /plain",
        ] {
            server.request(line, &format!("Origin: {origin}\r\n")).await;
        }
    }
    let lines = std::mem::take(&mut *lines.lock().unwrap());
    for (line, origin, refusals) in [
        (&lines[0], "http://localhost:4200", 1),
        (&lines[1], r#"null\xc2\x9b\" forged=1"#, 4),
    ] {
        assert!(
            line.starts_with("message=a page of a foreign origin was refused"),
            "{line}"
        );
        let fields = format!(
            "hub=plain origin={origin} host={} option=\"allowed_origins\" refusals={refusals} ",
            server.address
        );
        assert!(line.ends_with(&fields), "{line}");
    }
    // It could not be named in the option.
    let without = &lines[2];
    assert!(
        without
            .starts_with("message=a page without an origin was refused, which cannot be allowed"),
        "{without}"
    );
    assert!(!without.contains("allowed_origins"), "{without}");
    assert_eq!(lines.len(), 3);
    server.finish().await;
}
