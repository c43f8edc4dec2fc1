//! The first group: clients that read as fast as they are sent to.

use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::dice::Dice;
use crate::heard::{Ears, Heard};
use crate::plan::{ClientPlan, Feed};
use crate::scene::Scene;
use crate::socket::Socket;

/// How often a client checks whether it has received everything.
const LOOK: Duration = Duration::from_secs(1);

/// What one client received until its end.
#[derive(Debug, Default)]
pub(crate) struct Score {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    /// The next expected number of each source.
    next: BTreeMap<String, u64>,
    pings: u64,
}

/// One client and its state.
pub(crate) struct Honest {
    number: usize,
    scene: Arc<Scene>,
    /// The labels of the sources that it receives.
    labels: Vec<String>,
    socket: Socket,
    ears: Ears,
    score: Score,
    /// When it calls the blocking method, if it does.
    caller: Option<Caller>,
    calls: u64,
    completions: u64,
}

struct Caller {
    blocked: usize,
    dice: Dice,
    due: Instant,
}

impl Honest {
    pub(crate) async fn open(
        number: usize,
        scene: Arc<Scene>,
        address: SocketAddr,
    ) -> std::io::Result<Self> {
        let plan = &scene.plan.clients[number];
        let peer = format!("honest{number}");
        let socket = Socket::open(address, &peer, plan.protocol, plan.speed).await?;
        scene.connected(&peer).await;
        let blocked = &scene.plan.blocked;
        let blocked = blocked.iter().position(|it| it.hearers[0] == number);
        let caller = blocked.map(|blocked| Caller {
            blocked,
            dice: Dice::new(scene.seed(), &peer),
            due: Instant::now(),
        });
        Ok(Self {
            number,
            labels: scene.plan.heard_by(number),
            ears: Ears::new(plan.protocol),
            socket,
            score: Score::default(),
            caller,
            calls: 0,
            completions: 0,
            scene,
        })
    }

    fn plan(&self) -> &ClientPlan {
        &self.scene.plan.clients[self.number]
    }

    /// Reads until everything that was sent has arrived, and leaves; or returns what is wrong.
    pub(crate) async fn run(mut self) -> Result<Score, String> {
        self.listen().await.map_err(|wrong| self.tell(&wrong))?;
        let told = format!("honest{} was not disconnected in order", self.number);
        let (score, socket) = (self.score, self.socket);
        socket
            .leave()
            .await
            .map_err(|error| format!("{told}: {error}"))?;
        Ok(score)
    }

    fn tell(&self, wrong: &str) -> String {
        let (plan, score) = (self.plan(), &self.score);
        format!("honest{}: {wrong}; {plan:?}; {score:?}", self.number)
    }

    async fn listen(&mut self) -> Result<(), String> {
        if self.plan().feed != Feed::None {
            self.call("Feed", self.number, CallKind::Stream).await?;
        }
        let (sent_all, counted) = (self.scene.sent_all.clone(), self.scene.counted.clone());
        while !(counted.is_cancelled() && self.has_everything()) {
            let mut read = Vec::new();
            tokio::select! {
                more = self.socket.read(|payload| read.extend_from_slice(payload)) => {
                    self.hear(&read)?;
                    if !matches!(more, Ok(true)) {
                        return Err(self.how_it_ended(&more).await);
                    }
                }
                () = due(self.caller.as_ref()), if !sent_all.is_cancelled() => {
                    self.call_blocked().await?;
                }
                // Everything may have been received before it was counted.
                () = sleep(LOOK) => {}
            }
        }
        Ok(())
    }

    async fn how_it_ended(&self, read: &std::io::Result<bool>) -> String {
        let peer = format!("honest{}", self.number);
        let reason = timeout(LOOK, self.scene.ended(&peer)).await;
        format!("ended, {reason:?}: {read:?}")
    }

    async fn call_blocked(&mut self) -> Result<(), String> {
        let Some(caller) = &mut self.caller else {
            return Ok(());
        };
        let pause = Duration::from_millis(caller.dice.between(1_000, 3_000) as u64);
        caller.due = Instant::now() + pause;
        let blocked = caller.blocked;
        self.call("Block", blocked, CallKind::Plain).await
    }

    async fn call(&mut self, target: &str, number: usize, kind: CallKind) -> Result<(), String> {
        let id = self.calls.to_string();
        self.calls += 1;
        let sent = self.socket.send(|writer| {
            let arguments = &(number,);
            let written = match kind {
                CallKind::Plain => writer.invocation(Some(&id), target, arguments, &[]),
                CallKind::Stream => writer.stream_invocation(&id, target, arguments, &[]),
            };
            written.unwrap();
        });
        sent.await.map_err(|error| error.to_string())
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.score.bytes += bytes.len() as u64;
        for heard in self.ears.hear(bytes)? {
            match heard {
                Heard::Number { source, number } => self.note(source, number)?,
                Heard::Other(text) if is_ping(&text) => self.score.pings += 1,
                Heard::Other(text) if text.contains("rror") => return Err(text),
                Heard::Other(_) => self.completions += 1,
            }
        }
        Ok(())
    }

    /// Checks that the numbers of each source follow one another.
    fn note(&mut self, source: String, number: u64) -> Result<(), String> {
        let next = self.score.next.entry(source).or_default();
        if number != *next {
            return Err(format!("number {number} arrived instead of {next}"));
        }
        *next += 1;
        self.score.messages += 1;
        Ok(())
    }

    fn has_everything(&self) -> bool {
        let heard = |label: &String| self.score.next.get(label).copied().unwrap_or_default();
        let mut labels = self.labels.iter();
        let all_heard = labels.all(|label| heard(label) == self.scene.sent(label));
        all_heard && self.completions == self.calls
    }
}

#[derive(Clone, Copy)]
enum CallKind {
    Plain,
    Stream,
}

async fn due(caller: Option<&Caller>) {
    match caller {
        Some(caller) => sleep_until(caller.due).await,
        None => pending().await,
    }
}

/// Returns whether this is a ping in either protocol.
fn is_ping(text: &str) -> bool {
    text.starts_with(r#"{"type":6}"#) || text == "\u{FFFD}\u{6}"
}
