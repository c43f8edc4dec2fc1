//! One thread's share of the connections, on a runtime of its own: threads share nothing while the
//! load runs.

mod hoard;
mod link;
mod sender;
mod stats;
mod storm;

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Result};
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval, interval_at, sleep, timeout};

use link::Link;
use sender::Sender;
pub(crate) use stats::Stats;
use storm::storm;

use crate::http::{AtRest, Requests, Transport};
use crate::hub::{Argument, Template};
use crate::ws::{self, Scratch};
use crate::{Args, Scenario};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How many pending invocations a sender with a fixed rate may have.
const PACED_LIMIT: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Connect,
    Warmup,
    /// Only events in this phase are counted in the figures (`missing` covers all phases).
    Measure,
    /// Nothing more is sent; messages in flight still arrive.
    Drain,
}

/// The state that this thread's tasks share.
struct Shard {
    args: Args,
    /// Timestamps count from here, in every thread.
    epoch: Instant,
    phase: Cell<Phase>,
    stats: RefCell<Stats>,
    scratch: Scratch,
    /// The messages that a sender sends, in turn: one template, or one for each group.
    templates: RefCell<Vec<Template>>,
}

impl Shard {
    fn nanoseconds(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }

    fn measuring(&self) -> bool {
        self.phase.get() == Phase::Measure
    }

    /// Returns how many connections the message of template `index` reaches, if all are connected.
    fn audience(&self, index: usize) -> u64 {
        let (connections, groups) = (self.args.connections, self.args.groups);
        match self.args.scenario {
            Scenario::Broadcast => connections as u64,
            Scenario::Group => {
                (connections / groups + usize::from(index < connections % groups)) as u64
            }
            _ => 0,
        }
    }
}

/// Runs this thread's share: connection `index`, and every `args.threads`-th after it. Sends to
/// `ready` once all are connected, and returns when they have drained.
pub(crate) fn run(
    index: usize,
    args: Args,
    epoch: Instant,
    phase: watch::Receiver<Phase>,
    ready: mpsc::Sender<()>,
) -> Stats {
    let payload = Argument::Stamped(args.payload);
    let protocol = args.protocol;
    let templates = match args.scenario {
        Scenario::Echo => vec![protocol.invocation("Echo", &[payload])],
        Scenario::Broadcast => vec![protocol.invocation("Broadcast", &[payload])],
        Scenario::Group => (0..args.groups)
            .map(|g| {
                protocol.invocation(
                    "SendToGroup",
                    &[
                        Argument::Text(&group_name(g)),
                        Argument::Stamped(args.payload),
                    ],
                )
            })
            .collect(),
        Scenario::Idle | Scenario::Storm | Scenario::Hoard => Vec::new(),
    };
    let shard = Rc::new(Shard {
        args,
        epoch,
        phase: Cell::new(Phase::Connect),
        stats: RefCell::new(Stats::new()),
        scratch: ws::scratch(),
        templates: RefCell::new(templates),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let local = LocalSet::new();
    local.block_on(&runtime, drive(index, shard.clone(), phase, ready));
    drop((local, runtime));
    Rc::into_inner(shard)
        .expect("no task is left")
        .stats
        .into_inner()
}

async fn drive(
    index: usize,
    shard: Rc<Shard>,
    mut phase: watch::Receiver<Phase>,
    ready: mpsc::Sender<()>,
) {
    let mine = (index..shard.args.connections).step_by(shard.args.threads);
    if shard.args.scenario == Scenario::Storm {
        for number in mine {
            spawn_local(storm(number, shard.clone(), phase.clone()));
        }
    } else if shard.args.transport != Transport::WebSockets {
        rest(mine, &shard).await;
    } else {
        connect_all(mine, &shard, &phase).await;
    }
    if index == 0 && shard.args.standing_groups > 0 {
        stand(&shard, &phase).await;
    }
    ready.send(()).expect("main waits for it");
    while shard.phase.get() < Phase::Drain {
        phase.changed().await.expect("main holds the sender");
        shard.phase.set(*phase.borrow_and_update());
    }
    // Deliveries may still be on their way, here or from senders of other threads.
    let mut seen = u64::MAX;
    for _ in 0..50 {
        let now = shard.stats.borrow().all_deliveries;
        if seen == now {
            break;
        }
        seen = now;
        sleep(Duration::from_millis(400)).await;
    }
}

async fn connect_all(
    mine: impl Iterator<Item = usize>,
    shard: &Rc<Shard>,
    phase: &watch::Receiver<Phase>,
) {
    let at_once = (shard.args.connect_concurrency / shard.args.threads).max(1);
    let permits = Arc::new(Semaphore::new(at_once));
    for number in mine {
        let permit = permits.clone().acquire_owned().await.expect("never closed");
        let (shard, phase) = (shard.clone(), phase.clone());
        spawn_local(async move {
            let opened = open(number, &shard).await;
            drop(permit);
            match opened {
                Ok(link) if shard.args.scenario == Scenario::Hoard => {
                    hoard::hoard(number, link, &shard, phase).await;
                }
                Ok(link) => serve(number, link, &shard, phase).await,
                Err(e) => {
                    shard.stats.borrow_mut().connect_failures += 1;
                    shard.stats.borrow_mut().failed(&e);
                }
            }
        });
    }
    let _all = permits.acquire_many(at_once as u32).await;
}

/// Opens connections at rest over other transports than WebSockets, one after another.
async fn rest(mine: impl Iterator<Item = usize>, shard: &Rc<Shard>) {
    let args = &shard.args;
    let requests = Requests::new(args.address.clone(), args.headers());
    for _ in mine {
        let begun = Instant::now();
        let opening = AtRest::open(&requests, args.transport);
        let opened = timeout(CONNECT_TIMEOUT, opening).await;
        match opened.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())) {
            Ok(connection) => {
                shard.stats.borrow_mut().opened(begun.elapsed());
                let shard = shard.clone();
                spawn_local(async move {
                    let error = connection.rest().await;
                    let mut stats = shard.stats.borrow_mut();
                    stats.disconnects += 1;
                    stats.failed(&error);
                });
            }
            Err(error) => {
                shard.stats.borrow_mut().connect_failures += 1;
                shard.stats.borrow_mut().failed(&error);
            }
        }
    }
}

fn group_name(group: usize) -> String {
    format!("group-{group}")
}

/// Connects, and joins the connection's group if there are groups.
async fn open(number: usize, shard: &Shard) -> Result<Link> {
    let begun = Instant::now();
    let mut link = Link::open(shard).await?;
    shard.stats.borrow_mut().opened(begun.elapsed());
    let group = match shard.args.scenario {
        Scenario::Group => Some(group_name(number % shard.args.groups)),
        Scenario::Hoard => Some(hoard::group_of(number)),
        _ => None,
    };
    if let Some(group) = group {
        link.join(&group, shard).await?;
    }
    Ok(link)
}

/// Runs a connection until it or the run ends: reads, pings, and sends if it is a sender.
async fn serve(number: usize, mut link: Link, shard: &Shard, mut phase: watch::Receiver<Phase>) {
    let args = &shard.args;
    let senders = match args.scenario {
        Scenario::Echo => args.connections,
        Scenario::Broadcast | Scenario::Group => args.publishers,
        Scenario::Idle | Scenario::Storm | Scenario::Hoard => 0,
    };
    let mut sender = (number < senders).then(|| Sender::new(number, senders, args));
    // Spread out, so that thousands of pings do not happen at the same moment.
    let keepalive = Duration::from_secs(args.keepalive);
    let first = keepalive.mul_f64((number % 1000) as f64 / 1000.0);
    let mut ping = interval_at(tokio::time::Instant::now() + first, keepalive);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tick = interval(sender.as_ref().map_or(keepalive, Sender::tick));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut may_start, mut paced) = (sender.is_some(), false);

    let error = loop {
        let mut ended = 0;
        tokio::select! {
            received = link.receive(shard) => match received {
                Ok(received) => ended = received.ended,
                Err(e) => break e,
            },
            _ = tick.tick(), if paced => {}
            _ = ping.tick() => link.send(args.protocol.ping()),
            _ = phase.wait_for(|&p| p > Phase::Connect), if may_start => {
                may_start = false;
                paced = args.rate > 0.0;
            }
        }
        if let Some(sender) = &mut sender
            && !may_start
        {
            sender.advance(ended, &mut link, shard);
        }
        if let Err(e) = link.socket.flush().await {
            break e;
        }
    };
    let mut stats = shard.stats.borrow_mut();
    stats.disconnects += 1;
    stats.failed(&error);
}

/// Opens one more connection, which is in many groups while the load runs.
async fn stand(shard: &Rc<Shard>, phase: &watch::Receiver<Phase>) {
    let joined = async {
        let mut link = Link::open(shard).await?;
        for group in 0..shard.args.standing_groups {
            link.join(&format!("standing-{group}"), shard).await?;
        }
        Ok(link)
    };
    let link: Result<Link> = joined.await;
    match link {
        Ok(link) => {
            let (shard, phase) = (shard.clone(), phase.clone());
            // A number after the last sender, so it sends nothing.
            let number = shard.args.connections;
            spawn_local(async move { serve(number, link, &shard, phase).await });
        }
        Err(error) => shard.stats.borrow_mut().failed(&error),
    }
}
