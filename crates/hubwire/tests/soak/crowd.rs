//! The second and third groups: peers that are offered more than they take, and hostile ones.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hubwire::DisconnectReason;
use hubwire::protocol::HubProtocol;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::bucket::Offer;
use crate::dice::Dice;
use crate::hub::Context;
use crate::numbered::Source;
use crate::plan::{SendBuffer, SourcePlan, Speed};
use crate::scene::Scene;
use crate::server::Addresses;
use crate::settings::{KIB, MIB, Settings};
use crate::socket::Socket;

/// The most that the queues of hostile peers hold: the one result that was begun, and what
/// everybody is sent.
const HELD_BY_HOSTILE: usize = HOSTILE * 3 / 2 * MIB;

/// Returns the most that the queues of both groups hold.
///
/// A queue may exceed its bound until its way out has been tried; then it is at most twice as
/// long.
pub(crate) fn most_held(settings: &Settings) -> usize {
    let flooded = FLOODED * (2 * settings.hard_bound + 256 * KIB);
    flooded + STUCK * settings.hard_bound + HELD_BY_HOSTILE
}

/// Members of the second group that reach the hard bound; half of them read, but slowly.
const FLOODED: usize = 8;

/// Members of the second group that are sent little and take nothing, so their time runs out.
const STUCK: usize = 4;

/// The third group.
const HOSTILE: usize = 100;

/// How many large results a hostile peer requests at once.
const CALLS: usize = 20;

/// What each group is offered at once and per second, in bytes.
const OFFERED: [(&str, usize, usize); 2] = [
    ("flooded", 256 * KIB, 1_000_000),
    ("stuck", 8 * KIB, 20_000),
];

/// Sends to the second group for as long as the returned value is kept.
pub(crate) fn flood(scene: &Arc<Scene>, context: &Context, server: &Handle) -> JoinSet<()> {
    let mut senders = JoinSet::new();
    for (label, at_once, rate) in OFFERED {
        let offer = Offer {
            at_once: at_once as f64,
            for_each_second: rate as f64,
        };
        let plan = SourcePlan {
            label: label.to_owned(),
            hearers: Vec::new(),
            offer,
            largest: at_once / 2,
        };
        let mut source = Source::new(&plan, scene.seed());
        let (seed, group) = (scene.seed(), context.clients().group(label));
        let sending = async move {
            loop {
                let message = source.next().await;
                let sent = group.push(&message.label, message.filler).await;
                assert!(sent.is_ok(), "seed {seed}: {sent:?}");
            }
        };
        senders.spawn_on(sending, server);
    }
    senders
}

/// One place in a group, taken by one connection after the other.
struct Place {
    /// A name such as `flooded3`.
    name: String,
    scene: Arc<Scene>,
    address: SocketAddr,
    dice: Dice,
    habits: Habits,
}

#[derive(Clone, Copy)]
struct Habits {
    speed: Speed,
    calls: usize,
    /// The range of its maximum stay, in milliseconds; `None` means until it is ended.
    stays: Option<(usize, usize)>,
}

/// How often the connections of a place were ended because they took too little.
#[derive(Debug)]
pub(crate) struct Endings {
    /// A name such as `flooded3`.
    pub(crate) place: String,
    pub(crate) count: usize,
}

impl Endings {
    /// Returns whether no connection of this place takes what it is offered.
    pub(crate) fn must_be(&self) -> bool {
        !self.place.starts_with("hostile")
    }
}

/// Connects both groups, until the run is over.
pub(crate) fn gather(
    scene: &Arc<Scene>,
    addresses: &Addresses,
) -> JoinSet<Result<Endings, String>> {
    let mut crowd = JoinSet::new();
    let mut dice = Dice::new(scene.seed(), "crowd");
    let mut place = |group: &str, number: usize, habits, buffer| {
        let name = format!("{group}{number}");
        let place = Place {
            dice: Dice::new(scene.seed(), &name),
            name,
            scene: Arc::clone(scene),
            address: addresses.of(buffer),
            habits,
        };
        crowd.spawn(place.run());
    };
    for number in 0..FLOODED {
        let speed = match number % 2 {
            0 => Speed::Nothing,
            _ => Speed::Steady(dice.between(10_000, 50_000)),
        };
        place("flooded", number, endured(speed), SendBuffer::Small);
    }
    for number in 0..STUCK {
        let habits = endured(Speed::Nothing);
        place("stuck", number, habits, SendBuffer::Small);
    }
    for number in 0..HOSTILE {
        let buffer = match number % 7 {
            0 => SendBuffer::System,
            _ => SendBuffer::Small,
        };
        place("hostile", number, hostile(number), buffer);
    }
    crowd
}

fn endured(speed: Speed) -> Habits {
    Habits {
        speed,
        calls: 0,
        stays: None,
    }
}

fn hostile(number: usize) -> Habits {
    let speed = match number % 2 {
        0 => Speed::Nothing,
        _ => Speed::Steady(1_500),
    };
    let (calls, stays) = match number % 20 {
        // Opens one connection after the other.
        16 => (1, (200, 4_000)),
        17.. => (0, (200, 4_000)),
        8..16 => (CALLS, (5_000, 100_000)),
        _ => (0, (5_000, 100_000)),
    };
    Habits {
        speed,
        calls,
        stays: Some(stays),
    }
}

impl Place {
    async fn run(mut self) -> Result<Endings, String> {
        let mut count = 0;
        for life in 0.. {
            let peer = format!("{}.{life}", self.name);
            let over = self.scene.over.clone();
            tokio::select! {
                biased;
                () = over.cancelled() => break,
                ended = self.live(&peer) => match ended {
                    Ok(Some(DisconnectReason::TooSlow)) => count += 1,
                    Ok(Some(DisconnectReason::TransportClosed)) if self.may_look_dead() => count += 1,
                    Ok(None) => {}
                    Ok(Some(other)) => return Err(format!("{peer} was ended: {other:?}")),
                    Err(error) => return Err(format!("{peer} could not connect: {error}")),
                }
            }
        }
        Ok(Endings {
            place: self.name,
            count,
        })
    }

    /// Returns whether the system may end it first, as it does if a window stays shut for a
    /// minute.
    fn may_look_dead(&self) -> bool {
        matches!(self.habits.speed, Speed::Nothing) || self.name.starts_with("hostile")
    }

    /// Runs one connection, until it is ended or leaves silently.
    async fn live(&mut self, peer: &str) -> std::io::Result<Option<DisconnectReason>> {
        let Habits {
            speed,
            calls,
            stays,
        } = self.habits;
        let protocol = HubProtocol::Json;
        let mut socket = Socket::open(self.address, peer, protocol, speed).await?;
        for call in 0..calls {
            let id = call.to_string();
            let send = socket.send(|writer| {
                writer.invocation(Some(&id), "Large", &(), &[]).unwrap();
            });
            // If this fails, the connection was ended, which is noticed below.
            let _ = send.await;
        }
        let stays = stays.map(|(least, most)| self.dice.between(least, most) as u64);
        let leaves = async {
            match stays {
                Some(stays) => sleep(Duration::from_millis(stays)).await,
                None => std::future::pending().await,
            }
        };
        let reads = async {
            while let Ok(true) = socket.read(|_| {}).await {}
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = self.scene.ended(peer) => Ok(Some(ended)),
            () = leaves => Ok(None),
            () = reads => Ok(None),
        }
    }
}
