//! Parking by an operator's word: requests wait although there are ready backends, and nothing goes up meanwhile.

use std::time::Duration;

use canary_controller::api::{Parked, Problem, ProblemKind};
use canary_controller::engine::{Asked, Author, Input, Order, ParkWord};
use canary_controller::rollout::{PhaseName, Stop, Stride};
use canary_proxy::dice;
use canary_proxy::table::Asker;
use http::{HeaderMap, Method};

use crate::support::{Stand, start, together, until};

const FOR_EVER: ParkWord = ParkWord::Park(None);

async fn give(stand: &Stand, service: &str, word: ParkWord, key: Option<&str>) -> Result<Parked, Problem> {
    let service = service.parse().unwrap();
    let author = Author { name: "a test".into(), note: Some("to see".into()) };
    let key = key.map(|key| key.parse().unwrap());
    stand.engine.ask(|reply| Input::Park { service, word, author, key, reply }).await?
}

async fn say(stand: &Stand, service: &str, word: ParkWord) -> Parked {
    give(stand, service, word, None).await.unwrap()
}

/// Whether a request of the service would be served.
fn serves(stand: &Stand, service: &str) -> bool {
    dice::with(|rng| stand.route(service).pick(&Asker::default(), rng)).is_some()
}

/// Waits until the store was told this of parking, as `who: what`, and no more.
async fn until_told(stand: &Stand, expected: &[&str]) {
    until("the audit trail", async || {
        let entries = stand.shelf.records().into_iter().flat_map(|record| record.entries);
        let of_parking = entries.filter(|entry| entry.transition.is_none());
        let told: Vec<_> =
            of_parking.filter_map(|entry| Some(format!("{}: {}", entry.actor, entry.command?))).collect();
        if told == expected { Ok(()) } else { Err(format!("{told:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_parked_service_serves_nobody_until_it_is_unparked() {
    let stand = Stand::with_plan(|_| {}).await;
    let Parked { parked, waiting, timeout_ms, requests, .. } = say(&stand, "web", FOR_EVER).await;
    let parked = parked.unwrap();
    assert_eq!((parked.actor.as_str(), parked.note.as_deref(), parked.until), ("a test", Some("to see"), None));
    assert_eq!((waiting, timeout_ms, requests), (0, 30_000, 1_000));
    assert_eq!(["web", "api"].map(|service| serves(&stand, service)), [false, true]);
    let status = stand.status("web").await;
    assert_eq!(status.parked.unwrap().since, parked.since);
    assert!(!stand.status("api").await.is_down() && stand.status("api").await.parked.is_none());
    // It has its backends as before.
    assert!(stand.engine.ask(Input::Unready).await.unwrap().is_empty());
    assert_eq!(say(&stand, "web", ParkWord::Unpark).await.parked, None);
    assert!(serves(&stand, "web"));
    let problem = give(&stand, "web", ParkWord::Unpark, None).await.unwrap_err();
    assert_eq!((problem.kind, problem.message.as_str()), (ProblemKind::Refused, "web is not parked; see `status`"));
    until_told(&stand, &["a test: park", "a test: unpark"]).await;
    let problem = give(&stand, "nobody", FOR_EVER, None).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::NotFound);
}

#[tokio::test]
async fn why_says_that_a_service_is_parked() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    say(&stand, "web", FOR_EVER).await;
    let asked = Asked {
        host: "edge.test".into(),
        path: "/".into(),
        query: None,
        method: Method::GET,
        headers: HeaderMap::new(),
        client: [127, 0, 0, 1].into(),
    };
    let why = stand.engine.ask(|reply| Input::Why(Box::new(asked), reply)).await.unwrap().unwrap();
    let tracks = why.served_by.unwrap().tracks.into_iter().map(|track| (track.weight_bp.bp(), track.because));
    let expected = [
        (0, "the service is parked: its requests wait".to_owned()),
        (0, "progressing at step 1 of 3, but the service is parked".to_owned()),
    ];
    assert_eq!(tracks.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn nothing_of_a_parked_service_is_started_or_raised_and_a_retreat_is_possible() {
    let stand = Stand::with_plan(|plan| {
        plan.steps.iter_mut().for_each(|step| step.gate = canary_config::plan::Gate::Time);
        plan.steps[0].min_duration = Duration::from_millis(300);
    })
    .await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    say(&stand, "web", FOR_EVER).await;
    let expected = "web is parked by a test: nothing is started or raised; `unpark web` ends it";
    let problem = stand.order("web", Order::Promote(Stride::Next)).await.unwrap_err();
    assert_eq!((problem.kind, problem.message.as_str()), (ProblemKind::Refused, expected));
    // The step's time is over meanwhile.
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(stand.weight("web"), 1_000);
    let missing = stand.status("web").await.missing.unwrap();
    assert_eq!(missing.what, "an operator's `unpark`");
    say(&stand, "web", ParkWord::Unpark).await;
    stand.until_step("web", 2).await;
    say(&stand, "web", FOR_EVER).await;
    stand.abort("web").await;
    let problem = stand.order("api", together("v2", &[("web", "v3")])).await.unwrap_err();
    assert_eq!(problem.message, expected);
    say(&stand, "web", ParkWord::Unpark).await;
    stand.order("web", start("v3")).await.unwrap();
    stand.until_phase("web", PhaseName::Progressing).await;
}

#[tokio::test]
async fn a_park_that_has_an_end_ends_by_itself() {
    let stand = Stand::with_plan(|_| {}).await;
    let parked = say(&stand, "web", ParkWord::Park(Some(Duration::from_hours(1)))).await.parked.unwrap();
    assert!(parked.until.unwrap() > parked.since);
    // The later word counts, and it is parked since the first one.
    let again = say(&stand, "web", ParkWord::Park(Some(Duration::from_millis(50)))).await.parked.unwrap();
    assert_eq!(again.since, parked.since);
    stand.until("web", "the end", |status| status.parked.is_none()).await;
    assert!(serves(&stand, "web"));
    until_told(&stand, &["a test: park --for 1h", "a test: park --for 50ms", "canaryd: unpark"]).await;
    for duration in [Duration::ZERO, Duration::MAX] {
        let problem = give(&stand, "web", ParkWord::Park(Some(duration)), None).await.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::BadRequest, "{problem}");
    }
}

#[tokio::test]
async fn a_word_with_a_key_is_done_once() {
    let stand = Stand::with_plan(|_| {}).await;
    let first = give(&stand, "web", FOR_EVER, Some("a")).await.unwrap();
    assert_eq!(give(&stand, "web", FOR_EVER, Some("a")).await.unwrap(), first);
    give(&stand, "web", ParkWord::Unpark, Some("b")).await.unwrap();
    // It is told what is in force by then.
    for (word, key) in [(FOR_EVER, "a"), (ParkWord::Unpark, "b")] {
        assert_eq!(give(&stand, "web", word, Some(key)).await.unwrap().parked, None);
    }
    let problem = give(&stand, "api", FOR_EVER, Some("a")).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Unprocessable);
    until_told(&stand, &["a test: park", "a test: unpark"]).await;
}

#[tokio::test]
async fn a_park_ends_with_canaryd_and_with_its_service() {
    let stand = Stand::with_plan(|_| {}).await;
    say(&stand, "web", FOR_EVER).await;
    let stand = stand.restart(Stop::Orderly).await;
    stand.until_ready().await;
    assert!(serves(&stand, "web") && stand.status("web").await.parked.is_none());
    say(&stand, "api", FOR_EVER).await;
    stand.reload(|config| config.services.retain(|name, _| name.as_str() == "web")).await.unwrap();
    stand.reload(|_| {}).await.unwrap();
    stand.until_ready().await;
    assert!(serves(&stand, "api"));
}
