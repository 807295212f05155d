//! Deployments on a real Engine: while requests come without a pause, a release takes the place of another one, goes
//! back, and comes again.

use std::collections::BTreeSet;

use canary_controller::rollout::PhaseName;
use serde_json::json;

use super::real::REQUESTS;
use super::yard::Yard;
use crate::support::{End, QUICK, Steady, with_engine};

/// Both colours, and all requests at once.
const BLUE_GREEN: &str = "strategy = \"blue-green\"\nprobation = \"1s\"";
/// One instance after the other.
const ROLLING: &str = "strategy = \"rolling\"\nmin_duration = \"300ms\"\nprobation = \"1s\"";
/// The old release leaves first.
const RECREATE: &str = "strategy = \"recreate\"\nprobation = \"1s\"";
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
