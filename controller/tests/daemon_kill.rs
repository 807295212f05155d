//! `kill -9` at every transition and at any other moment: a restart never raises, and forgets no promise.

use std::time::Duration;

use canary_controller::api::Done;
use canary_controller::rollout::{PhaseName, Reason, Transition};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::support::{Api, Canaryd, Client, SLOW, Site};

/// A plan that holds at each step, as nobody sends it a request.
const HOLDING: &str = r#"
steps = [10, 25, 100]
min_duration = "50ms"
max_duration = "50ms"
probation = "10m"
"#;

/// A site whose canaryd is killed now and then.
struct Crashing {
    site: Site,
    canaryd: Canaryd,
}

// === impl Crashing ===

impl Crashing {
    async fn started(plan: &str) -> Self {
        let site = Site::new(plan).await;
        let canaryd = Canaryd::start(&site).await;
        canaryd.api.start("v2").await.done();
        Self { site, canaryd }
    }

    fn api(&self) -> &Api {
        &self.canaryd.api
    }

    /// Kills canaryd this instant, and starts it again while no backend of v2 passes a probe.
    ///
    /// The origins share this test's thread, so that no probe sees v2 sick before the kill.
    async fn crash(&mut self) {
        self.site.v2.set_sick();
        self.canaryd.kill9();
        self.canaryd = Canaryd::up(&self.site).await;
    }

    /// Ends canaryd in order, and starts it again likewise.
    async fn restart(&mut self) {
        assert!(self.canaryd.terminate().await.success(), "{}", self.canaryd.said());
        self.site.v2.set_sick();
        self.canaryd = Canaryd::up(&self.site).await;
    }

    /// The trial is under way at weight zero until the probes pass, and then stands at this step.
    async fn assert_resumes_at(&self, step: usize, share: f64) {
        self.api().until_ready().await;
        let status = self.api().status().await;
        assert_eq!((status.phase, status.weight.bp()), (PhaseName::Preparing, 0));
        assert_eq!((status.stable.as_str(), status.generation), ("v1", 1));
        Client::sample(self.canaryd.web().await, 60).await.assert_only("v1");
        self.site.v2.set_healthy();
        let status = self.api().until("a share", |status| status.phase != PhaseName::Preparing).await;
        assert_eq!(status.step.as_ref().map(|step| step.number), Some(step), "{status:?}");
        let tally = Client::sample(self.canaryd.web().await, 300).await;
        tally.assert_flawless();
        tally.assert_share("v2", share);
    }

    /// The trial has ended, and this release has every request.
    async fn assert_ended(&self, phase: PhaseName, stable: &str) {
        self.site.v2.set_healthy();
        self.api().until_ready().await;
        let status = self.api().status().await;
        assert_eq!((status.phase, status.stable.as_str(), status.weight.bp()), (phase, stable, 0));
        Client::sample(self.canaryd.web().await, 60).await.assert_only(stable);
    }

    async fn assert_last(&self, to: PhaseName) {
        let history = self.api().transitions().await;
        assert_eq!(history.last().map(|change| change.to), Some(to), "{history:?}");
    }

    /// The kill came in this phase, and the audit trail says that it has set the rollout back.
    async fn assert_set_back_from(&self, phase: PhaseName) {
        let history = self.api().transitions().await;
        let [.., before, last] = &history[..] else { panic!("{history:?}") };
        assert_eq!((before.to, last.to, last.reason), (phase, PhaseName::Preparing, Reason::Restarted), "{history:?}");
    }
}

#[tokio::test]
async fn a_kill_while_preparing_keeps_the_start() {
    let mut it = Crashing::started(SLOW).await;
    it.crash().await;
    let story = it.api().story().await;
    assert_eq!(story[0], "preparing command", "{story:?}");
    it.assert_resumes_at(1, 0.1).await;
}

#[tokio::test]
async fn a_kill_at_the_first_step_begins_it_again_from_zero() {
    let mut it = Crashing::started(SLOW).await;
    it.api().until_step(1).await;
    it.crash().await;
    it.assert_last(PhaseName::Progressing).await;
    it.assert_resumes_at(1, 0.1).await;
}

#[tokio::test]
async fn a_kill_at_a_later_step_falls_back_to_the_first() {
    let mut it = Crashing::started(SLOW).await;
    it.api().until_step(1).await;
    it.api().promote().await.done();
    it.crash().await;
    it.assert_set_back_from(PhaseName::Progressing).await;
    it.assert_resumes_at(1, 0.1).await;
}

#[tokio::test]
async fn a_kill_while_held_falls_back_to_the_first_step() {
    let mut it = Crashing::started(HOLDING).await;
    it.api().until_phase(PhaseName::Held).await;
    it.api().promote().await.done();
    it.api().until("held at step 2", |status| status.phase == PhaseName::Held && status.weight.bp() == 2_500).await;
    it.crash().await;
    it.assert_set_back_from(PhaseName::Held).await;
    it.assert_resumes_at(1, 0.1).await;
}

#[tokio::test]
async fn a_kill_in_probation_falls_back_to_the_first_step() {
    let mut it = Crashing::started(SLOW).await;
    it.api().until_step(1).await;
    it.api().promote_full().await.done();
    it.crash().await;
    it.assert_set_back_from(PhaseName::Probation).await;
    it.assert_resumes_at(1, 0.1).await;
}

#[tokio::test]
async fn a_kill_after_an_abort_keeps_it_aborted() {
    let mut it = Crashing::started(SLOW).await;
    it.api().until_step(1).await;
    it.api().abort().await.done();
    it.crash().await;
    it.assert_last(PhaseName::Aborted).await;
    it.assert_ended(PhaseName::Aborted, "v1").await;
}

#[tokio::test]
async fn a_kill_after_an_undo_keeps_the_old_release() {
    let mut it = Crashing::started(SLOW).await;
    it.api().until_step(1).await;
    it.api().promote_full().await.done();
    it.api().undo().await.done();
    it.crash().await;
    it.assert_last(PhaseName::Aborted).await;
    it.assert_ended(PhaseName::Aborted, "v1").await;
}

#[tokio::test]
async fn a_kill_after_the_end_keeps_the_new_release() {
    let mut it = Crashing::started(SLOW).await;
    it.api().until_step(1).await;
    it.api().promote_full().await.done();
    it.api().promote().await.done();
    it.crash().await;
    it.assert_last(PhaseName::Idle).await;
    it.assert_ended(PhaseName::Idle, "v2").await;
}

#[tokio::test]
async fn a_kill_while_paused_falls_back_to_the_first_step() {
    let mut it = Crashing::started(SLOW).await;
    it.api().until_step(1).await;
    it.api().promote().await.done();
    it.site.v1.set_sick();
    it.api().until_phase(PhaseName::Paused).await;
    it.crash().await;
    it.site.v1.set_healthy();
    it.assert_set_back_from(PhaseName::Paused).await;
    it.assert_resumes_at(1, 0.1).await;
}

#[tokio::test]
async fn an_orderly_stop_resumes_at_its_step_with_the_clock_restarted() {
    let mut it = Crashing::started(SLOW).await;
    it.api().until_step(1).await;
    it.api().promote().await.done();
    it.api().until("a while at the step", |status| status.in_phase_ms >= Some(500)).await;
    let restarted = Instant::now();
    it.restart().await;
    it.assert_resumes_at(2, 0.25).await;
    let in_phase = it.api().status().await.in_phase_ms.map(Duration::from_millis);
    assert!(in_phase < Some(restarted.elapsed()), "{in_phase:?}");
    // What was orderly once is not so for ever.
    it.crash().await;
    it.assert_resumes_at(1, 0.1).await;
}

#[tokio::test]
async fn an_orderly_stop_after_a_crash_does_not_bring_the_later_step_back() {
    let mut it = Crashing::started(SLOW).await;
    it.api().until_step(1).await;
    it.api().promote().await.done();
    it.crash().await;
    it.restart().await;
    it.assert_resumes_at(1, 0.1).await;
}

#[tokio::test]
async fn an_orderly_stop_in_probation_resumes_there_from_zero() {
    let mut it = Crashing::started(SLOW).await;
    it.api().until_step(1).await;
    it.api().promote_full().await.done();
    it.restart().await;
    it.api().until_ready().await;
    Client::sample(it.canaryd.web().await, 60).await.assert_only("v1");
    it.site.v2.set_healthy();
    it.api().until_phase(PhaseName::Probation).await;
    Client::sample(it.canaryd.web().await, 60).await.assert_only("v2");
}

/// Kills in one test of the two below.
const KILLS: u64 = 20;

/// The longest time from a start to its kill.
const LIFE_MAX_MS: u64 = 120;

#[tokio::test]
async fn no_kill_at_any_moment_forgets_what_was_acknowledged() {
    kill_at_random(1).await;
}

#[tokio::test]
async fn no_kill_at_any_other_moment_does_either() {
    kill_at_random(2).await;
}

async fn kill_at_random(seed: u64) {
    let rng = &mut StdRng::seed_from_u64(seed);
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let mut promised = Vec::new();
    for kill in 0..KILLS {
        let life = Duration::from_millis(rng.random_range(0..LIFE_MAX_MS));
        // The end of the time is the kill: whatever is under way then is cut off.
        let _ = timeout(life, give_orders(&canaryd.api, rng, &mut promised)).await;
        canaryd.kill9();
        canaryd = Canaryd::start(&site).await;
        let at = format!("seed {seed}, kill {kill}");
        assert_kept(&canaryd.api, &promised, &at).await;
        assert_low(&canaryd, &at).await;
    }
    assert!(promised.len() as u64 > KILLS, "seed {seed} has shown little: {promised:?}");
}

/// Gives one order after another, and remembers those that were promised to last.
async fn give_orders(api: &Api, rng: &mut StdRng, promised: &mut Vec<Transition>) {
    for _ in 0..1_000 {
        let (verb, body): (&str, Value) = match rng.random_range(0..8) {
            0..=2 => ("start", json!({ "release": format!("v{}", rng.random_range(1..=3)), "force": true })),
            3..=4 => ("promote", json!({})),
            5 => ("promote", json!({ "full": true })),
            6 => ("abort", json!({})),
            _ => ("undo", json!({})),
        };
        let Ok(answer) = api.try_post(&format!("/v1/services/web/{verb}"), &body).await else { return };
        match answer.status {
            200 => {
                let done: Done = answer.good();
                promised.extend(done.durable.then_some(done.transition));
            }
            _ => drop(answer.problem(409)),
        }
    }
}

/// Every promise is in the history, in its order, and the service is where its last line says.
async fn assert_kept(api: &Api, promised: &[Transition], at: &str) {
    let history = api.transitions().await;
    let mut rest = history.iter();
    for promise in promised {
        assert!(rest.any(|kept| kept == promise), "{at}: {promise:?} is not in {history:#?}");
    }
    let status = api.status().await;
    let Some(last) = history.last() else { return };
    let stable = history.iter().rfind(|kept| kept.to == PhaseName::Idle).and_then(|kept| kept.canary.clone());
    let stable = stable.map_or("v1".to_owned(), |stable| stable.to_string());
    assert_eq!(status.stable.as_str(), stable, "{at}: {history:#?}");
    assert_eq!(status.generation, last.generation.get(), "{at}");
    let is_over = [PhaseName::Idle, PhaseName::Aborted].contains(&last.to);
    let is_as_told = if is_over { status.phase == last.to } else { status.canary == last.canary };
    assert!(is_as_told, "{at}: {status:?} after {last:?}");
}

/// Nothing is above the first step, neither set nor measured.
async fn assert_low(canaryd: &Canaryd, at: &str) {
    let status = canaryd.api.status().await;
    assert!(status.weight.bp() <= 1_000, "{at}: {status:?}");
    let tally = Client::sample(canaryd.web().await, 60).await;
    tally.assert_flawless();
    let canary = tally.all() - tally.of(status.stable.as_str());
    // At 10 % there are more than 24 of 60 about once in 10^10 times.
    assert!(canary <= 24, "{at}: {tally:?} at {status:?}");
}
