//! A metrics page, read as Prometheus would.

use std::collections::{BTreeMap, BTreeSet};

/// The samples of a page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) text: String,
    samples: Vec<Sample>,
}

#[derive(Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

// === impl Page ===

impl Page {
    pub(crate) fn parse(text: String) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let samples = lines.map(Sample::parse).collect();
        Self { text, samples }
    }

    /// The sum of all samples of this name that have these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.with(name, labels).map(|sample| sample.value).sum()
    }

    /// The same of counters.
    #[expect(clippy::cast_sign_loss, reason = "a counter is never negative")]
    pub(crate) fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        self.sum(name, labels) as u64
    }

    /// The one sample of this name that has these labels.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let values: Vec<_> = self.with(name, labels).map(|sample| sample.value).collect();
        assert_eq!(values.len(), 1, "{name} {labels:?} in {}", self.text);
        values[0]
    }

    pub(crate) fn has(&self, labels: &[(&str, &str)]) -> bool {
        self.samples.iter().any(|sample| sample.has(labels))
    }

    /// The names of the labels of every sample of this name; more than one set is a flaw of the page.
    pub(crate) fn label_names(&self, name: &str) -> BTreeSet<Vec<String>> {
        let of_name = self.samples.iter().filter(|sample| sample.name == name);
        of_name.map(|sample| sample.labels.keys().cloned().collect()).collect()
    }

    /// How many buckets each series of a histogram has, that of infinity included.
    pub(crate) fn buckets(&self) -> BTreeMap<String, usize> {
        let mut buckets = BTreeMap::new();
        for sample in self.samples.iter().filter(|sample| sample.labels.contains_key("le")) {
            let others: BTreeMap<_, _> = sample.labels.iter().filter(|(name, _)| *name != "le").collect();
            *buckets.entry(format!("{} {others:?}", sample.name)).or_default() += 1;
        }
        buckets
    }

    fn with<'a>(&'a self, name: &'a str, labels: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| sample.name == name && sample.has(labels))
    }
}

// === impl Sample ===

impl Sample {
    fn parse(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
        let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').expect("labels end");
        // No label of ours has a comma in its value.
        let pairs = labels.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or_else(|| panic!("no label: {line}"));
            (name.to_owned(), value.trim_matches('"').to_owned())
        });
        Self { name: name.to_owned(), labels: pairs.collect(), value }
    }

    fn has(&self, labels: &[(&str, &str)]) -> bool {
        labels.iter().all(|(name, value)| self.labels.get(*name).is_some_and(|own| own == value))
    }
}
