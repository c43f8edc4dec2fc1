//! The dashboard for Grafana, checked against what the exporter writes.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use hubwire::metrics::{ALL, MetricKind};
use metrics::Label;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use promql_parser::label::{Labels, Matchers};
use promql_parser::parser::{Expr, LabelModifier, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::Value;

use crate::exported::scrape_until;
use crate::scrape::Scrape;
use crate::shop::Shop;

const DASHBOARD: &str = include_str!("../../../../docs/grafana/hubwire.json");

const GUIDE: &str = include_str!("../../../../docs/operating.md");

/// Labels that Prometheus itself gives to everything that it scrapes.
const OF_PROMETHEUS: [&str; 2] = ["instance", "job"];

type LabelsByName = BTreeMap<String, BTreeSet<String>>;

/// Returns the names and labels of all metrics of a server, as the shop's exporter writes them.
fn all_exported() -> LabelsByName {
    let mut builder = PrometheusBuilder::new().with_recommended_naming(true);
    for metric in ALL {
        if let Some(buckets) = metric.buckets() {
            let name = Matcher::Full(metric.name.to_owned());
            builder = builder.set_buckets_for_metric(name, buckets).unwrap();
        }
    }
    let recorder = builder.build_recorder();
    metrics::with_local_recorder(&recorder, || {
        hubwire::metrics::describe();
        for metric in ALL {
            let labels = metric.labels.iter().map(|name| Label::new(*name, "any"));
            let labels: Vec<_> = labels.collect();
            match metric.kind {
                MetricKind::Counter => metrics::counter!(metric.name, labels).increment(1),
                MetricKind::Gauge => metrics::gauge!(metric.name, labels).set(1),
                MetricKind::Histogram => metrics::histogram!(metric.name, labels).record(1),
                other => panic!("a new kind: {other:?}"),
            }
        }
    });
    let scrape = Scrape::parse(&recorder.handle().render());
    let names = scrape.labels_by_name().into_iter();
    names
        .map(|(name, labels)| {
            (
                name.to_owned(),
                labels.into_iter().map(str::to_owned).collect(),
            )
        })
        .collect()
}

/// The metrics and labels of a query.
#[derive(Debug, Default)]
struct Query {
    names: Vec<String>,
    labels: BTreeSet<String>,
}

impl Query {
    /// Parses a query, of a dashboard or an alert.
    fn parse(text: &str) -> Self {
        let parsed = promql_parser::parser::parse(&text.replace("$__rate_interval", "5m"));
        let expr = parsed.unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut query = Self::default();
        let Ok(_) = walk_expr(&mut query, &expr);
        query
    }

    fn select(&mut self, selector: &VectorSelector) {
        let name = selector.name.clone().expect("a metric's name");
        self.names.push(name);
        let Matchers {
            matchers,
            or_matchers,
        } = &selector.matchers;
        let matchers = matchers.iter().chain(or_matchers.iter().flatten());
        self.labels.extend(matchers.map(|it| it.name.clone()));
    }

    fn group(&mut self, modifier: Option<&LabelModifier>) {
        if let Some(
            LabelModifier::Include(Labels { labels }) | LabelModifier::Exclude(Labels { labels }),
        ) = modifier
        {
            self.labels.extend(labels.iter().cloned());
        }
    }

    /// Checks that each metric exists, and that each label belongs to one of them.
    #[track_caller]
    fn assert_can_be_answered(&self, exported: &LabelsByName) {
        let mut known: BTreeSet<_> = OF_PROMETHEUS.map(str::to_owned).into();
        for name in &self.names {
            let labels = exported.get(name);
            known.extend(
                labels
                    .unwrap_or_else(|| panic!("no metric is called {name}"))
                    .clone(),
            );
        }
        let unknown: Vec<_> = self.labels.difference(&known).collect();
        assert!(
            unknown.is_empty(),
            "{unknown:?} are no labels of {:?}",
            self.names
        );
    }
}

impl ExprVisitor for Query {
    type Error = Infallible;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Infallible> {
        match expr {
            Expr::VectorSelector(selector) => self.select(selector),
            Expr::MatrixSelector(selector) => self.select(&selector.vs),
            Expr::Aggregate(aggregate) => self.group(aggregate.modifier.as_ref()),
            _ => {}
        }
        Ok(true)
    }
}

/// Returns the values of all members of this name, at any depth.
fn members<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => {
            for (member, value) in object {
                if member == name {
                    found.push(value);
                }
                members(value, name, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, name, found)),
        _ => {}
    }
}

#[test]
fn every_query_of_the_dashboard_can_be_answered() {
    let exported = all_exported();
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut exprs = Vec::new();
    members(&dashboard["panels"], "expr", &mut exprs);
    assert!(exprs.len() > 10, "{exprs:?}");
    let mut shown = BTreeSet::new();
    for expr in exprs {
        let query = Query::parse(expr.as_str().unwrap());
        query.assert_can_be_answered(&exported);
        shown.extend(query.names);
    }
    for metric in ALL {
        let name = metric.name.replace('.', "_");
        let is_shown = shown.iter().any(|it| it.starts_with(&name));
        assert!(is_shown, "{} is nowhere in the dashboard", metric.name);
    }
}

#[test]
fn the_dashboard_asks_which_data_source_to_use() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert_eq!(variables[0]["name"], "datasource");
    assert_eq!(variables[0]["type"], "datasource");
    let exported = all_exported();
    for variable in &variables[1..] {
        // label_values(SELECTOR, LABEL)
        let query = variable["definition"].as_str().unwrap();
        let inner = query
            .strip_prefix("label_values(")
            .and_then(|it| it.strip_suffix(')'));
        let (selector, label) = inner.unwrap().rsplit_once(", ").unwrap();
        Query::parse(&format!("sum by ({label}) ({selector})")).assert_can_be_answered(&exported);
    }
    let mut sources = Vec::new();
    members(&dashboard, "datasource", &mut sources);
    assert!(!sources.is_empty());
    assert!(sources.iter().all(|it| it["uid"] == "${datasource}"));
}

#[tokio::test]
async fn the_shop_exports_what_queries_are_checked_against() {
    let exported = all_exported();
    let shop = Shop::open().await;
    let mut visitor = shop.guest("/hubs/chat").await;
    visitor.record().await;
    visitor.call("1", "LeaveRoom", r#""support""#).await;
    visitor.record().await;
    let panics = "hubwire_panics_total";
    let scrape = scrape_until(&shop, |it| it.labels_by_name().contains_key(panics)).await;
    for (name, labels) in scrape.labels_by_name() {
        if name.starts_with("shopnest_") {
            continue;
        }
        let expected = exported
            .get(name)
            .unwrap_or_else(|| panic!("{name} is unknown"));
        let labels: BTreeSet<_> = labels.into_iter().map(str::to_owned).collect();
        assert_eq!(labels, *expected, "{name}");
    }
    let duration = "hubwire_invocation_duration_seconds";
    let measured = ALL
        .iter()
        .find(|it| it.name == "hubwire.invocation.duration")
        .unwrap();
    let mut buckets = measured.buckets().unwrap().to_vec();
    buckets.push(f64::INFINITY);
    assert_eq!(scrape.buckets(duration), buckets);
}

#[test]
fn every_alert_of_the_guide_can_be_answered() {
    let exported = all_exported();
    let blocks = GUIDE.split("```promql\n").skip(1);
    let alerts: Vec<_> = blocks
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert!(alerts.len() > 5, "{alerts:?}");
    for alert in alerts {
        Query::parse(alert).assert_can_be_answered(&exported);
    }
}
