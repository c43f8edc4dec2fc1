//! Makes the server keep messages that are never read.

use std::io::Result;

use tokio::sync::watch;

use super::{Link, Phase, Shard};
use crate::hub::Argument;

pub(super) fn group_of(number: usize) -> String {
    format!("hoard-{number}")
}

/// Sends to its own group without reading, once all are connected, and leaves with the others.
pub(super) async fn hoard(
    number: usize,
    mut link: Link,
    shard: &Shard,
    mut phase: watch::Receiver<Phase>,
) {
    let _ = phase.wait_for(|&phase| phase > Phase::Connect).await;
    if let Err(error) = fill(number, &mut link, shard).await {
        let mut stats = shard.stats.borrow_mut();
        stats.disconnects += 1;
        stats.failed(&error);
    }
    let _ = phase.wait_for(|&phase| phase >= Phase::Drain).await;
}

async fn fill(number: usize, link: &mut Link, shard: &Shard) -> Result<()> {
    let args = &shard.args;
    let group = group_of(number);
    let arguments = [Argument::Text(&group), Argument::Stamped(args.payload)];
    let mut send = args.protocol.invocation("SendToGroup", &arguments);
    for id in 0..args.hoard_kib * 1024 / args.payload {
        link.send(send.fill(id as u32, shard.nanoseconds()));
        link.socket.flush().await?;
    }
    Ok(())
}
