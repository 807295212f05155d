//! A short cut through the study, and the table that the README carries.

use std::path::Path;
use std::time::Duration;

use super::record::Record;
use super::rival::Fate;
use super::{Effort, Extent, Figure, Limit, Part, is_met, play, put_into};

const README: &str = include_str!("../../../README.md");

/// So few runs that they are soon played, and enough for every bound to miss a target.
const FEW: Effort = Effort { runs: 8, seed: 1, extent: Extent::Short };

#[test]
fn the_readme_carries_what_was_measured_last() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sim.md");
    let measured = std::fs::read_to_string(path).expect("`make sim` has been run");
    let expected = put_into(README, &measured).expect("the README has a place for the table");
    assert!(README == expected, "the README's table is another one than benches/sim.md; run `make sim`");
}

#[test]
fn good_canaries_are_hardly_ever_sent_back() {
    assert_on_the_mark(Part::T1);
}

#[test]
fn what_befalls_both_arms_sends_nobody_back() {
    assert_on_the_mark(Part::T2);
}

#[test]
fn a_dead_canary_fails_a_handful() {
    assert_on_the_mark(Part::T3);
}

#[test]
fn ten_times_the_errors_are_found_at_once() {
    assert_on_the_mark(Part::T4);
}

#[test]
fn one_percent_is_found_within_ten_minutes() {
    assert_on_the_mark(Part::T5);
}

#[test]
fn a_slow_canary_is_found() {
    assert_on_the_mark(Part::T6);
}

#[test]
fn a_bad_canary_is_not_promoted() {
    assert_on_the_mark(Part::T7);
}

#[test]
fn a_good_canary_is_promoted_in_time() {
    assert_on_the_mark(Part::T8);
}

#[test]
fn the_same_seed_gives_the_same_figures_and_another_gives_others() {
    let play = |seed| format!("{:?}", play(Part::T3, Effort { runs: 4, seed, ..FEW }));
    assert_eq!(play(7), play(7));
    assert_ne!(play(7), play(8));
}

/// A few runs keep to every target of this part, and would not if they came out at the worst.
fn assert_on_the_mark(part: Part) {
    let rows = play(part, FEW);
    assert!(is_met(&rows), "{rows:#?}");
    for row in &rows {
        for cell in &row.cells {
            let fate = worst(row.figure, cell.limit);
            let records = vec![Record { ours: fate, flagger: fate, argo: fate }; FEW.runs];
            let measured = row.figure.measure(cell.rate, &records, cell.limit);
            assert!(!measured.is_met(), "{}: {} rps cannot be missed", row.scenario, cell.rate);
        }
    }
}

/// What is as far from the limit as can be.
fn worst(figure: Figure, limit: Limit) -> Fate {
    let (never, at_once) = (None, Some(Duration::ZERO));
    let nothing = Fate { aborted_at: never, full_at: never, failed: 0 };
    match (figure, limit) {
        (Figure::Aborted, Limit::AtMost(_)) => Fate { aborted_at: at_once, ..nothing },
        (Figure::Promoted, Limit::AtMost(_)) => Fate { full_at: at_once, ..nothing },
        (Figure::MeanFailed, _) => Fate { failed: u64::from(u32::MAX), ..nothing },
        (Figure::Aborted | Figure::Promoted, Limit::AtLeast(_))
        | (Figure::MedianAbort | Figure::MeanAbort | Figure::MedianFull, _) => nothing,
    }
}
