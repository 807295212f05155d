//! Who would serve a request, and why; and why a backend does not.

use std::collections::BTreeMap;

use canary_config::daemon::Listener;
use canary_config::name::ServiceName;
use canary_config::plan::Strategy;
use canary_config::rule::Rule;
use canary_config::service::Service;
use canary_controller::api::{Why, WhyTrack};
use canary_controller::engine::{Asked, Input};
use canary_controller::rollout::PhaseName;
use http::{HeaderMap, Method};

use crate::support::{Stand, free_address, releases};

const NOT_WELL: &str = "GET /healthz was answered with 503 Service Unavailable";

impl Stand {
    async fn why(&self, host: &str, path: &str) -> Why {
        let asked = Asked {
            host: host.into(),
            path: path.into(),
            query: None,
            method: Method::GET,
            headers: HeaderMap::new(),
            client: [127, 0, 0, 1].into(),
        };
        self.engine.ask(|reply| Input::Why(Box::new(asked), reply)).await.unwrap().unwrap()
    }

    /// Who takes which share of the requests of `web`, and why.
    async fn shares(&self) -> Vec<(String, u16, String)> {
        let served = self.why("edge.test", "/").await.served_by.expect("web takes every path");
        let share =
            |track: WhyTrack| (format!("{} {}", track.track, track.release), track.weight_bp.bp(), track.because);
        served.tracks.into_iter().map(share).collect()
    }
}

fn told(shares: &[(String, u16, String)]) -> Vec<(&str, u16, &str)> {
    shares.iter().map(|(track, share, because)| (track.as_str(), *share, because.as_str())).collect()
}

#[tokio::test]
async fn the_rule_that_wins_is_named_with_what_it_looked_at() {
    let stand = Stand::start(|config| {
        let web = config.services.get_mut(&"web".parse().unwrap()).unwrap();
        web.rule = Rule::parse("Host(`web.test`)").unwrap();
    })
    .await;
    let served = stand.why("WEB.test", "/api/x").await.served_by.unwrap();
    assert_eq!((served.service.as_str(), served.rule.as_str(), served.priority), ("api", "PathPrefix(`/api`)", 18));
    assert_eq!(served.because, ["PathPrefix(`/api`) matches `/api/x`"]);
    let why = stand.why("WEB.test", "/x").await;
    assert_eq!((why.host.as_str(), why.served_by.unwrap().service.as_str()), ("web.test", "web"));
    let over = why.passed_over.iter().map(|over| (over.service.as_str(), over.because.as_str()));
    assert_eq!(over.collect::<BTreeMap<_, _>>(), [("api", "PathPrefix(`/api`) does not match `/x`")].into());
    let why = stand.why("other.test", "/x").await;
    assert_eq!((why.served_by, why.passed_over.len(), why.unmentioned), (None, 2, 0));
}

#[tokio::test]
async fn what_is_passed_over_beyond_the_nearest_is_counted() {
    let stand = Stand::start(|config| {
        let web = config.services[&"web".parse().unwrap()].clone();
        config.services.values_mut().for_each(|service| service.rule = Rule::parse("Host(`a.test`)").unwrap());
        for number in 0..40 {
            let name: ServiceName = format!("web-{number}").parse().unwrap();
            let rule = Rule::parse(&format!("Host(`{number}.test`)")).unwrap();
            config.services.insert(name.clone(), Service { name, rule, ..web.clone() });
        }
    })
    .await;
    let why = stand.why("other.test", "/x").await;
    assert_eq!((why.served_by, why.passed_over.len() as u64 + why.unmentioned), (None, 42));
    assert!(why.unmentioned > 0);
}

#[tokio::test]
async fn the_listeners_that_answer_a_path_themselves_are_named() {
    let stand = Stand::start(|config| {
        let listener = |name: &str, path: Option<&str>| Listener {
            name: name.parse().unwrap(),
            address: free_address(),
            trusted_proxies: Vec::new(),
            health_path: path.map(Into::into),
        };
        config.listeners = vec![listener("a", Some("/up")), listener("b", None), listener("c", Some("/well"))];
    })
    .await;
    for (path, names) in [("/up", &["a"][..]), ("/well", &["c"]), ("/up/", &[]), ("/", &[])] {
        assert_eq!(stand.why("edge.test", path).await.answered_by_health_path, names, "{path}");
    }
}

#[tokio::test]
async fn each_track_is_named_with_its_share_and_its_cause() {
    let stand = Stand::with_plan(|_| {}).await;
    assert_eq!(told(&stand.shares().await), [("stable v1", 10_000, "stable has every request")]);
    stand.site.v2.set_sick();
    stand.start_one("web", "v2").await;
    let preparing = "preparing: it has not passed its probes yet";
    let expected = [("stable v1", 10_000, "stable has every request"), ("canary v2", 0, preparing)];
    assert_eq!(told(&stand.shares().await), expected);
    stand.site.v2.set_healthy();
    stand.until_step("web", 1).await;
    let expected = [("stable v1", 9_000, "stable has the rest"), ("canary v2", 1_000, "progressing at step 1 of 3")];
    assert_eq!(told(&stand.shares().await), expected);
    stand.site.v1.set_sick();
    stand.until_phase("web", PhaseName::Paused).await;
    let lost = "paused at step 1 of 3, and stable has no ready backend";
    let expected = [("stable v1", 0, "it has no ready backend"), ("canary v2", 10_000, lost)];
    assert_eq!(told(&stand.shares().await), expected);
}

#[tokio::test]
async fn nobody_serves_while_a_release_is_recreated() {
    let stand = Stand::with_plan(|plan| {
        plan.strategy = Strategy::Recreate;
        plan.steps.clear();
    })
    .await;
    stand.site.v2.set_sick();
    stand.start_one("web", "v2").await;
    stand.until_phase("web", PhaseName::Preparing).await;
    let nobody = "recreate: nobody serves until v2 is ready";
    let preparing = "preparing: it has not passed its probes yet";
    assert_eq!(told(&stand.shares().await), [("stable v1", 0, nobody), ("canary v2", 0, preparing)]);
    stand.site.v2.set_healthy();
    stand.until_phase("web", PhaseName::Probation).await;
    let gone = "v2 has taken its place; it does not run beside it";
    let all = "in probation: it has every request";
    assert_eq!(told(&stand.shares().await), [("stable v1", 0, gone), ("canary v2", 10_000, all)]);
}

#[tokio::test]
async fn what_keeps_a_backend_from_serving_is_said() {
    let nobody = free_address();
    let stand = Stand::start(|config| {
        let web = config.services.get_mut(&"web".parse().unwrap()).unwrap();
        releases(web).get_mut(&"v2".parse().unwrap()).unwrap().backends.push(nobody);
    })
    .await;
    stand.site.v2.set_sick();
    stand.start_one("web", "v2").await;
    let is_told = |status: &canary_controller::api::ServiceStatus| {
        status.missing.as_ref().is_some_and(|missing| missing.what.contains("; "))
    };
    let status = stand.until("web", "a cause", is_told).await;
    let what = status.missing.unwrap().what;
    assert!(what.starts_with("0 of 2 backends of v2 pass their probes; 127.0.0.1:"), "{what}");
    stand
        .until("web", "one that is well", |status| {
            stand.site.v2.set_healthy();
            status.tracks[1].ready == 1
        })
        .await;
    stand.site.v2.set_sick();
    stand.until("web", "none that is well", |status| status.tracks[1].ready == 0).await;
    let served = stand.why("edge.test", "/").await.served_by.unwrap();
    let backends: BTreeMap<_, _> =
        served.tracks[1].backends.iter().map(|backend| (backend.address.clone(), backend.clone())).collect();
    let sick = &backends[&stand.site.v2.address.to_string()];
    assert_eq!((sick.ready, sick.why.as_deref()), (false, Some(NOT_WELL)));
    let absent = backends[&nobody.to_string()].why.clone().unwrap();
    assert!(absent.starts_with("no connection: "), "{absent}");
    let well = &served.tracks[0].backends[0];
    assert_eq!((well.ready, &well.why), (true, &None));
}

#[tokio::test]
async fn a_stable_release_that_is_away_is_said_with_its_cause() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.site.v1.set_sick();
    let status = stand.until("web", "a ready stable", |status| status.missing.is_some()).await;
    let expected = format!("a ready backend of v1; {}: {NOT_WELL}", stand.site.v1.address);
    assert_eq!(status.missing.unwrap().what, expected);
}
