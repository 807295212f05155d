//! canaryd is killed in every phase of a deployment on a real Engine, and started again: nothing is left over, nobody is
//! asked who is not there, and no request fails from then on.

use std::collections::{BTreeSet, HashMap};
use std::time::UNIX_EPOCH;

use bollard::models::{ContainerCreateBody, ContainerStateStatusEnum};
use bollard::query_parameters::EventsOptions;
use canary_controller::api::ServiceStatus;
use canary_controller::rollout::PhaseName;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use super::deploy::{BLUE_GREEN, RECREATE, served};
use super::half_registry::{HalfRegistry, Until};
use super::real::{REQUESTS, ask};
use super::yard::{Seen, Yard};
use crate::support::{Api, Canaryd, Client, Dockerd, QUICK, SLOW, until, with_engine};

/// The new release has all requests until somebody says otherwise.
const LONG_PROBATION: &str = "strategy = \"blue-green\"\nprobation = \"10m\"";
/// It waits at its first step, as nobody has given it enough requests.
const THIN: &str = "steps = [1, 100]\nmin_duration = \"10ms\"\nmax_duration = \"20ms\"\nprobation = \"1s\"";

/// A hook that takes its time.
fn hook(name: &str) -> String {
    format!("[services.web.hooks]\n{name} = {{ command = [\"sleep\", \"1500\"] }}")
}

fn releases(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn made(seen: &[Seen]) -> usize {
    seen.iter().filter(|one| one.is_made).count()
}

// === impl Yard ===

impl Yard<'_> {
    /// After a kill stable is alone, nothing is left of what was made, and no request fails.
    async fn is_as_before(&mut self) {
        self.kill_and_start().await;
        let load = self.load().await;
        self.until_phase(PhaseName::Idle).await;
        self.until_alone(None, 1).await;
        self.until_containers("nothing to be left", |seen| made(seen) == 0).await;
        self.until_tasks(0).await;
        assert_eq!(served(load).await, releases(&["v1"]));
    }

    /// After a kill the release goes on to become stable, the old one is stopped and kept, and no request fails.
    async fn goes_on_to(&mut self, release: &str) {
        self.kill_and_start().await;
        let load = self.load().await;
        self.ends_with(release).await;
        self.until_tasks(0).await;
        assert!(served(load).await.is_subset(&releases(&["v1", "v2"])));
    }

    async fn ends_with(&self, release: &str) {
        self.until_stable(release).await;
        let seen = self.until_alone(Some(release), 1).await;
        assert_eq!((seen.len(), made(&seen)), (2, 1), "{seen:?}");
    }
}

/// That no command of a hook has ever begun before the one before it had ended.
async fn assert_one_after_the_other(engine: &Dockerd, commands: usize) {
    let label = vec!["canary.task=web".to_owned()];
    let kinds = vec!["start".to_owned(), "die".to_owned()];
    let now = engine.docker.info().await.expect("its clock").system_time.expect("a time");
    let now = humantime::parse_rfc3339(&now).expect("a time").duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let options = EventsOptions {
        since: Some("0".to_owned()),
        // The last second is not over yet.
        until: Some((now + 1).to_string()),
        filters: Some(HashMap::from([("label".to_owned(), label), ("event".to_owned(), kinds)])),
    };
    let events: Vec<_> = engine.docker.events(Some(options)).try_collect().await.expect("what has happened");
    let actions: Vec<_> = events.into_iter().filter_map(|event| event.action).collect();
    assert_eq!(actions, ["start", "die"].repeat(commands));
}

/// Begins a deployment, and does not wait for what becomes of it.
fn begin(yard: &Yard<'_>, image: &str) {
    let (api, body) = (Api { socket: yard.canaryd.api.socket.clone() }, json!({ "image": image }));
    tokio::spawn(async move { api.try_post("/v1/services/web/deploy", &body).await });
}

fn while_its_image_is_fetched(until: Until) {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, SLOW).await;
        let registry = HalfRegistry::start(until).await;
        begin(&yard, &registry.image());
        registry.until_reached().await;
        yard.is_as_before().await;
        assert_eq!(yard.canaryd.api.status().await.deployment, None);
    });
}

#[test]
fn a_kill_while_it_is_looked_at_leaves_nothing() {
    while_its_image_is_fetched(Until::Manifest);
}

#[test]
fn a_kill_while_its_image_is_pulled_leaves_nothing() {
    while_its_image_is_fetched(Until::Layer);
}

#[test]
fn a_kill_while_its_migration_runs_leaves_nothing_and_the_next_one_waits_for_it() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, &format!("{QUICK}\n{}", hook("pre_deploy"))).await;
        let v2 = engine.image("v2", &[]).await;
        yard.deploy(&v2).await;
        yard.until_tasks(1).await;
        yard.kill_and_start().await;
        let load = yard.load().await;
        let release = yard.deploy(&v2).await;
        yard.ends_with(&release).await;
        yard.until_tasks(0).await;
        served(load).await;
        assert_one_after_the_other(engine, 2).await;
    });
}

#[test]
fn a_kill_while_its_migration_runs_with_nothing_else_leaves_nothing() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, &format!("{QUICK}\n{}", hook("pre_deploy"))).await;
        let v2 = engine.image("v2", &[]).await;
        yard.deploy(&v2).await;
        yard.until_tasks(1).await;
        yard.is_as_before().await;
        assert_one_after_the_other(engine, 1).await;
    });
}

#[test]
fn a_kill_while_it_gets_ready_makes_it_go_on() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, QUICK).await;
        let v2 = engine.image("v2", &["ENV STARTUP=3000"]).await;
        let release = yard.deploy(&v2).await;
        yard.until_phase(PhaseName::Preparing).await;
        yard.until_containers("one that begins", runs_made).await;
        yard.goes_on_to(&release).await;
    });
}

fn runs_made(seen: &[Seen]) -> bool {
    seen.iter().any(|one| one.is_made && one.state == ContainerStateStatusEnum::RUNNING)
}

/// It is killed while the command of this hook runs, of which the rollout has a need.
fn in_a_hook(name: &str, plan: &str) {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, &format!("{plan}\n{}", hook(name))).await;
        let v2 = engine.image("v2", &[]).await;
        let release = yard.deploy(&v2).await;
        yard.until_tasks(1).await;
        yard.goes_on_to(&release).await;
        assert_one_after_the_other(engine, 2).await;
    });
}

#[test]
fn a_kill_in_the_hook_before_its_first_request_makes_it_go_on() {
    in_a_hook("pre_traffic", QUICK);
}

#[test]
fn a_kill_in_the_hook_after_its_promotion_makes_it_go_on() {
    in_a_hook("post_promote", BLUE_GREEN);
}

#[test]
fn a_kill_in_its_smoke_test_makes_it_go_on() {
    with_engine(async |engine| {
        let smoke = "[services.web.smoke]\ncommand = [\"sleep\", \"1500\"]";
        let mut yard = Yard::open(engine, 1, &format!("{BLUE_GREEN}\n{smoke}")).await;
        let v2 = engine.image("v2", &[]).await;
        let release = yard.deploy(&v2).await;
        yard.until_tasks(1).await;
        yard.goes_on_to(&release).await;
        // Once more after the kill, and once after it has all requests.
        assert_one_after_the_other(engine, 3).await;
    });
}

#[test]
fn a_kill_in_the_migration_before_the_one_that_takes_stables_place_makes_it_go_on() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, &format!("{RECREATE}\n{}", hook("pre_deploy"))).await;
        let v2 = engine.image("v2", &[]).await;
        let release = yard.deploy(&v2).await;
        yard.until_tasks(1).await;
        yard.canaryd.kill9();
        // Nobody is ready before the new one is.
        yard.canaryd = Canaryd::up(&yard.site).await;
        let load = yard.load().await;
        yard.ends_with(&release).await;
        yard.until_tasks(0).await;
        served(load).await;
        assert_one_after_the_other(engine, 2).await;
    });
}

#[test]
fn a_kill_at_a_step_brings_it_back_there_and_an_abort_away() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, SLOW).await;
        let v2 = engine.image("v2", &[]).await;
        yard.deploy(&v2).await;
        yard.canaryd.api.until_step(1).await;
        yard.kill_and_start().await;
        let load = yard.load().await;
        yard.canaryd.api.until_step(1).await;
        load.more(REQUESTS / 3).await;
        assert_eq!(yard.canaryd.api.abort().await.status, 200);
        let seen = yard.until_alone(None, 1).await;
        assert_eq!((seen.len(), made(&seen)), (2, 1), "it is kept for its logs: {seen:?}");
        assert_eq!(served(load).await, releases(&["v1", "v2"]));
    });
}

#[test]
fn a_kill_while_it_is_held_holds_it_again() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, THIN).await;
        let v2 = engine.image("v2", &[]).await;
        let release = yard.deploy(&v2).await;
        yard.until_phase(PhaseName::Held).await;
        yard.kill_and_start().await;
        let load = yard.load().await;
        yard.until_phase(PhaseName::Held).await;
        yard.canaryd.api.promote_full().await.good::<Value>();
        yard.ends_with(&release).await;
        served(load).await;
    });
}

#[test]
fn a_kill_while_it_drains_after_an_undo_stops_it() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, LONG_PROBATION).await;
        let v2 = engine.image("v2", &[]).await;
        yard.deploy(&v2).await;
        yard.until_phase(PhaseName::Probation).await;
        let web = yard.canaryd.web().await;
        let slow = tokio::spawn(async move { Client::tcp(web).await?.get("/slow/20000").await.map(drop) });
        let made = yard.containers().await.into_iter().find(|one| one.is_made).expect("it is there").name;
        until("a request under way", async || {
            let state = ask(engine, &made, "/state").await;
            if state.contains(r#""under_way":1"#) { Ok(()) } else { Err(state) }
        })
        .await;
        yard.canaryd.api.undo().await.good::<Value>();
        yard.kill_and_start().await;
        slow.abort();
        let load = yard.load().await;
        let seen = yard.until_alone(None, 1).await;
        assert_eq!((seen.len(), self::made(&seen)), (2, 1), "{seen:?}");
        assert_eq!(served(load).await, releases(&["v1"]));
    });
}

#[test]
fn a_kill_while_the_old_one_stops_leaves_it_stopped() {
    with_engine(async |engine| {
        let stubborn = |body: &mut ContainerCreateBody| {
            body.env = Some(vec!["ON_TERM=ignore".to_owned()]);
            body.stop_timeout = Some(4);
        };
        let mut yard = Yard::with(engine, 1, BLUE_GREEN, stubborn).await;
        let v2 = engine.image("v2", &["ENV ON_TERM=stop"]).await;
        let release = yard.deploy(&v2).await;
        yard.until_stable(&release).await;
        let leaves =
            |status: &ServiceStatus| status.containers.iter().any(|one| one.name == "web-1" && one.state == "leaving");
        yard.until("the old one to leave", leaves).await;
        yard.goes_on_to(&release).await;
        // It is known to be canaryd's to start again.
        assert_eq!(yard.post("rollback", json!({})).await.status, 200);
        yard.until_alone(None, 1).await;
    });
}

#[test]
fn a_kill_while_a_rollback_starts_the_old_one_makes_it_go_on() {
    with_engine(async |engine| {
        let slow = |body: &mut ContainerCreateBody| body.env = Some(vec!["STARTUP=3000".to_owned()]);
        let mut yard = Yard::with(engine, 1, BLUE_GREEN, slow).await;
        let before = yard.canaryd.api.status().await.stable.to_string();
        let v2 = engine.image("v2", &[]).await;
        let release = yard.deploy(&v2).await;
        yard.until_stable(&release).await;
        yard.until_alone(Some(&release), 1).await;
        assert_eq!(yard.post("rollback", json!({})).await.status, 200);
        yard.until_containers("both to run", |seen| {
            seen.iter().all(|one| one.state == ContainerStateStatusEnum::RUNNING)
        })
        .await;
        yard.kill_and_start().await;
        let load = yard.load().await;
        yard.until_stable(&before).await;
        let seen = yard.until_alone(None, 1).await;
        assert_eq!((seen.len(), made(&seen)), (2, 1), "{seen:?}");
        served(load).await;
    });
}
