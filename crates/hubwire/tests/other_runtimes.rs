//! Servers that outlive the runtimes that they run in.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hubwire::backplane::InProcessFarm;
use hubwire::testing::TestClient;
use hubwire::{HubCallerContext, HubResult, SignalR, hub};
use test_support::http_client::HttpClient;
use test_support::in_memory::*;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Held by each test, because one of them counts the threads of the process.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

struct RuntimesHub;

#[hub]
impl RuntimesHub {
    pub async fn join(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.groups().add(cx.connection_id(), "tea").await?;
        Ok(())
    }

    pub async fn never(&self) {
        std::future::pending::<()>().await;
    }
}

fn one_worker() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn two_workers() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

async fn hears(server: &TestServer<RuntimesHub>, client: &mut TestClient) -> bool {
    let all = server.context().clients().all();
    all.send("Text", ("text",)).await.unwrap();
    timeout(seconds(5), client.push()).await.is_ok()
}

async fn is_pinged(client: &mut TestClient) -> bool {
    timeout(seconds(5), client.receive()).await.is_ok()
}

fn pinging() -> TestServer<RuntimesHub> {
    TestServer::with(RuntimesHub, |options| {
        options.keep_alive_interval(seconds(1))
    })
}

/// Writers on threads of their own end a moment later.
fn assert_nothing_left(server: &TestServer<RuntimesHub>) {
    one_worker().block_on(server.leaves_nothing_behind_soon());
}

fn serves_in_one_after_the_other(server: &TestServer<RuntimesHub>, runtimes: [Runtime; 2]) {
    for (number, runtime) in runtimes.into_iter().enumerate() {
        let heard = runtime.block_on(async {
            let mut client = server.connect().await;
            // After this call it is registered.
            client.invoke("Join", ()).await.unwrap();
            let heard = hears(server, &mut client).await;
            (heard, is_pinged(&mut client).await)
        });
        assert_eq!(heard, (true, true), "in runtime {number}");
        drop(runtime);
        assert_nothing_left(server);
    }
}

#[test]
fn a_server_built_outside_serves_in_one_runtime_after_the_other() {
    let _alone = alone();
    let server = pinging();
    serves_in_one_after_the_other(&server, [one_worker(), one_worker()]);
}

#[test]
fn a_server_built_in_a_runtime_of_several_workers_serves_in_the_next_one() {
    let _alone = alone();
    let first = two_workers();
    let server = first.block_on(async { pinging() });
    serves_in_one_after_the_other(&server, [first, two_workers()]);
}

fn nothing_is_left(servers: &[TestServer<RuntimesHub>], runtime: Runtime) {
    let clients = runtime.block_on(async {
        let mut clients = Vec::new();
        for server in servers {
            for user in ["ann", "bob"] {
                let mut client = server.connect_as(user).await;
                client.invoke("Join", ()).await.unwrap();
                client.start("Never", ()).await.unwrap();
                clients.push(client);
            }
            let mut away = TestClient::connect_pulled(&server.endpoint).await.unwrap();
            away.leave();
        }
        let mut streams = Vec::new();
        for server in servers {
            streams.push(HttpClient::start_event_stream(&server.endpoint).await);
        }
        for server in servers {
            let all = server.context().clients().all();
            all.send("Text", ("x".repeat(200_000),)).await.unwrap();
        }
        (clients, streams)
    });
    drop(runtime);
    for server in servers {
        assert_nothing_left(server);
    }
    drop(clients);
}

#[test]
fn a_runtime_that_is_dropped_leaves_nothing_of_a_server() {
    let _alone = alone();
    nothing_is_left(&[TestServer::new(RuntimesHub)], one_worker());
}

#[test]
fn a_runtime_that_is_dropped_leaves_nothing_of_a_farm() {
    let _alone = alone();
    let farm = InProcessFarm::new();
    let node = || SignalR::builder().backplane(farm.node()).build();
    let servers = [node(), node()].map(|it| TestServer::on(it, RuntimesHub, |options| options));
    nothing_is_left(&servers, one_worker());
}

#[test]
fn a_runtime_of_several_workers_that_is_dropped_leaves_nothing_of_a_farm() {
    let _alone = alone();
    let runtime = two_workers();
    let servers = runtime.block_on(async {
        let farm = InProcessFarm::new();
        let node = || SignalR::builder().backplane(farm.node()).build();
        [node(), node()].map(|it| TestServer::on(it, RuntimesHub, |options| options))
    });
    nothing_is_left(&servers, runtime);
}

fn writer_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names
        .filter(|name| name.starts_with("hubwire-writer"))
        .count()
}

#[test]
fn the_threads_that_write_end_with_their_node() {
    let _alone = alone();
    for round in 0..40 {
        let runtime = two_workers();
        let server = runtime.block_on(async {
            let server = TestServer::new(RuntimesHub);
            let mut clients = JoinSet::new();
            for _ in 0..4 {
                let mut client = server.connect().await;
                clients.spawn(async move { while client.push().await.is_ok() {} });
            }
            for _ in 0..2 {
                let context = server.context();
                clients.spawn(async move {
                    loop {
                        let all = context.clients().all();
                        all.send("Text", ("x".repeat(20_000),)).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                });
            }
            pass(Duration::from_millis(20)).await;
            if round % 2 == 0 {
                server.signalr.shutdown().await;
            }
            server
        });
        match round % 4 {
            0 | 1 => drop(runtime),
            _ => one_worker().block_on(async { runtime.shutdown_background() }),
        }
        drop(server);
    }
    one_worker().block_on(async {
        for _ in 0..200 {
            if writer_threads() == 0 {
                return;
            }
            pass(Duration::from_millis(10)).await;
        }
    });
    assert_eq!(writer_threads(), 0);
}
