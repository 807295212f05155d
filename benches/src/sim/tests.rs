//! A short cut through the study, and the table that the README carries.

use std::path::Path;

use super::{Effort, Part, is_met, play, put_into};

const README: &str = include_str!("../../../README.md");

#[test]
fn the_readme_carries_what_was_measured_last() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sim.md");
    let measured = std::fs::read_to_string(path).expect("`make sim` has been run");
    let expected = put_into(README, &measured).expect("the README has a place for the table");
    assert!(README == expected, "the README's table is another one than benches/sim.md; run `make sim`");
}

#[test]
fn a_few_runs_of_the_quick_targets_are_on_the_mark() {
    for part in [Part::T3, Part::T4] {
        let rows = play(part, Effort { runs: 8, seed: 1 });
        assert!(is_met(&rows), "{rows:#?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let play = || format!("{:?}", play(Part::T3, Effort { runs: 4, seed: 7 }));
    assert_eq!(play(), play());
}
