//! Who takes part, how fast each client reads, and what each is sent: all of it derived from the
//! seed.

use hubwire::protocol::HubProtocol;

use crate::bucket::{ENVELOPE, Offer};
use crate::dice::Dice;
use crate::settings::{BURST_MEMORY, Settings};

/// The slowest steady reading speed, in bytes per second.
const SLOWEST: usize = 10_000;

/// The speed for which the fastest clients are offered messages, whether they read at that speed
/// or as fast as possible.
const FAST: usize = 1_000_000;

/// The largest message.
const LARGEST: usize = 2_000_000;

/// The largest fraction of what a client takes in a window that one message may have.
const ONE_MESSAGE: f64 = 0.25;

const GROUPS: usize = 20;

/// How many clients call a method that blocks its thread.
const BLOCKERS: usize = 8;

/// How many clients receive what such a method sends.
const BLOCKERS_HEARERS: usize = 20;

/// The fraction of the hard bound that all sources of a client may fill.
const FILLED: f64 = 0.9;

/// What a source may offer: fractions of what its slowest receiver takes in a window.
#[derive(Clone, Copy, Debug)]
struct Share {
    /// At once.
    burst: f64,
    /// Evenly over time.
    rate: f64,
}

const ALL: Share = share(0.04, 0.04);
const GROUP: Share = share(0.08, 0.20);
const ONE: Share = share(0.22, 0.22);
const FEED: Share = share(0.02, 0.08);
const BLOCKED: Share = share(0.02, 0.03);

/// What the sources of one client may offer at once.
const BURSTS: f64 = ALL.burst + GROUP.burst + ONE.burst + FEED.burst + BLOCKED.burst;

/// Most of what the receiver takes in a window arrives at once, and little else; as far as the
/// hard bound allows.
const PEAK: Share = share(0.72, 0.16);

const fn share(burst: f64, rate: f64) -> Share {
    Share { burst, rate }
}

/// How fast a client reads, in bytes per second.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Speed {
    Nothing,
    Steady(usize),
    /// As fast as possible.
    Full,
}

/// How much the system buffers of what is written to a client.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SendBuffer {
    /// As much as the system likes, which is megabytes on loopback.
    System,
    /// Little, so everything else waits in the server.
    Small,
}

/// A stream that a client requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    None,
    /// Within what its client is offered.
    Paced,
    /// As fast as its client takes it, for at most a window.
    Pulled,
}

/// What a client is sent besides broadcasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// A little of everything.
    Ordinary,
    /// Nearly its hard bound at once, which it takes fast.
    FastPeaks,
    /// What it takes in most of a window at once, which it takes slowly.
    SlowPeaks,
    /// Slow, with a stream that is as fast as the client, for a window.
    Pulls,
}

#[derive(Clone, Debug)]
pub(crate) struct ClientPlan {
    pub(crate) speed: Speed,
    /// What it certainly takes per second.
    pub(crate) takes: usize,
    pub(crate) protocol: HubProtocol,
    pub(crate) send_buffer: SendBuffer,
    pub(crate) feed: Feed,
}

/// Messages that arrive in one order.
#[derive(Clone, Debug)]
pub(crate) struct SourcePlan {
    pub(crate) label: String,
    pub(crate) hearers: Vec<usize>,
    pub(crate) offer: Offer,
    /// The largest filler.
    pub(crate) largest: usize,
}

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) clients: Vec<ClientPlan>,
    pub(crate) all: SourcePlan,
    pub(crate) groups: Vec<SourcePlan>,
    /// Sources for each client alone, except those with peaks.
    pub(crate) ones: Vec<(usize, SourcePlan)>,
    pub(crate) feeds: Vec<(usize, SourcePlan)>,
    pub(crate) peaks: Vec<SourcePlan>,
    /// The first receiver of each is the caller.
    pub(crate) blocked: Vec<SourcePlan>,
}

impl Plan {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mut dice = Dice::new(settings.seed, "plan");
        let fast = (settings.clients / 50).clamp(1, BURST_MEMORY / settings.hard_bound);
        let peaks = fast + (settings.clients / 25).max(1);
        let pulls = peaks + (settings.clients / 50).max(1);
        let role = |number| match number {
            _ if number < fast => Role::FastPeaks,
            _ if number < peaks => Role::SlowPeaks,
            _ if number < pulls => Role::Pulls,
            _ => Role::Ordinary,
        };
        let clients: Vec<_> = (0..settings.clients)
            .map(|number| client(settings, &mut dice, role(number)))
            .collect();
        let source = |label: String, share, hearers| {
            SourcePlan::new(settings, &clients, label, share, hearers)
        };
        let ordinary: Vec<_> = (peaks..clients.len()).collect();
        let each = |name: &str, share, numbers: &[usize]| {
            let each = numbers.iter().map(|number| {
                (
                    *number,
                    source(format!("{name}{number}"), share, vec![*number]),
                )
            });
            each.collect::<Vec<_>>()
        };
        let mut by_speed = ordinary.clone();
        by_speed.sort_by_key(|number| clients[*number].takes);
        let groups = by_speed.chunks(by_speed.len().div_ceil(GROUPS).max(1));
        let groups = groups.enumerate();
        let blocked = (0..BLOCKERS).map(|number| {
            let mut hearers: Vec<_> = (0..BLOCKERS_HEARERS)
                .map(|_| ordinary[dice.below(ordinary.len() / BLOCKERS) * BLOCKERS + number])
                .collect();
            hearers.sort_unstable();
            hearers.dedup();
            source(format!("blocked{number}"), BLOCKED, hearers)
        });
        let fed = |number: &usize| clients[*number].feed != Feed::None;
        let fed: Vec<_> = ordinary.iter().copied().filter(fed).collect();
        Self {
            all: source("all".to_owned(), ALL, (0..clients.len()).collect()),
            groups: groups
                .map(|(number, members)| source(format!("group{number}"), GROUP, members.to_vec()))
                .collect(),
            ones: each("one", ONE, &ordinary),
            feeds: each("feed", FEED, &fed),
            peaks: (0..peaks)
                .map(|number| source(format!("peak{number}"), PEAK, vec![number]))
                .collect(),
            blocked: blocked.collect(),
            clients: clients.clone(),
            settings: settings.clone(),
        }
    }

    /// Returns all numbered sources.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &SourcePlan> {
        let of_one = self
            .ones
            .iter()
            .chain(&self.feeds)
            .map(|(_, source)| source);
        let of_many = self.groups.iter().chain(&self.peaks).chain(&self.blocked);
        [&self.all].into_iter().chain(of_many).chain(of_one)
    }

    /// Returns the labels of what a client is sent.
    pub(crate) fn heard_by(&self, client: usize) -> Vec<String> {
        let heard = self.sources().filter(|it| it.hearers.contains(&client));
        heard.map(|it| it.label.clone()).collect()
    }
}

fn client(settings: &Settings, dice: &mut Dice, role: Role) -> ClientPlan {
    let steady = dice.between(SLOWEST, settings.fastest);
    let slow = dice.between(SLOWEST, 10 * SLOWEST);
    let (speed, takes) = match (role, dice.below(10)) {
        (Role::FastPeaks, 0..5) => (Speed::Full, FAST),
        (Role::FastPeaks, _) => (Speed::Steady(FAST), FAST),
        (Role::SlowPeaks | Role::Pulls, _) => (Speed::Steady(slow), slow),
        (Role::Ordinary, 0) => (Speed::Full, settings.fastest),
        (Role::Ordinary, _) => (Speed::Steady(steady), steady),
    };
    let feed = match (role, dice.below(5)) {
        (Role::Pulls, _) => Feed::Pulled,
        (Role::Ordinary, 0..2) => Feed::Paced,
        _ => Feed::None,
    };
    let may_fill_system = role != Role::Pulls || settings.pulls_fill_system;
    let send_buffer = match dice.below(4) {
        0 if may_fill_system => SendBuffer::System,
        _ => SendBuffer::Small,
    };
    let protocol = match dice.below(4) {
        0 => HubProtocol::MessagePack,
        _ => HubProtocol::Json,
    };
    ClientPlan {
        speed,
        takes,
        protocol,
        send_buffer,
        feed,
    }
}

impl SourcePlan {
    fn new(
        settings: &Settings,
        clients: &[ClientPlan],
        label: String,
        share: Share,
        hearers: Vec<usize>,
    ) -> Self {
        let slowest = hearers.iter().map(|number| clients[*number].takes).min();
        let slowest = slowest.unwrap_or(SLOWEST) as f64;
        let most = settings.hard_bound as f64 * FILLED / BURSTS.max(share.burst + ALL.burst);
        let in_window = slowest * settings.window.as_secs_f64();
        let offer = Offer {
            at_once: share.burst * in_window.min(most),
            for_each_second: share.rate * slowest,
        };
        let most = offer.at_once.min(in_window * ONE_MESSAGE) as usize;
        Self {
            label,
            hearers,
            offer,
            largest: (most - ENVELOPE).min(LARGEST),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn assert_sound(settings: &Settings) {
        let window = settings.window.as_secs_f64();
        let plan = Plan::new(settings);
        for (number, client) in plan.clients.iter().enumerate() {
            let heard = || plan.sources().filter(|it| it.hearers.contains(&number));
            let at_once: f64 = heard().map(|it| it.offer.at_once).sum();
            let rate: f64 = heard().map(|it| it.offer.for_each_second).sum();
            let takes = client.takes as f64;
            assert!(at_once + rate * window < takes * window, "{client:?}");
            assert!(at_once < plan.settings.hard_bound as f64, "{client:?}");
            for source in heard() {
                assert!(source.largest as f64 <= takes * window * ONE_MESSAGE);
                assert!(source.largest > 100, "{source:?}");
            }
        }
    }

    #[test]
    fn a_seed_repeats_its_plan() {
        let plan = |seed| format!("{:?}", Plan::new(&Settings::short(seed, 500)).clients);
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn nobody_is_offered_more_than_it_takes() {
        for seed in 0..20 {
            assert_sound(&Settings::short(seed, 500));
            assert_sound(&Settings::long(seed, 500, Duration::from_secs(600)));
        }
    }
}
