//! One hub connection of the load.

use std::io::{Error, ErrorKind, Result};

use tokio::time::timeout;

use super::{CONNECT_TIMEOUT, Shard};
use crate::Scenario;
use crate::hub::{Argument, Incoming, Scanner};
use crate::ws::{self, WebSocket};

/// One hub connection.
pub(super) struct Link {
    pub(super) socket: WebSocket,
    scanner: Scanner,
    opcode: u8,
}

/// The result of one read.
#[derive(Default)]
pub(super) struct Received {
    /// Completions, of either kind.
    pub(super) ended: usize,
    failure: Option<String>,
}

impl Link {
    pub(super) async fn open(shard: &Shard) -> Result<Self> {
        let args = &shard.args;
        timeout(CONNECT_TIMEOUT, async {
            let mut socket = match args.scenario {
                // Unread messages should stay with the server, not with its operating system.
                Scenario::Hoard => WebSocket::connect_unbuffered(&args.address).await?,
                _ => WebSocket::connect(&args.address, args.headers()).await?,
            };
            // The handshake is text in every protocol.
            socket.queue(ws::TEXT, args.protocol.handshake());
            socket.flush().await?;
            let mut link = Self {
                socket,
                scanner: Scanner::new(args.protocol),
                opcode: args.protocol.opcode(),
            };
            while !link.scanner.is_open() {
                link.receive(shard).await?;
            }
            Ok(link)
        })
        .await
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::TimedOut, "connecting took too long")))
    }

    pub(super) async fn join(&mut self, group: &str, shard: &Shard) -> Result<()> {
        let protocol = shard.args.protocol;
        let mut join = protocol.invocation("JoinGroup", &[Argument::Text(group)]);
        self.send(join.fill(0, 0));
        self.socket.flush().await?;
        while self.receive(shard).await?.ended == 0 {}
        Ok(())
    }

    pub(super) fn send(&mut self, message: &[u8]) {
        self.socket.queue(self.opcode, message);
    }

    /// Reads once, and counts what arrived.
    pub(super) async fn receive(&mut self, shard: &Shard) -> Result<Received> {
        let mut received = Received::default();
        let mut now = 0;
        let scanner = &mut self.scanner;
        let result = self
            .socket
            .receive(&shard.scratch, |bytes| {
                if now == 0 {
                    now = shard.nanoseconds();
                }
                let mut stats = shard.stats.borrow_mut();
                let measuring = shard.measuring();
                let result = scanner.feed(bytes, &mut |message| {
                    let (delivered, stamp) = match message {
                        Incoming::Invocation { stamp } => (true, stamp),
                        Incoming::Completion { stamp } => (false, stamp),
                        Incoming::Failure { text } => {
                            received.ended += 1;
                            stats.failures += 1;
                            stats.failed(&String::from_utf8_lossy(text));
                            return;
                        }
                        Incoming::Close { text } => {
                            received.failure = Some(String::from_utf8_lossy(text).into_owned());
                            return;
                        }
                        Incoming::Ping | Incoming::Other => return,
                    };
                    received.ended += usize::from(!delivered);
                    stats.all_deliveries += u64::from(delivered);
                    if measuring {
                        stats.deliveries += u64::from(delivered);
                        stats.completions += u64::from(!delivered);
                        if let Some(stamp) = stamp {
                            let _ = stats.latency.record(now.saturating_sub(stamp));
                        }
                    }
                });
                if let Err(refusal) = result {
                    received.failure = Some(refusal);
                }
            })
            .await;
        // The server's own error is more useful than the close frame that follows it.
        match received.failure.take() {
            Some(text) => Err(Error::new(ErrorKind::ConnectionAborted, text)),
            None => result.map(|()| received),
        }
    }
}
