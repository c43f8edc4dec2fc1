//! A soak test of the way out: a client that reads as fast as it is sent to loses nothing,
//! whatever others do.
//!
//! There are three groups on one server, over real sockets with a receive buffer of 16 KiB:
//!
//! - **honest** clients. Each reads at a steady speed of its own, from 10 kB/s to as fast as
//!   possible, and is offered less than that over any window of time, in bursts up to the hard
//!   bound: broadcasts, groups, single sends, streams, and messages from methods that then block
//!   their threads. Each must receive every message, in order;
//! - **flooded** clients, and clients that take nothing: each must be ended at the hard bound or
//!   for lack of progress;
//! - **hostile** peers that open connections, request large results and take 1.5 kB/s or nothing:
//!   memory must stay within its bound.
//!
//! `cargo test` runs 30 s of it under small bounds ([`Settings::short`]), `cargo xtask soak` runs
//! ten minutes under the product's own bounds. The printed seed reproduces who takes part and what
//! each is sent, but not when threads run.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod bucket;
mod crowd;
mod dice;
mod heard;
mod honest;
mod hub;
mod numbered;
mod peaks;
mod plan;
mod scene;
mod senders;
mod server;
mod settings;
mod socket;

use std::future::pending;
use std::sync::Arc;

use hubwire::Statistics;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep, timeout};

use crowd::Endings;
use honest::{Honest, Score};
use peaks::Peaks;
use plan::Plan;
use scene::Scene;
use server::Server;
use settings::{MIB, NODE_MEMORY, PATIENCE, Settings};
use test_support::open_files::allow_open_files;

type Wrong = String;

#[test]
fn who_reads_as_fast_as_it_is_sent_to_loses_nothing() {
    let settings = Settings::from_environment();
    eprintln!("soak: {settings:?}");
    allow_open_files(4096);
    let (server, clients) = (runtime(4), runtime(2));
    let seed = settings.seed;
    let soaked = clients.block_on(soak(settings, server.handle()));
    server.shutdown_background();
    clients.shutdown_background();
    if let Err(wrong) = soaked {
        panic!("seed {seed}: {wrong}");
    }
}

fn runtime(workers: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

async fn soak(settings: Settings, runtime: &Handle) -> Result<(), Wrong> {
    let scene = Arc::new(Scene::new(Plan::new(&settings)));
    let server = Server::start(&scene, runtime);
    let honest = connect(&scene, &server).await?;
    let (mut peaks, mut crowds_peaks) = (Peaks::begin(), Peaks::begin());
    let mut crowd = crowd::gather(&scene, &server.addresses);
    let flood = crowd::flood(&scene, &server.context, runtime);
    let scores = tokio::select! {
        scores = run(&scene, &server, runtime, honest) => scores,
        wrong = first_wrong(&mut crowd) => Err(wrong),
        never = peaks.watch(&server) => match never {},
    };
    let scores = scores.map_err(|wrong| format!("{wrong}; {}", peaks.line()))?;
    tokio::select! {
        // What the queues hold now belongs to clients that do not read.
        () = sleep(scene.plan.settings.progress_timeout / 2) => {}
        wrong = first_wrong(&mut crowd) => return Err(wrong),
        never = crowds_peaks.watch(&server) => match never {},
    }
    drop(flood);
    scene.over.cancel();
    let mut endings = Vec::new();
    while let Some(ended) = crowd.join_next().await {
        endings.push(ended.unwrap()?);
    }
    nothing_is_left(&server).await?;
    report(&scene, &scores, &peaks, &crowds_peaks);
    assert_bounded(&scene, &peaks, &crowds_peaks)?;
    assert_ended(&scene, &endings)
}

/// Connects the whole first group before anything is sent.
async fn connect(scene: &Arc<Scene>, server: &Server) -> Result<Vec<Honest>, Wrong> {
    let mut connecting = JoinSet::new();
    for (number, client) in scene.plan.clients.iter().enumerate() {
        let address = server.addresses.of(client.send_buffer);
        connecting.spawn(Honest::open(number, Arc::clone(scene), address));
    }
    let mut honest = Vec::new();
    while let Some(connected) = timeout(PATIENCE, connecting.join_next())
        .await
        .map_err(|_| "not all connected")?
    {
        honest.push(connected.unwrap().map_err(|error| error.to_string())?);
    }
    Ok(honest)
}

/// Sends for the duration of the run; ends when the first group has received everything, or with
/// what is wrong.
async fn run(
    scene: &Arc<Scene>,
    server: &Server,
    runtime: &Handle,
    honest: Vec<Honest>,
) -> Result<Vec<Score>, Wrong> {
    let mut reading = JoinSet::new();
    for client in honest {
        reading.spawn(client.run());
    }
    let mut senders = senders::start(scene, &server.context, runtime);
    tokio::select! {
        () = sleep(scene.plan.settings.duration) => {}
        wrong = first_wrong(&mut reading) => return Err(wrong),
        _ = senders.join_next() => return Err("a sender failed".to_owned()),
    }
    scene.sent_all.cancel();
    let ended = timeout(PATIENCE, async {
        while senders.join_next().await.is_some() {}
    });
    ended.await.map_err(|_| "a sender waits without end")?;
    scene.counted.cancel();
    let mut scores = Vec::new();
    let everything = async {
        while let Some(score) = reading.join_next().await {
            scores.push(score.unwrap()?);
        }
        Ok(scores)
    };
    let patience = 3 * scene.plan.settings.window + PATIENCE;
    timeout(patience, everything)
        .await
        .map_err(|_| "some did not hear everything".to_owned())?
}

/// Resolves only if something is wrong.
async fn first_wrong<T: 'static>(tasks: &mut JoinSet<Result<T, Wrong>>) -> Wrong {
    match tasks.join_next().await {
        Some(Ok(Err(wrong))) => wrong,
        Some(Err(panicked)) => panicked.to_string(),
        Some(Ok(Ok(_))) => "somebody left early".to_owned(),
        None => pending().await,
    }
}

async fn nothing_is_left(server: &Server) -> Result<(), Wrong> {
    let left = timeout(PATIENCE, async {
        while server.statistics() != Statistics::default() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    left.await
        .map_err(|_| format!("something is left: {:?}", server.statistics()))
}

fn report(scene: &Scene, scores: &[Score], peaks: &Peaks, crowds_peaks: &Peaks) {
    let delivered: u64 = scores.iter().map(|score| score.messages).sum();
    let bytes: u64 = scores.iter().map(|score| score.bytes).sum();
    eprintln!(
        "soak: seed {}: {} messages sent, {delivered} delivered in order to {} clients, {} MiB",
        scene.seed(),
        scene.sent_in_all(),
        scores.len(),
        bytes / MIB as u64,
    );
    eprintln!("soak: {}", peaks.line());
    eprintln!("soak: without the honest: {}", crowds_peaks.line());
    for group in ["honest", "flooded", "stuck", "hostile"] {
        eprintln!("soak: {group}: {:?}", scene.endings(group));
    }
}

/// Checks that the queues of clients that do not read stay within their bounds, and the process
/// within the node's.
fn assert_bounded(scene: &Scene, peaks: &Peaks, crowds_peaks: &Peaks) -> Result<(), Wrong> {
    if peaks.grown() > NODE_MEMORY {
        return Err(format!("more than {NODE_MEMORY} bytes: {peaks:?}"));
    }
    let most = crowd::most_held(&scene.plan.settings);
    if crowds_peaks.outbound_bytes > most {
        return Err(format!("more than {most} bytes: {crowds_peaks:?}"));
    }
    Ok(())
}

/// Checks that everybody in the second group was ended at least once.
fn assert_ended(scene: &Scene, endings: &[Endings]) -> Result<(), Wrong> {
    let mut spared = endings.iter().filter(|it| it.must_be() && it.count == 0);
    match spared.next() {
        Some(spared) if scene.plan.settings.is_long_enough_for_endings() => {
            Err(format!("nobody ended it: {spared:?}"))
        }
        _ => Ok(()),
    }
}
