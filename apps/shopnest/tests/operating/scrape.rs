//! What a scrape returned.

use std::collections::{BTreeMap, BTreeSet};

use prometheus_parse::Value;
use promql_parser::parser::{Expr, VectorSelector};

/// The samples of one scrape.
pub(crate) struct Scrape {
    /// Every line with a value: the name, the labels and the value.
    lines: Vec<Line>,
    parsed: prometheus_parse::Scrape,
}

struct Line {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Scrape {
    /// Parses Prometheus' text format, and fails on any line that is not of it.
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty());
        let lines =
            lines.filter(|line| !line.starts_with("# HELP ") && !line.starts_with("# TYPE "));
        let lines: Vec<_> = lines.map(Line::parse).collect();
        let parsed = text.lines().map(|line| Ok(line.to_owned()));
        let parsed = prometheus_parse::Scrape::parse(parsed).unwrap();
        let read: usize = parsed.samples.iter().map(line_count).sum();
        assert_eq!(read, lines.len(), "a line was not read: {text}");
        Self { lines, parsed }
    }

    /// Returns the sum of the samples of this name with these labels; zero if there are none.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let lines = self.lines.iter().filter(|line| line.name == name);
        let lines = lines.filter(|line| line.has(labels));
        lines.map(|line| line.value).sum()
    }

    /// Returns whether there is a sample of this name with these labels.
    pub(crate) fn has(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        let mut lines = self.lines.iter().filter(|line| line.name == name);
        lines.any(|line| line.has(labels))
    }

    /// Returns every name with the labels that its samples have.
    pub(crate) fn labels_by_name(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut names = BTreeMap::<_, BTreeSet<_>>::new();
        for line in &self.lines {
            let labels = names.entry(line.name.as_str()).or_default();
            labels.extend(line.labels.keys().map(String::as_str));
        }
        names
    }

    /// Returns the upper bounds of a histogram's buckets.
    pub(crate) fn buckets(&self, name: &str) -> Vec<f64> {
        let mut samples = self.parsed.samples.iter();
        let sample = samples.find(|sample| sample.metric == name);
        match &sample.unwrap_or_else(|| panic!("{name} is missing")).value {
            Value::Histogram(buckets) => buckets.iter().map(|it| it.less_than).collect(),
            other => panic!("{name} is no histogram: {other:?}"),
        }
    }

    /// Returns what a metric's HELP line says.
    pub(crate) fn description(&self, name: &str) -> Option<&str> {
        self.parsed.docs.get(name).map(String::as_str)
    }
}

/// Returns how many lines a sample consists of.
fn line_count(sample: &prometheus_parse::Sample) -> usize {
    match &sample.value {
        Value::Histogram(buckets) => buckets.len(),
        Value::Summary(quantiles) => quantiles.len(),
        Value::Counter(_) | Value::Gauge(_) | Value::Untyped(_) => 1,
    }
}

impl Line {
    /// A name with its labels is written as in a query, so a parser of queries reads it strictly.
    fn parse(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').expect(line);
        let series = match promql_parser::parser::parse(series) {
            Ok(Expr::VectorSelector(series)) => series,
            other => panic!("{line}: {other:?}"),
        };
        let VectorSelector { name, matchers, .. } = series;
        let labels = matchers.matchers.into_iter().map(|it| (it.name, it.value));
        Self {
            name: name.expect(line),
            labels: labels.collect(),
            value: value.parse().expect(line),
        }
    }

    fn has(&self, labels: &[(&str, &str)]) -> bool {
        let has =
            |(name, value): &(&str, &str)| self.labels.get(*name).is_some_and(|it| it == value);
        labels.iter().all(has)
    }
}
