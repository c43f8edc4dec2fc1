//! An exporter of metrics, to count what recording costs.

use std::io;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Records all metrics of this process from now on.
pub(crate) fn install() -> io::Result<PrometheusHandle> {
    let mut builder = PrometheusBuilder::new().with_recommended_naming(true);
    for metric in hubwire::metrics::ALL {
        if let Some(buckets) = metric.buckets() {
            let name = Matcher::Full(metric.name.to_owned());
            builder = builder
                .set_buckets_for_metric(name, buckets)
                .map_err(io::Error::other)?;
        }
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(io::Error::other)?;
    hubwire::metrics::describe();
    Ok(handle)
}
