//! A release that somebody started by hand is on trial, and its container misbehaves: it is sent back for what it did.

use std::collections::BTreeSet;

use bollard::models::{ContainerCreateBody, HostConfig};
use canary_controller::api::ServiceStatus;
use canary_controller::rollout::PhaseName;

use super::deploy::served;
use super::lookout::{Lookout, PROBED, attached, attached_for_ever, remove};
use super::real::REQUESTS;
use crate::support::{Client, Dockerd, HEALTHCHECK, with_engine};

/// A few requests a second, for as long as the test lasts: so few that the Engine has told of an end before five of them
/// were refused, by which a dead canary is known as well. And a new release has to be ready soon.
const FEW: &str = r#"
steps = [2, 100]
min_duration = "10m"
max_duration = "15m"
ready_timeout = "1500ms"
"#;

/// What a container does once it is on trial.
struct Misdeed {
    version: &'static str,
    change: fn(&mut ContainerCreateBody),
    /// By which it is told to.
    path: &'static str,
    /// What it is sent back for.
    reason: &'static str,
    /// What is shown of its end.
    end: Option<&'static str>,
}

const MISDEEDS: [Misdeed; 4] = [
    Misdeed {
        version: "hogs",
        change: with_little_memory,
        path: "/do/hog/256",
        reason: "out-of-memory",
        end: Some("ran out of memory (exit code 137)"),
    },
    Misdeed {
        version: "crashes",
        change: attached,
        path: "/do/crash",
        reason: "container-died",
        end: Some("exit code 3"),
    },
    Misdeed {
        version: "crashes-for-ever",
        change: attached_for_ever,
        path: "/do/crash",
        reason: "container-died",
        end: None,
    },
    Misdeed { version: "sickens", change: attached, path: "/do/sicken", reason: "unready", end: None },
];

fn with_little_memory(body: &mut ContainerCreateBody) {
    attached(body);
    body.host_config = Some(HostConfig { memory: Some(64 << 20), ..HostConfig::default() });
}

/// A canaryd whose probes let an Engine tell first what has ended.
async fn patient(engine: &Dockerd, plan: &str) -> Lookout {
    let lookout = Lookout::at(&engine.host, &PROBED.replace("fall = 2", "fall = 10"), plan).await;
    lookout.until_ready(1).await;
    lookout
}

/// Puts a release on trial.
async fn on_trial(engine: &Dockerd, lookout: &Lookout, image: &str, change: fn(&mut ContainerCreateBody)) {
    engine.start("new", image, change).await;
    let release = lookout.until_seen("new", "running").await;
    lookout.canaryd.api.start_again(release.as_str()).await.done();
}

/// Waits until the release on trial has been asked something.
async fn until_asked(lookout: &Lookout) {
    let is_asked = |status: &ServiceStatus| status.tracks.get(1).is_some_and(|canary| canary.requests > 0);
    lookout.until("a request of the canary", is_asked).await;
}

/// What the last trial was ended for.
async fn why_aborted(lookout: &Lookout) -> String {
    lookout.canaryd.api.until_phase(PhaseName::Aborted).await.reason.expect("it says why")
}

#[test]
fn a_container_that_fails_on_trial_is_sent_back_for_it_and_no_request_fails() {
    with_engine(async |engine| {
        let v1 = engine.image("v1", &[]).await;
        engine.run("web-1", &v1, attached).await;
        let lookout = patient(engine, FEW).await;
        let load = lookout.load().await;
        for Misdeed { version, change, path, reason, end } in MISDEEDS {
            let image = engine.image(version, &[]).await;
            on_trial(engine, &lookout, &image, change).await;
            until_asked(&lookout).await;
            let mut client = Client::tcp(engine.address("new").await).await.expect("it runs");
            // It may not live to answer.
            let _ = client.get(path).await;
            assert_eq!(why_aborted(&lookout).await, reason, "{version}");
            if let Some(end) = end {
                let status = lookout.canaryd.api.status().await;
                let seen = status.containers.iter().find(|seen| seen.name == "new").expect("it is still there");
                assert_eq!((seen.state.as_str(), seen.detail.as_deref()), ("stopped", Some(end)), "{version}");
            }
            load.more(REQUESTS / 5).await;
            remove(engine, "new").await;
            lookout.until("it to be forgotten", |status| status.containers.len() == 1).await;
        }
        let all = MISDEEDS.iter().map(|misdeed| misdeed.version.to_owned()).chain(["v1".to_owned()]);
        assert_eq!(served(load).await, all.collect::<BTreeSet<_>>());
    });
}

#[test]
fn what_is_never_well_is_never_given_a_request() {
    with_engine(async |engine| {
        let v1 = engine.image("v1", &[]).await;
        engine.run("web-1", &v1, attached).await;
        let lookout = patient(engine, FEW).await;
        let load = lookout.load().await;
        let sick = engine.image("sick", &["ENV SICK=1"]).await;
        on_trial(engine, &lookout, &sick, attached).await;
        assert_eq!(why_aborted(&lookout).await, "never-ready");
        remove(engine, "new").await;
        let looping = engine.image("looping", &["ENV CRASH_AFTER=300"]).await;
        on_trial(engine, &lookout, &looping, attached_for_ever).await;
        let why = why_aborted(&lookout).await;
        assert!(["container-died", "container-restarted"].contains(&&*why), "{why}");
        remove(engine, "new").await;
        // Docker's own check has a say, too.
        let checked = engine.image("checked", &["ENV SICK=1", HEALTHCHECK]).await;
        engine.start("new", &checked, attached).await;
        let release = lookout.until_seen("new", "unhealthy").await;
        let refused = lookout.canaryd.api.start(release.as_str()).await.problem(409);
        assert!(refused.message.contains("cannot serve, it is unhealthy"), "{refused:?}");
        assert!(lookout.ctl(&["status", "web"]).await.contains("its Docker health check fails"));
        let served = served(load).await;
        assert!(served.contains("v1") && !served.contains("sick") && !served.contains("checked"), "{served:?}");
    });
}

#[test]
fn a_health_check_that_fails_on_trial_is_enough() {
    with_engine(async |engine| {
        let v1 = engine.image("v1", &[]).await;
        engine.run("web-1", &v1, attached).await;
        let lookout = patient(engine, &FEW.replace("1500ms", "10s")).await;
        let load = lookout.load().await;
        let flaps = engine.image("flaps", &[HEALTHCHECK]).await;
        on_trial(engine, &lookout, &flaps, attached).await;
        until_asked(&lookout).await;
        let address = engine.address("new").await;
        Client::tcp(address).await.expect("it runs").get("/do/sicken").await.expect("it does");
        assert_eq!(why_aborted(&lookout).await, "unready");
        // It is well again, and that is not enough.
        Client::tcp(address).await.expect("it runs").get("/do/recover").await.expect("it does");
        lookout.until_seen("new", "running").await;
        load.more(REQUESTS / 5).await;
        assert_eq!(lookout.canaryd.api.status().await.phase, PhaseName::Aborted);
        assert_eq!(served(load).await, BTreeSet::from(["flaps".to_owned(), "v1".to_owned()]));
    });
}
