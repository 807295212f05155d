//! Deployments on a real Engine: while requests come without a pause, a release takes the place of another one, goes
//! back, and comes again.

use std::collections::{BTreeSet, HashMap};

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, HostConfig, RestartPolicy, RestartPolicyNameEnum,
};
use canary_controller::rollout::PhaseName;
use serde_json::json;

use super::real::REQUESTS;
use super::yard::Yard;
use crate::support::{Canaryd, Dockerd, End, QUICK, Site, Steady, until, with_engine};

/// Both colours, and all requests at once.
pub(super) const BLUE_GREEN: &str = "strategy = \"blue-green\"\nprobation = \"1s\"";
/// One instance after the other.
pub(super) const ROLLING: &str = "strategy = \"rolling\"\nmin_duration = \"300ms\"\nprobation = \"1s\"";
/// The old release leaves first.
pub(super) const RECREATE: &str = "strategy = \"recreate\"\nprobation = \"1s\"";
/// The old release waits for long enough to be brought back.
const LONG_PROBATION: &str = "strategy = \"blue-green\"\nprobation = \"10m\"";

/// Ends a load of which no request may have failed; who answered.
pub(super) async fn served(load: Steady) -> BTreeSet<String> {
    load.more(REQUESTS / 3).await;
    let ends = load.stop().await.gets;
    let failed: Vec<_> = ends.iter().filter(|(_, end)| !end.is_good()).collect();
    assert!(failed.is_empty(), "{} of {} failed: {failed:?}", failed.len(), ends.len());
    let releases = ends.into_values().filter_map(|end| match end {
        End::Answered { release, .. } => Some(release),
        End::Cut | End::Lost(_) => None,
    });
    releases.collect()
}

/// A release takes the place of another one, under load.
fn replaced_by(plan: &str, containers: usize) {
    with_engine(async |engine| {
        let yard = Yard::open(engine, containers, plan).await;
        let v2 = engine.image("v2", &[]).await;
        let load = yard.load().await;
        load.more(REQUESTS / 3).await;
        let release = yard.deploy(&v2).await;
        yard.until_stable(&release).await;
        let seen = yard.until_alone(Some(&release), containers).await;
        assert_eq!(seen.len(), 2 * containers, "the old release is kept: {seen:?}");
        assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned(), "v2".to_owned()]));
    });
}

#[test]
fn a_canary_takes_the_place_of_stable_and_no_request_fails() {
    replaced_by(QUICK, 1);
}

#[test]
fn one_colour_takes_the_place_of_the_other_and_no_request_fails() {
    replaced_by(BLUE_GREEN, 1);
}

#[test]
fn one_instance_after_the_other_takes_its_place_and_no_request_fails() {
    replaced_by(ROLLING, 2);
}

#[test]
fn what_cannot_run_beside_the_old_one_takes_its_place_and_no_request_fails() {
    replaced_by(RECREATE, 1);
}

#[test]
fn an_undo_and_a_rollback_fail_no_request() {
    with_engine(async |engine| {
        let yard = Yard::open(engine, 1, LONG_PROBATION).await;
        let v1 = yard.canaryd.api.status().await.stable.to_string();
        let v2 = engine.image("v2", &[]).await;
        let load = yard.load().await;
        let release = yard.deploy(&v2).await;
        yard.until_phase(PhaseName::Probation).await;
        yard.canaryd.api.undo().await.good::<serde_json::Value>();
        yard.until_alone(None, 1).await;

        let again = yard.post("deploy", json!({ "image": v2 })).await;
        assert_eq!(again.status, 409, "{}", again.text);
        assert!(again.text.contains("was sent back by rollout 2 (command)"), "{}", again.text);

        let forced = yard.post("rollback", json!({ "to": release, "force": true })).await;
        assert_eq!(forced.status, 200, "{}", forced.text);
        yard.until_phase(PhaseName::Probation).await;
        yard.canaryd.api.promote().await.good::<serde_json::Value>();
        yard.until_stable(&release).await;
        let kept = yard.until("what is kept", |status| !status.kept.is_empty()).await.kept;
        assert_eq!((kept[0].release.as_str(), kept[0].was_stable), (v1.as_str(), true));

        let back = yard.post("rollback", json!({})).await;
        assert_eq!(back.status, 200, "{}", back.text);
        yard.until_phase(PhaseName::Probation).await;
        yard.canaryd.api.promote().await.good::<serde_json::Value>();
        yard.until_stable(&v1).await;
        yard.until_alone(None, 1).await;
        served(load).await;
    });
}

#[test]
fn the_restart_policy_belongs_to_whoever_is_stable() {
    with_engine(async |engine| {
        let always = |body: &mut ContainerCreateBody| {
            let policy = RestartPolicy { name: Some(RestartPolicyNameEnum::ALWAYS), maximum_retry_count: None };
            body.host_config = Some(HostConfig { restart_policy: Some(policy), ..HostConfig::default() });
        };
        let yard = Yard::with(engine, 1, BLUE_GREEN, always).await;
        let before = yard.canaryd.api.status().await.stable.to_string();
        let v2 = engine.image("v2", &[]).await;
        let release = yard.deploy(&v2).await;
        yard.until_stable(&release).await;
        let made = yard.until_alone(Some(&release), 1).await.into_iter().find(|one| one.is_made).unwrap().name;
        until_restarts(engine, &made, RestartPolicyNameEnum::ALWAYS).await;
        until_restarts(engine, "web-1", RestartPolicyNameEnum::NO).await;
        assert_eq!(yard.post("rollback", json!({})).await.status, 200);
        yard.until_stable(&before).await;
        yard.until_alone(None, 1).await;
        until_restarts(engine, "web-1", RestartPolicyNameEnum::ALWAYS).await;
        until_restarts(engine, &made, RestartPolicyNameEnum::NO).await;
    });
}

async fn until_restarts(engine: &Dockerd, container: &str, wanted: RestartPolicyNameEnum) {
    let has = |inspected: &ContainerInspectResponse| {
        let policy = inspected.host_config.as_ref().and_then(|host| host.restart_policy.as_ref());
        policy.and_then(|policy| policy.name) == Some(wanted)
    };
    engine.until(&format!("the policy {wanted} of {container}"), container, has).await;
}

#[test]
fn two_services_are_deployed_as_one() {
    with_engine(async |engine| {
        let v1 = engine.image("v1", &[]).await;
        engine.image("v2", &[]).await;
        let site = Site::new("").await;
        let mut file = format!("{}[docker]\nmode = \"provision\"\nhost = \"{}\"\n", site.daemon(), engine.host);
        for service in ["web", "api"] {
            let label = HashMap::from([("canary.service".to_owned(), service.to_owned())]);
            engine.run(&format!("{service}-1"), &v1, |body| body.labels = Some(label)).await;
            file += &format!(
                "[services.{service}]\nrule = \"Host(`{service}.test`)\"\nprobe = {{ path = \"/healthz\", interval = \
                 \"50ms\", rise = 1 }}\n[services.{service}.rollout]\n{BLUE_GREEN}\n"
            );
        }
        site.write(&file);
        let canaryd = Canaryd::start(&site).await;
        let stable_of = async || {
            let services = canaryd.api.overview().await.services;
            services.iter().map(|service| (service.stable.to_string(), service.peers.len())).collect::<Vec<_>>()
        };
        let v1 = until("stable releases", async || match stable_of().await {
            stable if stable.iter().all(|(release, _)| release != "-") => Ok(stable),
            stable => Err(format!("{stable:?}")),
        })
        .await;
        until("ready services", async || {
            let body = json!({ "services": ["web", "api"], "tag": "v2" });
            let answer = canaryd.api.post("/v1/deployments", body).await;
            if answer.status == 200 { Ok(()) } else { Err(answer.text) }
        })
        .await;
        until("both to move together", async || match stable_of().await {
            stable if stable.iter().all(|(_, peers)| *peers == 1) => Ok(()),
            stable => Err(format!("{stable:?}")),
        })
        .await;
        until("both to be stable", async || match stable_of().await {
            stable if stable.iter().zip(&v1).all(|(now, before)| now.0 != before.0) => Ok(()),
            stable => Err(format!("{stable:?}")),
        })
        .await;
    });
}
