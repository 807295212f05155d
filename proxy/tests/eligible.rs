//! Whether the canary may take a request at all is decided before the draw, and who may not is reached by no draw.

use std::sync::Arc;

use canary_config::cohort::Assignment;
use canary_config::secret::Secret;
use canary_config::weight::Weight;
use canary_proxy::cohort::{Cohort, CohortKey, Salt};
use canary_proxy::hearing::Hearing;
use canary_proxy::outcome::Outcome;
use canary_proxy::preview::Preview;
use canary_proxy::slow_start::{Permit, SlowStart, WINDOW_MIN};
use canary_proxy::table::{Asker, Canary, Pick, Route};
use canary_proxy::track::Track;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::stage::stable;

const SEED: u64 = 0xe119;
const WEIGHTS: [u16; 5] = [1, 1_000, 5_000, 9_999, 10_000];
const FULL: u16 = 10_000;
const DRAWS: usize = 200;
const NOBODY: Asker = Asker { key: None, previews: false, is_new: false, upgrades: false };

/// So many backends, from this port on.
fn backends(first_port: u16, count: u16) -> Vec<std::net::SocketAddr> {
    (first_port..first_port + count).map(|port| ([127, 0, 0, 1], port).into()).collect()
}

/// A canary that has shown nothing yet, its requests divided like this.
fn unproved(assignment: &Assignment) -> Arc<Hearing> {
    unproved_of(&divided(assignment))
}

fn unproved_of(cohort: &Cohort) -> Arc<Hearing> {
    Arc::new(Hearing { slow_start: Arc::new(SlowStart::new()), cohort: cohort.clone(), ..Hearing::default() })
}

#[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
fn divided(assignment: &Assignment) -> Cohort {
    Cohort::of(assignment, 1, Salt::derive(&[0; 32], "web", 1), std::time::Instant::now())
}

/// A route with so many backends of either release.
fn route(safe: u16, canary: u16, bp: u16, hearing: &Arc<Hearing>) -> Arc<Route> {
    let ledger = Arc::default();
    let mut route = (*stable(&backends(1, safe)).canary(&backends(100, canary), bp, &ledger).route()).clone();
    let heard =
        |canary: Canary| Canary::new(canary.pool().clone(), canary.weight(), Arc::clone(&ledger), Arc::clone(hearing));
    route.canary = route.canary.and_then(heard);
    Arc::new(route)
}

/// What becomes of many requests, all of them still in flight.
fn picks(route: &Arc<Route>, asker: Asker) -> Vec<Option<Pick>> {
    let mut rng = SmallRng::seed_from_u64(SEED);
    (0..DRAWS).map(|_| route.pick(&asker, &mut rng)).collect()
}

fn all_go(route: &Arc<Route>, asker: Asker, track: Option<Track>) {
    for pick in picks(route, asker) {
        assert_eq!(pick.as_ref().map(|pick| pick.track), track);
        assert!(pick.is_none_or(|pick| !pick.is_scored()), "a draw that is not free was scored");
    }
}

fn is_scored(pick: &Pick) -> bool {
    pick.is_scored()
}

#[test]
fn a_full_window_leaves_a_request_unscored_whichever_way_it_would_have_fallen() {
    for (safe, track) in [(1, Track::Stable), (0, Track::Canary)] {
        for bp in WEIGHTS.into_iter().filter(|bp| safe > 0 || *bp == FULL) {
            let hearing = unproved(&Assignment::Request);
            let _places: Vec<_> = (0..WINDOW_MIN).map(|_| hearing.slow_start.enter().unwrap()).collect();
            all_go(&route(safe, 1, bp, &hearing), NOBODY, Some(track));
        }
    }
}

#[test]
fn a_place_is_given_back_when_the_draw_falls_on_stable() {
    let hearing = unproved(&Assignment::Request);
    let mut picks = picks(&route(1, 1, 1_000, &hearing), NOBODY);
    let picks: Vec<_> = picks.iter_mut().flatten().collect();
    let to_canary = picks.iter().filter(|pick| pick.track == Track::Canary);
    assert!(to_canary.clone().all(|pick| matches!(pick.permit, Some(Permit::Place(_))) && is_scored(pick)));
    assert_eq!(to_canary.count() as u64, WINDOW_MIN, "none has ended");
    assert!(picks.iter().filter(|pick| pick.track == Track::Stable).all(|pick| pick.permit.is_none()));
    // Before the window was full, and only then, the draw was free.
    let full_at = picks.iter().rposition(|pick| pick.track == Track::Canary).unwrap();
    assert!(picks[..full_at].iter().all(|pick| is_scored(pick)) && !picks[full_at + 1..].iter().any(|p| is_scored(p)));
    assert!(hearing.slow_start.enter().is_none());
    for pick in picks {
        pick.score(Outcome::ServerError, std::time::Duration::ZERO);
    }
    let places: Vec<_> = (0..=WINDOW_MIN).map(|_| hearing.slow_start.enter()).collect();
    assert_eq!(places.iter().flatten().count() as u64, WINDOW_MIN, "every place is free again, and there are no more");
}

#[test]
fn a_convicted_canary_gets_nothing_even_where_nobody_else_can_serve() {
    for bp in WEIGHTS {
        let hearing = unproved(&Assignment::Request);
        hearing.trip.trip();
        all_go(&route(1, 1, bp, &hearing), NOBODY, Some(Track::Stable));
        all_go(&route(0, 1, bp, &hearing), NOBODY, None);
    }
}

#[test]
fn a_canary_serves_unscored_where_stable_has_nobody() {
    for bp in WEIGHTS.into_iter().filter(|bp| *bp < FULL) {
        all_go(&route(0, 1, bp, &unproved(&Assignment::Request)), NOBODY, Some(Track::Canary));
    }
    // Everything is its own in any case, so there is nothing that would be free elsewhere.
    let hearing = Arc::new(Hearing::default());
    assert!(picks(&route(0, 1, FULL, &hearing), NOBODY).iter().flatten().all(is_scored));
}

#[test]
fn a_canary_that_is_not_ready_scores_nobody() {
    for bp in WEIGHTS {
        all_go(&route(1, 0, bp, &unproved(&Assignment::Request)), NOBODY, Some(Track::Stable));
        all_go(&route(0, 0, bp, &unproved(&Assignment::Request)), NOBODY, None);
    }
}

#[test]
fn who_has_no_key_stays_with_stable_unscored_but_for_a_canary_that_has_everything() {
    for bp in WEIGHTS.into_iter().filter(|bp| *bp < FULL) {
        all_go(&route(1, 1, bp, &unproved(&Assignment::Ip)), NOBODY, Some(Track::Stable));
    }
    let hearing = unproved(&Assignment::Ip);
    let picks = picks(&route(1, 1, FULL, &hearing), NOBODY);
    let to_canary = picks.iter().flatten().filter(|pick| pick.track == Track::Canary);
    assert_eq!(to_canary.clone().count() as u64, WINDOW_MIN, "its window bounds these too");
    assert!(to_canary.clone().all(|pick| pick.permit.is_some()) && !picks.iter().flatten().any(is_scored));
}

#[test]
fn a_preview_counts_for_nobody_and_ends_with_its_canary() {
    let hearing = unproved(&Assignment::Request);
    let mut route = (*route(1, 1, 5_000, &hearing)).clone();
    let pool = route.canary.as_ref().unwrap().pool().clone();
    route.preview = Some(Preview::new(pool, Secret::new("0123456789abcdef"), Arc::clone(&hearing.trip)));
    let route = Arc::new(route);
    let previews = Asker { previews: true, ..NOBODY };
    for pick in picks(&route, previews).into_iter().flatten() {
        assert!(pick.is_preview && pick.track == Track::Canary && !is_scored(&pick) && pick.permit.is_none());
    }
    hearing.trip.trip();
    all_go(&route, previews, Some(Track::Stable));
}

#[test]
fn every_failure_that_is_the_canarys_fault_is_counted_whoever_is_compared_by_it() {
    let failed = |safe, bp, hearing: &Arc<Hearing>, asker: Asker, outcome| {
        let mut route = (*route(safe, 1, bp, hearing)).clone();
        let pool = route.canary.as_ref().unwrap().pool().clone();
        route.preview = Some(Preview::new(pool, Secret::new("0123456789abcdef"), Arc::clone(&hearing.trip)));
        let mut pick = Arc::new(route).pick(&asker, &mut SmallRng::seed_from_u64(SEED)).unwrap();
        assert_eq!(pick.track, Track::Canary);
        if outcome == Outcome::Reset {
            // A tunnel is not compared.
            pick.leave_unscored();
        }
        pick.score(outcome, std::time::Duration::ZERO);
        hearing.failed.load(std::sync::atomic::Ordering::Relaxed)
    };
    let hearing = Arc::new(Hearing { cohort: divided(&Assignment::Ip), ..Hearing::default() });
    let known = Asker { key: Some(CohortKey(1)), ..NOBODY };
    let counts = [
        failed(1, 1_000, &hearing, known, Outcome::ServerError),
        failed(1, 1_000, &hearing, known, Outcome::ConnectFailed),
        failed(1, FULL, &hearing, NOBODY, Outcome::TimedOut),
        failed(0, 1_000, &hearing, known, Outcome::ServerError),
        failed(1, 1_000, &hearing, known, Outcome::Reset),
    ];
    assert_eq!(counts, [1, 2, 3, 4, 5]);
    for outcome in [Outcome::Success, Outcome::Unanswered, Outcome::ClientGone, Outcome::Internal] {
        assert_eq!(failed(1, FULL, &hearing, known, outcome), 5, "{outcome:?}");
    }
    let previews = Asker { previews: true, ..known };
    assert_eq!(failed(1, FULL, &hearing, previews, Outcome::ServerError), 5);
}

/// Any table in which the canary is not to be reached, and who asks.
fn unreachable(rng: &mut SmallRng, cohorts: &[Cohort]) -> (Arc<Route>, Asker) {
    let hearing = unproved_of(cohorts.choose(rng).unwrap());
    let mut count = |most| rng.random_range(0..=most);
    let mut any = (*route(count(3), count(3), *WEIGHTS.choose(rng).unwrap(), &hearing)).clone();
    let pool = any.canary.as_ref().unwrap().pool().clone();
    if rng.random_bool(0.5) {
        any.preview = Some(Preview::new(pool, Secret::new("0123456789abcdef"), Arc::clone(&hearing.trip)));
    }
    if any.preview.is_some() || rng.random_bool(0.5) {
        // Convicted; with a slot of its own, and that is shut too.
        hearing.trip.trip();
    } else {
        // Of weight zero.
        any.canary = Canary::new(any.canary.unwrap().pool().clone(), Weight::ZERO, Arc::default(), hearing);
    }
    let key = rng.random_bool(0.7).then(|| CohortKey(rng.random()));
    let asker =
        Asker { key, previews: rng.random_bool(0.5), is_new: rng.random_bool(0.3), upgrades: rng.random_bool(0.3) };
    (Arc::new(any), asker)
}

#[test]
fn zero_is_zero_in_every_table() {
    const TABLES: usize = 5_000;
    let assignments = [Assignment::Request, Assignment::Cookie, Assignment::Ip, Assignment::Header("x-user".into())];
    let cohorts = assignments.each_ref().map(divided);
    let (mut rng, mut served) = (SmallRng::seed_from_u64(SEED), 0);
    for table in 0..TABLES {
        let (route, asker) = unreachable(&mut rng, &cohorts);
        let at = format!("table {table}, seed {SEED}: {asker:?} of {route:?}");
        let Some(pick) = route.pick(&asker, &mut rng) else {
            assert!(route.stable.ready.is_empty(), "{at}");
            continue;
        };
        let failed = pick.backend.id.clone();
        let others = [route.fail_over(&failed), route.again(pick)];
        for pick in others.iter().flatten() {
            assert!(pick.track == Track::Stable && !pick.is_scored() && pick.permit.is_none(), "{at}");
        }
        served += 1;
    }
    assert!((TABLES / 2..TABLES).contains(&served), "{served} of {TABLES} were served, which proves little");
}
