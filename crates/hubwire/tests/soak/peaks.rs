//! The most that the process and its queues held at any time.

use std::convert::Infallible;
use std::fs;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::server::Server;
use crate::settings::{KIB, MIB};

/// How often to measure.
const EVERY: Duration = Duration::from_millis(100);

const PAGE: usize = 4 * KIB;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peaks {
    /// The resident memory when sending began.
    pub(crate) resident_before: usize,
    pub(crate) resident: usize,
    pub(crate) outbound_bytes: usize,
    pub(crate) outbound_messages: usize,
    pub(crate) connections: usize,
    pub(crate) tasks: usize,
    /// What the kernel held for all TCP sockets of the machine.
    pub(crate) kernel: usize,
}

impl Peaks {
    pub(crate) fn begin() -> Self {
        let resident_before = resident();
        Self {
            resident_before,
            ..Self::default()
        }
    }

    pub(crate) fn grown(&self) -> usize {
        self.resident.saturating_sub(self.resident_before)
    }

    /// Measures until it is dropped, and prints a line each minute.
    pub(crate) async fn watch(&mut self, server: &Server) -> Infallible {
        let since = Instant::now();
        let mut told = 0;
        loop {
            self.look(server);
            let minutes = since.elapsed().as_secs() / 60;
            if minutes > told {
                told = minutes;
                eprintln!("soak: {minutes} min: {}", self.line());
            }
            sleep(EVERY).await;
        }
    }

    fn look(&mut self, server: &Server) {
        let now = server.statistics();
        self.resident = self.resident.max(resident());
        self.outbound_bytes = self.outbound_bytes.max(now.outbound_bytes);
        self.outbound_messages = self.outbound_messages.max(now.outbound_messages);
        self.connections = self.connections.max(now.connections);
        self.tasks = self.tasks.max(now.tasks);
        self.kernel = self.kernel.max(kernel());
    }

    pub(crate) fn line(&self) -> String {
        format!(
            "at most {} MiB resident ({} MiB before), {} MiB and {} messages in queues, {} MiB in the kernel, \
             {} connections, {} tasks",
            self.resident / MIB,
            self.resident_before / MIB,
            self.outbound_bytes / MIB,
            self.outbound_messages,
            self.kernel / MIB,
            self.connections,
            self.tasks
        )
    }
}

/// Returns the resident bytes, clients and server together; zero if the system does not report
/// them.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes = number_behind(&status, "VmRSS:");
    kibibytes * KIB
}

fn kernel() -> usize {
    let sockets = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let tcp = sockets.lines().find(|line| line.starts_with("TCP:"));
    number_behind(tcp.unwrap_or_default(), " mem ") * PAGE
}

fn number_behind(text: &str, name: &str) -> usize {
    let behind = text.split(name).nth(1).unwrap_or_default();
    let number = behind.split_whitespace().next().unwrap_or_default();
    number.parse().unwrap_or_default()
}
