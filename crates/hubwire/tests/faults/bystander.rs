//! A good client that must not notice what happens to others.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use test_support::client::Client;

const PAUSE: Duration = Duration::from_millis(5);

/// The longest that an echo may take: far more than it does beside a build on the same machine.
const LONGEST_ECHO: Duration = Duration::from_secs(1);

/// A client that echoes all the time; it is a user and in a group, so that those are counted.
pub(crate) struct Bystander {
    echoing: JoinSet<(Client, Duration)>,
    stop: oneshot::Sender<()>,
}

impl Bystander {
    pub(crate) async fn start(address: SocketAddr) -> Self {
        let mut client = Client::open(address, "/bystander?user=bystander").await;
        client.call("1", "Enter", r#""bystanders""#).await;
        client
            .expect(r#"{"type":3,"invocationId":"1","result":null}"#)
            .await;
        let (stop, stopped) = oneshot::channel();
        let mut echoing = JoinSet::new();
        echoing.spawn(echo(client, stopped));
        Self { echoing, stop }
    }

    /// Asserts that it was not disturbed and is not now.
    pub(crate) async fn stop(mut self) -> Client {
        self.stop.send(()).unwrap();
        let echoed = self.echoing.join_next().await;
        let (mut client, longest) = echoed.expect("one task").unwrap();
        assert!(longest < LONGEST_ECHO, "an echo took {longest:?}");
        client.expect_alive().await;
        client
    }
}

async fn echo(mut client: Client, mut stopped: oneshot::Receiver<()>) -> (Client, Duration) {
    let mut longest = Duration::ZERO;
    loop {
        let since = Instant::now();
        client.expect_alive().await;
        longest = longest.max(since.elapsed());
        if tokio::time::timeout(PAUSE, &mut stopped).await.is_ok() {
            return (client, longest);
        }
    }
}
