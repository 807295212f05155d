//! What became of each rollout, as the audit trail tells it.

use canary_config::weight::Weight;
use canary_controller::api::RolloutSummary;
use canary_controller::rollout::PhaseName::{self, Aborted, Draining, Idle, Preparing, Probation, Progressing};
use canary_controller::rollout::Reason::{
    self, Certificate, Command, Drained, Overtaken, ProbationOver, Queued, Ready, Superseded,
};
use canary_controller::rollout::Transition;
use canary_controller::store::{AUDIT_ROWS_MAX, Entry, Record, Store};
use rusqlite::Connection;

use super::fixture::{entry, folder, generation, ready, release, service, store_in};

/// A store that is told what happens to `web`, one line a second.
struct Trail {
    store: Box<dyn Store>,
    seconds: u64,
}

/// A rollout, its release, its beginning, its last change, where it stands, why, and its greatest share.
type Shown = (u64, &'static str, Option<u64>, u64, PhaseName, &'static str, u16);

// === impl Trail ===

impl Trail {
    fn new(store: Box<dyn Store>) -> Self {
        Self { store, seconds: 0 }
    }

    fn tell(&mut self, number: u64, canary: &str, from: PhaseName, to: PhaseName, share: u16, reason: Reason) {
        self.seconds += 1;
        let (generation, canary) = (generation(number), Some(release(canary)));
        let weight = Weight::from_bp(share).unwrap();
        let transition = Some(Transition { generation, canary, from, to, step: None, weight, reason });
        let entries = vec![Entry { transition, ..entry(self.seconds) }];
        self.store.record(&Record { entries, ..Record::default() }).unwrap();
    }

    fn shows(&mut self, limit: usize, expected: &[Shown]) {
        let at = |seconds: u64| format!("1970-01-01T00:{:02}:{:02}.000Z", seconds / 60, seconds % 60);
        let expected: Vec<_> = expected
            .iter()
            .map(|&(number, canary, began, changed, phase, reason, share)| RolloutSummary {
                generation: generation(number),
                canary: Some(release(canary)),
                began_at: began.map(at),
                changed_at: at(changed),
                phase,
                reason: reason.to_owned(),
                weight_max_bp: Weight::from_bp(share).unwrap(),
            })
            .collect();
        assert_eq!(self.store.rollouts(&service("web"), limit).unwrap(), expected);
    }
}

/// Tells of a rollout that went well.
fn tell_of_a_good_one(trail: &mut Trail, number: u64, canary: &str) {
    trail.tell(number, canary, Idle, Preparing, 0, Command);
    trail.tell(number, canary, Preparing, Progressing, 1_000, Ready);
    trail.tell(number, canary, Progressing, Probation, 10_000, Certificate);
    trail.tell(number, canary, Probation, Idle, 0, ProbationOver);
}

#[test]
fn the_newest_rollouts_come_first_and_no_more_than_were_asked_for() {
    let folder = folder();
    let mut trail = Trail::new(ready(&store_in(&folder)).0);
    trail.shows(9, &[]);
    tell_of_a_good_one(&mut trail, 1, "v2");
    trail.tell(2, "v3", Idle, Preparing, 0, Command);
    trail.tell(2, "v3", Preparing, Progressing, 1_000, Ready);
    trail.tell(2, "v3", Progressing, Aborted, 0, Reason::NeverReady);
    trail.tell(3, "v3", Aborted, Preparing, 0, Command);
    let first = (1, "v2", Some(1), 4, Idle, "probation-over", 10_000);
    let second = (2, "v3", Some(5), 7, Aborted, "never-ready", 1_000);
    let third = (3, "v3", Some(8), 8, Preparing, "command", 0);
    trail.shows(9, &[third, second, first]);
    trail.shows(2, &[third, second]);
    trail.shows(1, &[third]);
    trail.shows(0, &[]);
    assert!(trail.store.rollouts(&service("api"), 9).unwrap().is_empty());
}

#[test]
fn a_rollout_ends_when_another_takes_its_place() {
    let folder = folder();
    let mut trail = Trail::new(ready(&store_in(&folder)).0);
    trail.tell(1, "v2", Idle, Preparing, 0, Command);
    trail.tell(1, "v2", Preparing, Progressing, 1_000, Ready);
    trail.tell(2, "v3", Progressing, Draining, 0, Superseded);
    trail.tell(2, "v3", Draining, Preparing, 0, Drained);
    trail.tell(2, "v3", Preparing, Probation, 10_000, Command);
    trail.tell(3, "v4", Probation, Preparing, 0, Superseded);
    trail.shows(
        9,
        &[
            (3, "v4", Some(6), 6, Preparing, "superseded", 0),
            (2, "v3", Some(3), 6, Idle, "superseded", 10_000),
            (1, "v2", Some(1), 3, Aborted, "superseded", 1_000),
        ],
    );
}

#[test]
fn a_release_in_the_queue_is_not_taken_for_the_one_on_trial() {
    let folder = folder();
    let mut trail = Trail::new(ready(&store_in(&folder)).0);
    trail.tell(1, "v2", Idle, Preparing, 0, Command);
    trail.tell(1, "v2", Preparing, Preparing, 0, Command);
    trail.tell(1, "v3", Preparing, Preparing, 0, Queued);
    trail.tell(1, "v3", Idle, Idle, 0, Reason::Obsolete);
    trail.shows(9, &[(1, "v2", Some(1), 2, Preparing, "command", 0)]);
}

#[test]
fn a_beginning_that_is_gone_is_not_guessed() {
    let folder = folder();
    let path = store_in(&folder);
    let mut trail = Trail::new(ready(&path).0);
    tell_of_a_good_one(&mut trail, 1, "v2");
    tell_of_a_good_one(&mut trail, 2, "v3");
    let others = (0..u64::from(AUDIT_ROWS_MAX) - 7).map(|number| Entry { transition: None, ..entry(number) });
    trail.store.record(&Record { entries: others.collect(), ..Record::default() }).unwrap();
    let second = (2, "v3", Some(5), 8, Idle, "probation-over", 10_000);
    trail.shows(9, &[second, (1, "v2", None, 4, Idle, "probation-over", 10_000)]);
    Connection::open(&path).unwrap().execute("UPDATE audit SET note = 'no' WHERE id = 5", []).unwrap();
    trail.shows(1, &[(2, "v3", None, 8, Idle, "probation-over", 10_000)]);
}

/// Tells of a rollout that stands at its first step, of another that was to take its place, and how an abort overtook that.
fn tell_of_an_overtaken_one(trail: &mut Trail) {
    tell_of_a_good_one(trail, 4, "v1");
    trail.tell(5, "v2", Idle, Preparing, 0, Command);
    trail.tell(5, "v2", Preparing, Progressing, 1_000, Ready);
    trail.tell(6, "v3", Progressing, Preparing, 0, Superseded);
    trail.tell(6, "v3", Preparing, Progressing, 1_000, Overtaken);
    trail.tell(5, "v2", Progressing, Aborted, 0, Command);
}

const OVERTAKING: Shown = (5, "v2", Some(5), 9, Aborted, "command", 1_000);
const BEFORE: Shown = (4, "v1", Some(1), 4, Idle, "probation-over", 10_000);

#[test]
fn a_rollout_keeps_its_beginning_across_one_that_was_taken_back_whatever_the_limit() {
    let folder = folder();
    let mut trail = Trail::new(ready(&store_in(&folder)).0);
    tell_of_an_overtaken_one(&mut trail);
    trail.shows(1, &[OVERTAKING]);
    trail.shows(2, &[OVERTAKING, BEFORE]);
    trail.tell(6, "v4", Aborted, Preparing, 0, Command);
    let again = (6, "v4", Some(10), 10, Preparing, "command", 0);
    trail.shows(1, &[again]);
    trail.shows(2, &[again, OVERTAKING]);
    trail.shows(3, &[again, OVERTAKING, BEFORE]);
}

#[test]
fn a_rollout_that_was_taken_back_in_a_damaged_line_ends_no_other_early() {
    let folder = folder();
    let path = store_in(&folder);
    let mut trail = Trail::new(ready(&path).0);
    tell_of_an_overtaken_one(&mut trail);
    Connection::open(&path).unwrap().execute("UPDATE audit SET note = 'no' WHERE id = 8", []).unwrap();
    let never = (6, "v3", Some(7), 7, Preparing, "superseded", 0);
    trail.shows(1, &[never]);
    trail.shows(2, &[never, OVERTAKING]);
    trail.shows(3, &[never, OVERTAKING, BEFORE]);
}

#[test]
fn what_takes_back_a_change_that_was_never_stored_takes_back_no_other() {
    let folder = folder();
    let path = store_in(&folder);
    let mut trail = Trail::new(ready(&path).0);
    tell_of_an_overtaken_one(&mut trail);
    Connection::open(&path).unwrap().execute("UPDATE audit SET note = 'no' WHERE id = 7", []).unwrap();
    trail.shows(2, &[OVERTAKING, BEFORE]);
}

#[test]
fn a_step_that_was_taken_back_is_gone_and_the_one_before_it_stays() {
    for loss in ["", "DELETE FROM audit WHERE id = 4"] {
        let folder = folder();
        let path = store_in(&folder);
        let mut trail = Trail::new(ready(&path).0);
        trail.tell(1, "v2", Idle, Preparing, 0, Command);
        trail.tell(1, "v2", Preparing, Progressing, 1_000, Ready);
        trail.tell(1, "v2", Progressing, Progressing, 2_500, Certificate);
        trail.tell(1, "v2", Progressing, Progressing, 5_000, Command);
        trail.tell(1, "v2", Progressing, Progressing, 2_500, Overtaken);
        Connection::open(&path).unwrap().execute_batch(loss).unwrap();
        trail.shows(1, &[(1, "v2", Some(1), 3, Progressing, "certificate", 2_500)]);
    }
}
