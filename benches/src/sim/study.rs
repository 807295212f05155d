//! What is measured, and what must come of it: the targets T1 to T8 of statistics.md, section 6.

use std::time::Duration;

use canary_controller::simulation::Traffic;

use super::figure::{Figure, Limit, Measured};
use super::record::{Course, Effort, Extent, Record, record};
use super::rival::Latencies;
use super::traffic::{self, Drift};

/// Ten minutes, and an hour.
const SHORT: Duration = Duration::from_mins(10);
const LONG: Duration = Duration::from_hours(1);

/// Of a canary that is as good as stable, so many are sent back at the most: of all, and of any cell.
const FALSE_ABORTS_MAX: f64 = 0.005;
const FALSE_ABORTS_OF_CELL_MAX: f64 = 0.015;
const FALSE_ABORTS_OF_DRIFT_MAX: f64 = 0.02;

/// A dead canary fails at most so many requests.
const DEAD_FAILED_MAX: f64 = 6.0;
const DEAD_FAILURES: f64 = 5.0;
const DEAD_SECONDS: f64 = 0.1;
const FIRST_SHARE: f64 = 0.1;

const WRONG_PROMOTIONS_MAX: f64 = 0.01;

/// One of the targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "verbatim")]
pub enum Part {
    /// A good canary is hardly ever sent back.
    T1,
    /// What befalls both arms sends nobody back.
    T2,
    /// A dead canary fails a handful.
    T3,
    /// Ten times the errors are found at once.
    T4,
    /// One percent is found within ten minutes.
    T5,
    /// A slow canary is found.
    T6,
    /// A bad canary is not promoted.
    T7,
    /// A good canary is.
    T8,
}

/// A line of the table: one figure at several rates.
#[derive(Clone, Debug)]
pub struct Row {
    /// The target.
    pub part: Part,
    /// What was done.
    pub scenario: String,
    /// What was measured.
    pub figure: Figure,
    /// By rate.
    pub cells: Vec<Measured>,
}

/// A kind of traffic at several rates.
struct Cells<'a> {
    part: Part,
    scenario: String,
    rates: &'a [f64],
    traffic: &'a dyn Fn(f64) -> Traffic,
    course: Course,
    latencies: Latencies,
}

// === impl Part ===

impl Part {
    /// Every target.
    pub const ALL: [Self; 8] = [Self::T1, Self::T2, Self::T3, Self::T4, Self::T5, Self::T6, Self::T7, Self::T8];
}

// === impl Extent ===

impl Extent {
    const fn horizons(self) -> &'static [Duration] {
        match self {
            Self::Whole => &[SHORT, LONG],
            Self::Short => &[SHORT],
        }
    }
}

// === impl Cells ===

impl Cells<'_> {
    /// The runs of each rate.
    fn play(&self, effort: Effort) -> Vec<(f64, Vec<Record>)> {
        self.rates.iter().map(|rate| (*rate, self.play_at(*rate, effort))).collect()
    }

    fn play_at(&self, rate: f64, effort: Effort) -> Vec<Record> {
        // The same number for the same cell, whatever else is played.
        let name = format!("{:?} {} {rate} {:?}", self.part, self.scenario, self.course);
        let cell = name.bytes().fold(0xcbf2_9ce4_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0193));
        record(&(self.traffic)(rate), self.course, self.latencies, cell & 0x3fff_ffff, effort)
    }

    fn row(&self, played: &[(f64, Vec<Record>)], figure: Figure, limits: &[Limit]) -> Row {
        let cells = played.iter().zip(limits).map(|((rate, records), limit)| figure.measure(*rate, records, *limit));
        Row { part: self.part, scenario: self.scenario.clone(), figure, cells: cells.collect() }
    }
}

/// Plays all runs of one target.
#[must_use]
pub fn play(part: Part, effort: Effort) -> Vec<Row> {
    match part {
        Part::T1 => effort.extent.horizons().iter().flat_map(|horizon| twins(*horizon, effort)).collect(),
        Part::T2 => drifts(effort),
        Part::T3 => dead(effort),
        Part::T4 => ten_times(effort),
        Part::T5 => one_percent(effort),
        Part::T6 => slow(effort),
        Part::T7 => native(part, 0.01, effort),
        Part::T8 => native(part, 0.001, effort),
    }
}

fn twins(horizon: Duration, effort: Effort) -> Vec<Row> {
    let minutes = horizon.as_secs() / 60;
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for (errors, shown) in [(0.0, "0"), (0.001, "0.1 %"), (0.01, "1 %"), (0.05, "5 %")] {
        let cells = Cells {
            part: Part::T1,
            scenario: format!("as good as stable, {shown} errors, {minutes} min"),
            rates: &[1.0, 10.0, 100.0, 1_000.0],
            traffic: &|rate| traffic::twins(rate, errors),
            course: Course::Fixed(horizon),
            latencies: Latencies::Checked,
        };
        let played = cells.play(effort);
        rows.push(cells.row(&played, Figure::Aborted, &[Limit::AtMost(FALSE_ABORTS_OF_CELL_MAX); 4]));
        all.extend(played.into_iter().flat_map(|(_, records)| records));
    }
    let pooled = Figure::Aborted.measure(0.0, &all, Limit::AtMost(FALSE_ABORTS_MAX));
    let scenario = format!("all of these, {minutes} min");
    rows.push(Row { part: Part::T1, scenario, figure: Figure::Aborted, cells: vec![pooled] });
    rows
}

fn drifts(effort: Effort) -> Vec<Row> {
    let drifts = [
        (Drift::Step, "both: errors 1 → 5 % with the weight"),
        (Drift::Wave, "both: errors between 0.1 and 1.9 %"),
        (Drift::Rise, "both: errors 0.2 → 2 → 5 %"),
        (Drift::Bursts, "both: 50 % errors, 3 s each minute"),
        (Drift::Latency, "both: latency ×2"),
    ];
    let row = |(drift, scenario): (Drift, &str)| {
        let traffic = |rate| traffic::drift(rate, drift);
        let latencies = if drift == Drift::Latency { Latencies::Checked } else { Latencies::Ignored };
        let cells = detection(Part::T2, scenario, &traffic, latencies);
        cells.row(&cells.play(effort), Figure::Aborted, &[Limit::AtMost(FALSE_ABORTS_OF_DRIFT_MAX); 3])
    };
    drifts.into_iter().map(row).collect()
}

fn dead(effort: Effort) -> Vec<Row> {
    let cells =
        detection(Part::T3, "dead: 0 → 100 % errors", &|rate| traffic::errors(rate, 0.0, 1.0), Latencies::Ignored);
    let played = cells.play(effort);
    let seconds = |rate: &f64| Limit::AtMost(DEAD_FAILURES / (FIRST_SHARE * rate) + DEAD_SECONDS);
    vec![
        cells.row(&played, Figure::MeanFailed, &[Limit::AtMost(DEAD_FAILED_MAX); 3]),
        cells.row(&played, Figure::MeanAbort, &cells.rates.iter().map(seconds).collect::<Vec<_>>()),
    ]
}

fn ten_times(effort: Effort) -> Vec<Row> {
    let cells = detection(Part::T4, "errors 1 → 10 %", &|rate| traffic::errors(rate, 0.01, 0.1), Latencies::Ignored);
    let played = cells.play(effort);
    vec![
        cells.row(&played, Figure::MedianAbort, &[55.0, 9.0, 5.0].map(Limit::AtMost)),
        cells.row(&played, Figure::MeanFailed, &[6.0, 9.0, 45.0].map(Limit::AtMost)),
    ]
}

fn one_percent(effort: Effort) -> Vec<Row> {
    let traffic = |rate| traffic::errors(rate, 0.001, 0.01);
    let cells = detection(Part::T5, "errors 0.1 → 1 %, found in 10 min", &traffic, Latencies::Ignored);
    vec![cells.row(&cells.play(effort), Figure::Aborted, &[0.85, 1.0, 1.0].map(Limit::AtLeast))]
}

fn slow(effort: Effort) -> Vec<Row> {
    let double = detection(Part::T6, "latency ×2", &|rate| traffic::slower(rate, 2.0), Latencies::Checked);
    let quarter = detection(Part::T6, "latency +25 %", &|rate| traffic::slower(rate, 1.25), Latencies::Checked);
    let quarter = Cells { rates: &[100.0, 1_000.0], ..quarter };
    vec![
        double.row(&double.play(effort), Figure::MedianAbort, &[40.0, 10.0, 6.0].map(Limit::AtMost)),
        quarter.row(&quarter.play(effort), Figure::MedianAbort, &[110.0, 20.0].map(Limit::AtMost)),
    ]
}

fn native(part: Part, canary: f64, effort: Effort) -> Vec<Row> {
    let traffic = |rate| traffic::errors(rate, 0.001, canary);
    let scenario = if part == Part::T7 { "errors 0.1 → 1 %, promoted" } else { "as good as stable, 0.1 % errors" };
    let cells = detection(part, scenario, &traffic, Latencies::Checked);
    let cells = Cells { course: Course::Native, ..cells };
    let played = cells.play(effort);
    let (figure, limits) = match part {
        Part::T7 => (Figure::Promoted, [WRONG_PROMOTIONS_MAX; 3]),
        _ => (Figure::MedianFull, [720.0, 180.0, 180.0]),
    };
    vec![cells.row(&played, figure, &limits.map(Limit::AtMost))]
}

/// Ten minutes at 10, 100 and 1000 requests per second.
fn detection<'a>(part: Part, scenario: &str, traffic: &'a dyn Fn(f64) -> Traffic, latencies: Latencies) -> Cells<'a> {
    let rates = &[10.0, 100.0, 1_000.0];
    Cells { part, scenario: scenario.to_owned(), rates, traffic, course: Course::Fixed(SHORT), latencies }
}
