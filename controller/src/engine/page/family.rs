//! Samples, gathered into families as the exposition format wants them.

use std::collections::BTreeMap;

use canary_proxy::histogram::{EDGES_US, Histogram, SHOWN_US};
use canary_proxy::meter::Answers;
use prometheus::proto::{Bucket, Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

/// The labels of one sample.
pub(super) type Labels<'a> = [(&'a str, &'a str)];

/// Families by name.
#[derive(Debug, Default)]
pub(super) struct Families(BTreeMap<&'static str, MetricFamily>);

// === impl Families ===

impl Families {
    /// Adds a counter's sample.
    pub(super) fn counter(&mut self, name: &'static str, help: &'static str, labels: &Labels<'_>, value: u64) {
        self.seconds(name, help, labels, value as f64);
    }

    /// Adds the sample of a counter of seconds.
    pub(super) fn seconds(&mut self, name: &'static str, help: &'static str, labels: &Labels<'_>, value: f64) {
        let mut counter = Counter::default();
        counter.set_value(value);
        let mut metric = labelled(labels);
        metric.set_counter(counter);
        self.add(name, help, MetricType::COUNTER, metric);
    }

    /// Adds a gauge's sample.
    pub(super) fn gauge(&mut self, name: &'static str, help: &'static str, labels: &Labels<'_>, value: f64) {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        let mut metric = labelled(labels);
        metric.set_gauge(gauge);
        self.add(name, help, MetricType::GAUGE, metric);
    }

    /// Adds a histogram's samples, in seconds.
    pub(super) fn histogram(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &Labels<'_>,
        histogram: &Histogram,
    ) {
        let mut metric = labelled(labels);
        metric.set_histogram(shown(histogram));
        self.add(name, help, MetricType::HISTOGRAM, metric);
    }

    /// Adds what was answered: the statuses, and how long it took.
    pub(super) fn answers(&mut self, labels: &Labels<'_>, answers: &Answers) {
        for (code, count) in answers.codes() {
            let code = code.to_string();
            let labels = [labels, &[("code", code.as_str())]].concat();
            let help = "Requests by who answered them and how; `-` is canaryd itself, code 0 a client that left first.";
            self.counter("canaryd_requests_total", help, &labels, count);
        }
        let help = "From a request's head to the end of its answer.";
        self.histogram("canaryd_request_duration_seconds", help, labels, answers.durations());
    }

    /// All of them.
    pub(super) fn into_vec(self) -> Vec<MetricFamily> {
        self.0.into_values().collect()
    }

    fn add(&mut self, name: &'static str, help: &'static str, kind: MetricType, metric: Metric) {
        let family = self.0.entry(name).or_insert_with(|| {
            let mut family = MetricFamily::default();
            family.set_name(name.to_owned());
            family.set_help(help.to_owned());
            family.set_field_type(kind);
            family
        });
        family.mut_metric().push(metric);
    }
}

fn labelled(labels: &Labels<'_>) -> Metric {
    let pair = |(name, value): &(&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    };
    Metric::from_label(labels.iter().map(pair).collect())
}

/// The buckets that Prometheus is shown: the fine ones, summed up to each of the shown bounds.
fn shown(histogram: &Histogram) -> prometheus::proto::Histogram {
    let counts = histogram.counts();
    let (mut cumulative, mut fine, mut buckets) = (0, 0, Vec::with_capacity(SHOWN_US.len()));
    for bound in SHOWN_US {
        while fine < EDGES_US.len() && EDGES_US[fine] <= bound {
            cumulative += counts[fine];
            fine += 1;
        }
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(bound as f64 / 1e6);
        bucket.set_cumulative_count(cumulative);
        buckets.push(bucket);
    }
    let mut shown = prometheus::proto::Histogram::default();
    shown.set_sample_count(counts.iter().sum());
    shown.set_sample_sum(histogram.sum().as_secs_f64());
    shown.set_bucket(buckets);
    shown
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_shown_adds_up() {
        let histogram = Histogram::default();
        for ms in [1, 1, 5, 250, 60_000] {
            histogram.record(Duration::from_millis(ms));
        }
        let shown = shown(&histogram);
        let cumulative: Vec<_> = shown.get_bucket().iter().map(Bucket::cumulative_count).collect();
        assert_eq!(cumulative, [2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4]);
        assert_eq!(shown.get_sample_count(), 5);
        assert!((shown.get_sample_sum() - 60.257).abs() < 1e-9);
    }
}
