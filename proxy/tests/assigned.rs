//! Random tables and askers: zero is zero, and what keeps a canary from a request biases neither arm.

use std::sync::Arc;

use canary_config::cohort::Assignment;
use canary_config::secret::Secret;
use canary_config::weight::Weight;
use canary_proxy::cohort::{Cohort, CohortKey, Salt};
use canary_proxy::hearing::Hearing;
use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::preview::Preview;
use canary_proxy::slow_start::{Permit, SlowStart};
use canary_proxy::table::{Asker, Pick, Route};
use canary_proxy::track::Track;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

use crate::stage::stable;

const SEED: u64 = 0xe1;
const ASSIGNMENTS: [Assignment; 3] = [Assignment::Request, Assignment::Cookie, Assignment::Ip];

/// A table of one route, and what holds its slow start's places.
struct State {
    route: Arc<Route>,
    hearing: Arc<Hearing>,
    bp: u16,
    is_canary_ready: bool,
    is_tripped: bool,
    _held: Vec<Permit>,
}

#[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
fn hearing(assignment: &Assignment, slow_start: SlowStart) -> Hearing {
    let cohort = Cohort::of(assignment, 1, Salt::derive(&[1; 32], "web", 1), std::time::Instant::now());
    Hearing { cohort, slow_start: Arc::new(slow_start), ..Hearing::default() }
}

fn any_state(rng: &mut SmallRng, hearings: &[Arc<Hearing>], ledger: &Arc<Ledger>) -> State {
    let hearing = Arc::clone(hearings.choose(rng).unwrap());
    let bp = *[0, 1, 1_000, 5_000, 9_999, 10_000].choose(rng).unwrap();
    let at = |ports: std::ops::Range<u16>| ports.map(|port| ([127, 0, 0, 1], port).into()).collect::<Vec<_>>();
    let (safe, canary) = (at(1..1 + rng.random_range(0..3)), at(9..9 + rng.random_range(0..3)));
    let shape = stable(&safe).heard(&canary, bp, ledger, &hearing);
    let shape = if rng.random_bool(0.5) { shape.preview(&canary, "secret", &hearing.trip) } else { shape };
    let held = (0..rng.random_range(0..8)).filter_map(|_| hearing.slow_start.enter()).collect();
    let is_tripped = hearing.trip.is_tripped();
    State { route: shape.route(), hearing, bp, is_canary_ready: !canary.is_empty(), is_tripped, _held: held }
}

fn any_hearings() -> Vec<Arc<Hearing>> {
    let all = ASSIGNMENTS.iter().flat_map(|assignment| {
        let tripped = hearing(assignment, SlowStart::open());
        tripped.trip.trip();
        [hearing(assignment, SlowStart::open()), hearing(assignment, SlowStart::new()), tripped]
    });
    all.map(Arc::new).collect()
}

fn any_asker(rng: &mut SmallRng) -> Asker {
    let key = rng.random_bool(0.8).then(|| CohortKey(rng.next_u64()));
    Asker { key, previews: rng.random_bool(0.3), is_new: rng.random_bool(0.3), upgrades: rng.random_bool(0.3) }
}

fn is_canary(pick: &Pick) -> bool {
    pick.backend.address.port() >= 9
}

#[test]
fn no_table_and_no_asker_reach_a_canary_without_a_share_or_the_secret() {
    let (mut rng, hearings, ledger) = (SmallRng::seed_from_u64(SEED), any_hearings(), Arc::default());
    let mut reached = [0_u32; 2];
    for round in 0..20_000 {
        let state = any_state(&mut rng, &hearings, &ledger);
        let asker = any_asker(&mut rng);
        let Some(pick) = state.route.pick(&asker, &mut rng) else { continue };
        assert_eq!(is_canary(&pick), pick.track == Track::Canary, "round {round}, seed {SEED}");
        if pick.is_preview {
            assert!(asker.previews && state.route.preview.is_some() && !pick.is_scored() && pick.permit.is_none());
        }
        if is_canary(&pick) {
            assert!(state.is_canary_ready && !state.is_tripped, "round {round}, seed {SEED}");
            assert!(pick.is_preview || state.bp > 0, "zero is zero: round {round}, seed {SEED}");
            reached[usize::from(pick.is_preview)] += 1;
        }
        // A second attempt sees a table in which the canary has nothing.
        let address = pick.backend.address;
        let safe: Vec<_> = state.route.stable.ready.iter().map(|backend| backend.address).collect();
        let again = stable(&safe).route().again(pick);
        assert!(again.is_none_or(|again| !is_canary(&again)), "{address}, round {round}, seed {SEED}");
    }
    assert!(reached.iter().all(|count| *count > 1_000), "{reached:?} picks prove little");
}

#[test]
fn a_preview_is_picked_for_nobody() {
    let (mut rng, hearings, ledger) = (SmallRng::seed_from_u64(SEED), any_hearings(), Arc::<Ledger>::default());
    let asker = Asker { previews: true, key: Some(CohortKey(0)), ..Asker::default() };
    for _ in 0..2_000 {
        let state = any_state(&mut rng, &hearings, &ledger);
        if state.route.preview.is_none() || !state.is_canary_ready || state.is_tripped {
            continue;
        }
        let mut pick = state.route.pick(&asker, &mut rng).unwrap();
        assert!(pick.is_preview && pick.pool().meter.picks() == 0 && state.route.stable.meter.picks() == 0);
        pick.score(Outcome::ServerError, std::time::Duration::ZERO);
        let is_kept = state.route.again(pick).is_some_and(|again| again.is_preview);
        assert!(is_kept && ledger.arm(Track::Canary).failures() == 0 && ledger.undecided() == 0);
        assert!(state.hearing.cohort.keys().is_none_or(|keys| keys.failed() == 0));
    }
}

/// Whether a request is compared is the same for every draw that it could have had.
#[test]
fn what_is_scored_does_not_depend_on_the_draw() {
    let (mut rng, hearings, ledger) = (SmallRng::seed_from_u64(SEED), any_hearings(), Arc::default());
    for round in 0..2_000 {
        let state = any_state(&mut rng, &hearings, &ledger);
        let (mut scored, is_new) = ([0_u32; 2], rng.random_bool(0.3));
        for _ in 0..24 {
            let asker = Asker { key: Some(CohortKey(rng.next_u64())), is_new, ..Asker::default() };
            let Some(pick) = state.route.pick(&asker, &mut rng) else { continue };
            scored[usize::from(pick.is_scored())] += 1;
        }
        assert!(scored.contains(&0), "{scored:?} in round {round}, seed {SEED}, at {} bp", state.bp);
    }
}

/// Two releases that are alike, one behind a slow start and now and then unready: each arm gets its share of what is
/// compared.
#[test]
fn the_share_of_what_is_compared_is_the_weight() {
    for assignment in &ASSIGNMENTS {
        for bp in [1_000_u16, 5_000] {
            let (scored, canary) = shares(assignment, bp);
            let share = f64::from(bp) / 10_000.0;
            let (mean, deviation) = (scored * share, (scored * share * (1.0 - share)).sqrt());
            assert!(scored > 5_000.0, "{scored} of {assignment} are compared");
            assert!((canary - mean).abs() < 5.0 * deviation, "{canary} of {scored} at {bp} bp by {assignment}");
        }
    }
}

fn shares(assignment: &Assignment, bp: u16) -> (f64, f64) {
    let (mut rng, ledger) = (SmallRng::seed_from_u64(SEED), Arc::<Ledger>::default());
    let hearing = Arc::new(hearing(assignment, SlowStart::new()));
    let at = |ports: &[u16]| ports.iter().map(|port| ([127, 0, 0, 1], *port).into()).collect::<Vec<_>>();
    let ready = stable(&at(&[1])).heard(&at(&[9]), bp, &ledger, &hearing).route();
    let unready = stable(&at(&[1])).heard(&[], bp, &ledger, &hearing).route();
    let (mut scored, mut canary, mut in_flight) = (0.0, 0.0, Vec::new());
    for _ in 0..30_000 {
        let route = if rng.random_bool(0.2) { &unready } else { &ready };
        let asker = Asker { key: Some(CohortKey(rng.next_u64())), ..Asker::default() };
        let weight = Weight::from_bp(bp).unwrap();
        let pick = route.pick(&asker, &mut rng).unwrap();
        if pick.is_scored() {
            scored += 1.0;
            canary += f64::from(u8::from(pick.track == Track::Canary));
            let is_keyed = *assignment != Assignment::Request;
            assert!(!is_keyed || asker.key.unwrap().track(weight) == pick.track, "a key falls one way");
        }
        in_flight.push(pick);
        // No success opens the window: what ends, ends badly, and in any order.
        while in_flight.len() > 6 {
            let ended = rng.random_range(0..in_flight.len());
            in_flight.swap_remove(ended).score(Outcome::Reset, std::time::Duration::ZERO);
        }
    }
    (scored, canary)
}

#[test]
fn a_secret_shows_itself_to_nobody() {
    let pool = stable(&[]).route().stable.clone();
    let preview = Preview::new(pool, Secret::new("open-sesame"), Arc::default());
    assert!(!format!("{preview:?}").contains("open-sesame"));
}
