//! Refused calls hold no slot and give none back, even if their contexts are kept.

use std::sync::{Arc, Mutex};

use futures_util::stream;
use hubwire::HubCallerContext;
use hubwire::manual::{
    BindError, Call, Hub, Method, Reply, Resources, ResourcesBuilder, UntypedClient,
};
use serde_json::{Value, json};
use test_support::in_memory::*;

const METHODS: [&str; 6] = [
    "Run",
    "Misfit",
    "Panic",
    "Forgotten",
    "Stream",
    "PanicBeforeTheStream",
];

/// A hub that keeps the context of each call, except those of `Run`, before the call is bound.
struct KeepingHub {
    kept: Arc<Mutex<Vec<HubCallerContext<Self>>>>,
    log: Log,
    gate: Gate,
}

impl Hub for KeepingHub {
    type Client = UntypedClient;

    const METHODS: &'static [Method] = &[
        Method::new(METHODS[0], &[], ""),
        Method::new(METHODS[1], &[], ""),
        Method::new(METHODS[2], &[], ""),
        Method::new(METHODS[3], &[], ""),
        Method::new(METHODS[4], &[], ""),
        Method::new(METHODS[5], &[], ""),
    ];

    fn resources(_: usize, builder: ResourcesBuilder<'_>) -> Resources {
        builder.build()
    }

    fn bind(self: Arc<Self>, method: usize, call: Call<'_, Self>) -> Result<Reply, BindError> {
        let context = call.context();
        let target = METHODS[method];
        if target != "Run" {
            self.kept.lock().unwrap().push(context);
        }
        match target {
            "Misfit" => call.arguments::<(i32,)>().map(|_| Reply::value(async {})),
            "Panic" => panic!("secret"),
            "Forgotten" => Ok(Reply::unknown_method()),
            "Stream" => Ok(Reply::stream(|sink| async move {
                sink.send_all(stream::iter([0])).await
            })),
            "PanicBeforeTheStream" => Ok(Reply::stream(|sink| {
                assert!(format!("{sink:?}").is_empty(), "secret");
                async move { sink.send_all(stream::iter([0])).await }
            })),
            _ => Ok(Reply::value(async move {
                self.log.note("begins");
                self.gate.passed().await;
                self.log.note("ends");
            })),
        }
    }
}

fn call(kind: u8, target: &str, stream_ids: &[&str]) -> Value {
    json!({"type": kind, "invocationId": "1", "target": target, "arguments": [],
        "streamIds": stream_ids})
}

/// Invokes the client through the kept context of a refused call. Two calls then still run one after the
/// other.
async fn assert_gives_back_no_slot(refused: Value) {
    let (log, gate) = (Log::default(), Gate::closed());
    let kept = Arc::<Mutex<Vec<HubCallerContext<KeepingHub>>>>::default();
    let hub = KeepingHub {
        kept: Arc::clone(&kept),
        log: log.clone(),
        gate: gate.clone(),
    };
    let server = TestServer::new(hub);
    let mut client = server.connect().await;
    client.send_record(&refused).await.unwrap();
    let completion = client.completion("1").await;
    assert!(completion.is_err(), "{refused}: {completion:?}");
    let context = kept.lock().unwrap().pop().unwrap();
    let mut asking = tokio::task::JoinSet::new();
    asking.spawn(async move {
        let caller = context.clients().caller();
        caller.invoke::<bool, _>("Ask", ()).await
    });
    let question = message(&mut client).await;
    let answer = json!({"type": 3, "invocationId": question["invocationId"], "result": true});
    client.send_record(&answer).await.unwrap();
    assert!(asking.join_next().await.unwrap().unwrap().unwrap());
    for _ in 0..2 {
        client.send("Run", ()).await.unwrap();
    }
    settle().await;
    assert_eq!(log.take(), ["begins"], "{refused}");
    gate.open(2);
    settle().await;
    assert_eq!(log.take(), ["ends", "begins", "ends"], "{refused}");
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_gives_back_no_slot() {
    for refused in [
        call(1, "Misfit", &[]),
        call(1, "Panic", &[]),
        call(1, "Forgotten", &[]),
        call(4, "Misfit", &[]),
        call(1, "Stream", &[]),
        call(4, "Stream", &["s"]),
        call(4, "PanicBeforeTheStream", &[]),
    ] {
        assert_gives_back_no_slot(refused).await;
    }
}

/// Without an id, no completion can say why. ASP.NET Core ignores the call in JSON, but not in MessagePack.
#[tokio::test(start_paused = true)]
async fn a_stream_call_without_an_id_ends_the_connection_even_if_its_arguments_do_not_fit() {
    let hub = KeepingHub {
        kept: Arc::default(),
        log: Log::default(),
        gate: Gate::closed(),
    };
    let server = TestServer::new(hub);
    for target in ["Misfit", "Unknown"] {
        for call in [
            json!({"type": 4, "target": target, "arguments": []}),
            json!({"type": 4, "invocationId": "", "target": target, "arguments": []}),
        ] {
            let mut client = server.connect().await;
            client.send_record(&call).await.unwrap();
            let error = "Connection closed with an error.";
            let close = json!({"type": 7, "error": error, "allowReconnect": true});
            assert_closed_with(&mut client, close).await;
        }
    }
    server.leaves_nothing_behind().await;
}
