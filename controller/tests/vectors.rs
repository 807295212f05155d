//! The analysis against the reference: `vectors/canary_vectors.json`, or the file that `CANARY_VECTORS` names.

use std::collections::BTreeMap;
use std::time::Duration;

use canary_config::criteria::Profile;
use canary_controller::analysis::BreakerRule;
use canary_controller::analysis::breaker::{Attempts, Breaker};
use canary_controller::analysis::certificate::CertificateTable;
use canary_controller::analysis::confidence::{Epoch, cs_diff, cs_ratio};
use canary_controller::analysis::counts::{Arms, Tally};
use canary_controller::analysis::guard::{Guard, Tests};
use canary_controller::analysis::metric::{BlockGain, CertificateSpec, HarmSpec, Metric};
use canary_controller::analysis::stake::{StakeTable, bets};
use serde::Deserialize;

const RELATIVE_TOLERANCE: f64 = 1e-9;

/// Evidence smaller than this is none.
const ZERO: f64 = 1e-290;

const BLOCKS_PER_PERIOD: usize = 5;

#[derive(Deserialize)]
struct Vectors {
    factor_tables: Vec<FactorTable>,
    ni_factor_tables: Vec<FactorTable>,
    streams: Vec<Stream>,
    confidence_sequences: Vec<ConfidenceSequence>,
    breaker: Vec<Trace>,
}

#[derive(Deserialize)]
struct FactorTable {
    w: f64,
    rho: f64,
    delta: f64,
    mu: f64,
    #[serde(default)]
    lambda_: Vec<f64>,
    ln: Vec<Vec<f64>>,
    #[serde(default)]
    ln_cap: Vec<f64>,
}

#[derive(Deserialize)]
struct Stream {
    name: String,
    config: Config,
    blocks: Vec<Block>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default = "default_harm")]
    harm: Vec<(String, f64, f64, f64, f64)>,
    #[serde(default = "default_ni")]
    ni: Vec<(String, f64, f64, f64)>,
    #[serde(default = "default_steps")]
    steps: Vec<f64>,
    #[serde(default = "default_probability")]
    alpha: f64,
    #[serde(default = "default_probability")]
    beta: f64,
}

#[derive(Deserialize)]
struct Block {
    n: usize,
    w: f64,
    #[serde(flatten)]
    counts: BTreeMap<String, [u64; 4]>,
}

#[derive(Deserialize)]
struct Expect {
    checkpoints: Vec<Checkpoint>,
    abort_block: Option<usize>,
    abort_reason: Option<String>,
    ni_e_after_last: BTreeMap<usize, BTreeMap<String, f64>>,
    first_certified_block: BTreeMap<usize, usize>,
}

#[derive(Deserialize)]
struct Checkpoint {
    after_block: usize,
    #[serde(rename = "E")]
    e: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct ConfidenceSequence {
    name: String,
    epochs: Vec<(f64, u64, u64, u64, u64)>,
    diff95: [f64; 2],
    ratio95: [f64; 2],
}

/// The breaker's events: whose, how it ended, and when in milliseconds.
#[derive(Deserialize)]
struct Trace {
    name: String,
    rule: String,
    trip_event: Option<usize>,
    events_ms: Vec<(char, char, u64)>,
}

fn default_harm() -> Vec<(String, f64, f64, f64, f64)> {
    let spec = |metric: Metric| (metric.label().to_owned(), metric.harm(Profile::Balanced));
    Metric::ALL.map(spec).map(|(name, spec)| (name, spec.rho, spec.delta, spec.mu, spec.pi)).into()
}

fn default_ni() -> Vec<(String, f64, f64, f64)> {
    let spec = |metric: Metric| (metric.label().to_owned(), metric.certificate(Profile::Balanced));
    Metric::ALL.map(spec).map(|(name, spec)| (name, spec.rho, spec.tolerance, spec.mu)).into()
}

fn default_steps() -> Vec<f64> {
    vec![0.10, 0.25, 0.50]
}

fn default_probability() -> f64 {
    0.05
}

/// The vectors. A file that is missing, cannot be read or holds no stream is a failure, never a pass.
fn vectors() -> Vectors {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/canary_vectors.json");
    let path = std::env::var("CANARY_VECTORS").unwrap_or_else(|_| default.to_owned());
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}")).expect("no vectors");
    let vectors: Vectors = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}")).expect("no vectors");
    let Vectors { factor_tables, ni_factor_tables, streams, confidence_sequences, breaker } = &vectors;
    let tables = (factor_tables.len(), ni_factor_tables.len());
    let found = (tables, streams.len(), confidence_sequences.len(), breaker.len());
    assert_eq!(found, ((5, 3), 17, 3, 4), "{path}: tables, streams, confidence sequences and breaker traces");
    vectors
}

fn assert_close(what: &str, found: f64, expected: f64) {
    let [found, expected] = [found, expected].map(|value| if value.abs() < ZERO { 0.0 } else { value });
    let tolerated = RELATIVE_TOLERANCE * expected.abs();
    assert!((found - expected).abs() <= tolerated, "{what}: found {found:e}, expected {expected:e}");
}

fn assert_all_close<'a>(what: &str, found: impl IntoIterator<Item = &'a f64>, expected: &[f64]) {
    let found: Vec<f64> = found.into_iter().copied().collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        assert_close(&format!("{what}[{place}]"), found, *expected);
    }
}

#[test]
fn the_stake_tables_are_those_of_the_vectors() {
    for FactorTable { w, rho, delta, mu, lambda_, ln, ln_cap } in vectors().factor_tables {
        let spec = HarmSpec { rho, delta, mu, pi: 1.0, gain: BlockGain::USUAL };
        let table = StakeTable::new(&spec, w);
        let what = format!("{spec:?} at {w}");
        assert_all_close(&format!("{what}: bets"), &bets(&spec, w), &lambda_);
        assert_all_close(&format!("{what}: ln"), table.ln().iter().flatten(), &ln.concat());
        assert_all_close(&format!("{what}: cap"), table.ln_cap(), &ln_cap);
    }
}

#[test]
fn the_certificate_tables_are_those_of_the_vectors() {
    for FactorTable { w, rho, delta, mu, ln, .. } in vectors().ni_factor_tables {
        let spec = CertificateSpec { rho, tolerance: delta, mu };
        let table = CertificateTable::new(&spec, delta, w);
        assert_all_close(&format!("{spec:?} at {w}"), table.ln().iter().flatten(), &ln.concat());
    }
}

#[test]
fn the_confidence_sequences_are_those_of_the_vectors() {
    for ConfidenceSequence { name, epochs, diff95, ratio95 } in vectors().confidence_sequences {
        let epoch = |&(share, cb, cg, sb, sg): &_| Epoch { share, counts: Arms::from([cb, cg, sb, sg]) };
        let epochs = epochs.iter().map(epoch);
        let (diff, ratio) = (cs_diff(&epochs, 0.05), cs_ratio(&epochs, 0.05));
        assert_all_close(&format!("{name}: difference"), &[diff.low, diff.high], &diff95);
        assert_all_close(&format!("{name}: ratio"), &[ratio.low, ratio.high], &ratio95);
    }
}

#[test]
fn the_breaker_trips_at_the_event_and_by_the_rule_of_the_vectors() {
    for Trace { name, rule, trip_event, events_ms } in vectors().breaker {
        let mut breaker = Breaker::default();
        let tripped = events_ms.iter().enumerate().find_map(|(place, &(arm, end, at))| {
            breaker.look(attempt(arm, end), Duration::from_millis(at));
            breaker.tripped().map(|rule| (place + 1, label(rule).to_owned()))
        });
        assert_eq!(tripped, trip_event.map(|place| (place, rule)), "{name}");
    }
}

fn attempt(arm: char, end: char) -> Arms<Attempts> {
    let one = |of: char| u64::from(end == of);
    let attempts = Attempts { refused: one('C'), failed: one('F'), answered: one('S'), again: 0 };
    match arm {
        'c' => Arms { canary: attempts, ..Arms::default() },
        _ => Arms { stable: attempts, ..Arms::default() },
    }
}

const fn label(rule: BreakerRule) -> &'static str {
    match rule {
        BreakerRule::NeverHealthy => "B0",
        BreakerRule::NoConnection => "B1",
        BreakerRule::FailureRun => "B2",
    }
}

#[test]
fn every_stream_of_the_vectors_is_judged_as_expected() {
    for stream in vectors().streams {
        Replay::new(&stream).run();
    }
}

#[test]
fn vectors_without_their_streams_do_not_parse() {
    assert!(serde_json::from_str::<Vectors>("{}").is_err());
}

/// A guard that is fed with one stream.
struct Replay<'a> {
    stream: &'a Stream,
    guard: Guard,
    shares: Vec<f64>,
    block: usize,
    aborted: Option<(usize, String)>,
    certified: BTreeMap<usize, usize>,
}

impl<'a> Replay<'a> {
    fn new(stream: &'a Stream) -> Self {
        let config = &stream.config;
        let mut shares: Vec<f64> = stream.blocks.iter().map(|block| block.w).collect();
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        let harm =
            config.harm.iter().map(|&(_, rho, delta, mu, pi)| HarmSpec { rho, delta, mu, pi, gain: BlockGain::USUAL });
        let certificate = config.ni.iter().map(|&(_, rho, tolerance, mu)| CertificateSpec { rho, tolerance, mu });
        let guard = Guard::new(&Tests {
            harm: &harm.collect::<Vec<_>>(),
            certificate: &certificate.collect::<Vec<_>>(),
            steps: &config.steps,
            shares: &shares,
            alpha: config.alpha,
            beta: config.beta,
        });
        Self { stream, guard, shares, block: 0, aborted: None, certified: BTreeMap::new() }
    }

    fn run(mut self) {
        for block in &self.stream.blocks {
            for _ in 0..block.n {
                self.play(block);
            }
        }
        let Self { stream: Stream { name, config, expect, .. }, .. } = self;
        let abort = expect.abort_block.zip(expect.abort_reason.clone());
        assert_eq!(self.aborted, abort, "{name}: abort");
        assert_eq!(self.certified, expect.first_certified_block, "{name}: first certified block");
        for (step, certificates) in &expect.ni_e_after_last {
            let held = self.guard.certificates(*step);
            assert_eq!(held.len(), certificates.len(), "{name}");
            for ((metric, ..), held) in config.ni.iter().zip(held) {
                assert_close(&format!("{name}: certificate {metric}, step {step}"), held.value(), certificates[metric]);
            }
        }
        let last = expect.checkpoints.iter().map(|checkpoint| checkpoint.after_block).max();
        assert!(last.is_none_or(|last| last <= self.block), "{name}: a checkpoint after the last block");
    }

    // Set the weight, flush, evaluate, end the block: the order of the reference.
    fn play(&mut self, block: &Block) {
        let Config { harm, ni, steps, .. } = &self.stream.config;
        let place = self.shares.iter().position(|share| *share == block.w).expect("collected above");
        let counts = |name: &String| Arms::<Tally>::from(block.counts.get(name).copied().unwrap_or_default());
        let harm_counts: Vec<_> = harm.iter().map(|(name, ..)| counts(name)).collect();
        let ni_counts: Vec<_> = ni.iter().map(|(name, ..)| counts(name)).collect();
        self.guard.set_weight(place);
        self.guard.flush(place, &harm_counts, &ni_counts);
        self.block += 1;
        self.check();
        if self.aborted.is_none() && self.guard.convicts() {
            self.aborted = Some((self.block, harm[self.guard.culprit()].0.clone()));
        }
        // A step is certified while the canary is at its weight: evidence that suffices earlier does not count earlier.
        if let Some(step) = steps.iter().position(|share| *share == block.w)
            && self.guard.passes(step)
        {
            self.certified.entry(step).or_insert(self.block);
        }
        self.guard.end_block();
        if self.block.is_multiple_of(BLOCKS_PER_PERIOD) {
            self.guard.end_periods(1);
        }
    }

    fn check(&self) {
        let Stream { name, config, expect, .. } = self.stream;
        for checkpoint in expect.checkpoints.iter().filter(|checkpoint| checkpoint.after_block == self.block) {
            let what = |metric: &str| format!("{name}: E of {metric} after block {}", self.block);
            assert_eq!(checkpoint.e.len(), config.harm.len() + 1, "{}", what("all"));
            assert_close(&what("total"), self.guard.harm(), checkpoint.e["total"]);
            for ((metric, ..), found) in config.harm.iter().zip(self.guard.harms()) {
                assert_close(&what(metric), found, checkpoint.e[metric]);
            }
        }
    }
}
