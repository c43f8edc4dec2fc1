//! What the shop and its server count, in the text format of Prometheus.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::Context;
use metrics::{Unit, describe_counter};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Messages that were sent to a chat room.
const CHAT_MESSAGES: &str = "shopnest.chat.messages";
/// Orders that were shipped.
const ORDERS_SHIPPED: &str = "shopnest.orders.shipped";
/// Requests to sign in, with how they ended as `outcome`.
const SIGN_INS: &str = "shopnest.sign_ins";

/// How often recorded times are gathered into buckets; until then, each takes memory.
const UPKEEP_PERIOD: Duration = Duration::from_secs(5);

/// Records all metrics of this process from now on.
pub(crate) fn install() -> anyhow::Result<PrometheusHandle> {
    let recorder = builder()?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).context("metrics are recorded already")?;
    describe();
    Ok(handle)
}

/// Configures the names that Prometheus recommends and .NET's exporter writes, with the unit and
/// `_total` at the end, and the buckets of each histogram.
fn builder() -> anyhow::Result<PrometheusBuilder> {
    let mut builder = PrometheusBuilder::new().with_recommended_naming(true);
    for metric in hubwire::metrics::ALL {
        if let Some(buckets) = metric.buckets() {
            let name = Matcher::Full(metric.name.to_owned());
            builder = builder.set_buckets_for_metric(name, buckets)?;
        }
    }
    Ok(builder)
}

fn describe() {
    hubwire::metrics::describe();
    describe_counter!(CHAT_MESSAGES, Unit::Count, "Messages sent to chat rooms.");
    describe_counter!(ORDERS_SHIPPED, Unit::Count, "Orders that were shipped.");
    describe_counter!(
        SIGN_INS,
        Unit::Count,
        "Requests to sign in, by their outcomes."
    );
}

/// Keeps the memory of a recorder bounded, even if nobody scrapes.
pub(crate) async fn upkeep(metrics: PrometheusHandle) -> Infallible {
    let mut ticks = tokio::time::interval(UPKEEP_PERIOD);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}

pub(crate) fn chat_message_sent() {
    metrics::counter!(CHAT_MESSAGES).increment(1);
}

/// Counts a request to sign in; `outcome` is `granted`, or why it was refused.
pub(crate) fn sign_in(outcome: &'static str) {
    metrics::counter!(SIGN_INS, "outcome" => outcome).increment(1);
}

pub(crate) fn order_shipped() {
    metrics::counter!(ORDERS_SHIPPED).increment(1);
}
