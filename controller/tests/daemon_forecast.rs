//! What the next rollout of a service will need, as canaryd says it.

use canary_config::daemon::Config;
use canary_controller::api::Forecast;

use crate::support::{Canaryd, Client, SLOW, Site, until};

/// The steps of the default plan, by which evidence alone goes on.
const PLAN: &str = "steps = [10, 25, 100]\nmin_duration = \"1m\"\nmax_duration = \"15m\"\n";

#[tokio::test]
async fn before_any_request_it_says_that_it_knows_nothing_and_what_it_would_take() {
    let site = Site::new(PLAN).await;
    let canaryd = Canaryd::start(&site).await;
    let forecast: Forecast = canaryd.api.get("/v1/services/web/forecast").await.good();
    assert_eq!((forecast.traffic.requests, forecast.traffic.per_second, forecast.until_full_ms), (0, None, None));
    assert!(forecast.caveats[0].contains("no request has come"), "{:?}", forecast.caveats);
    let needs: Vec<_> = forecast.steps.iter().map(|step| step.canary_requests).collect();
    assert_eq!((needs, forecast.proposal), (vec![Some(193), Some(778)], None));
}

#[tokio::test]
async fn what_if_needs_no_traffic() {
    let site = Site::new(PLAN).await;
    let canaryd = Canaryd::start(&site).await;
    let at =
        async |query: &str| -> Forecast { canaryd.api.get(&format!("/v1/services/web/forecast?{query}")).await.good() };
    let busy = at("requests_per_second=400&error_rate=0.001").await;
    assert!(busy.traffic.is_rate_assumed && busy.traffic.is_error_rate_assumed, "{:?}", busy.traffic);
    assert_eq!((busy.until_full_ms, busy.proposal), (Some(120_000), None));
    let thin = at("requests_per_second=1").await;
    let proposal = thin.proposal.expect("the plan is hopeless");
    assert!(thin.steps[0].end == "held" && proposal.until_full_ms.is_some(), "{proposal:?}");
    let config = site.config("").replace("[services.web.rollout]\n", &proposal.toml);
    let plan = &Config::parse(&config, &site.config_path).expect("a good file").services[&"web".parse().unwrap()].plan;
    let weights: Vec<_> = plan.steps.iter().map(|step| step.weight).collect();
    assert_eq!(weights, proposal.steps.iter().map(|step| step.weight).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_answered_is_counted() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    Client::sample(canaryd.web().await, 600).await.assert_only("v1");
    let forecast = until("all requests", async || {
        let forecast: Forecast = canaryd.api.get("/v1/services/web/forecast").await.good();
        if forecast.traffic.requests == 600 { Ok(forecast) } else { Err(format!("{:?}", forecast.traffic)) }
    })
    .await;
    let traffic = &forecast.traffic;
    assert_eq!((traffic.failures, traffic.are_latencies_assumed, traffic.error_rate), (0, false, 0.0));
    let rate = traffic.requests as f64 * 1_000.0 / traffic.looked_ms as f64;
    assert!(traffic.per_second.is_some_and(|per_second| (per_second / rate - 1.0).abs() < 0.01), "{traffic:?}");
    assert!(forecast.caveats.iter().any(|caveat| caveat.contains("a short look")), "{:?}", forecast.caveats);
}

#[tokio::test]
async fn nobody_is_told_of_what_could_not_be() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    for (query, status, words) in [
        ("requests_per_second=0", 422, "no traffic"),
        ("requests_per_second=-1", 422, "no traffic"),
        ("requests_per_second=1e300", 422, "no traffic"),
        ("requests_per_second=NaN", 422, "no traffic"),
        ("error_rate=1.5", 422, "0% and 100%"),
        ("error_rate=often", 400, "query"),
        ("rate=40", 400, "unknown field"),
    ] {
        let problem = canaryd.api.get(&format!("/v1/services/web/forecast?{query}")).await.problem(status);
        assert!(problem.message.contains(words), "{query}: {}", problem.message);
    }
    canaryd.api.get("/v1/services/nosuch/forecast").await.problem(404);
}

#[tokio::test]
async fn strategies_without_evidence_get_an_honest_answer() {
    for (plan, words) in [
        ("strategy = \"blue-green\"\n", "blue-green compares nothing"),
        ("strategy = \"recreate\"\n", "recreate compares nothing"),
        ("strategy = \"rolling\"\n", "goes on by time alone"),
    ] {
        let site = Site::new(plan).await;
        let canaryd = Canaryd::start(&site).await;
        let target = "/v1/services/web/forecast?requests_per_second=1&error_rate=0.01";
        let forecast: Forecast = canaryd.api.get(target).await.good();
        assert!(forecast.caveats[0].contains(words), "{:?}", forecast.caveats);
        assert!(forecast.until_full_ms.is_some() && forecast.proposal.is_none(), "{forecast:?}");
        assert!(
            forecast.steps.iter().all(|step| step.canary_requests.is_none() && step.end == "timed"),
            "{forecast:?}"
        );
    }
}

#[tokio::test]
async fn where_a_client_stays_clients_are_counted() {
    let site = Site::new(&format!("{PLAN}assignment = \"ip\"\n")).await;
    let canaryd = Canaryd::start(&site).await;
    let forecast: Forecast = canaryd.api.get("/v1/services/web/forecast").await.good();
    assert_eq!((forecast.counted.as_str(), forecast.assignment.as_str()), ("clients", "ip"));
    assert!(forecast.caveats[0].contains("a client counts once"), "{:?}", forecast.caveats);
    let forecast: Forecast = canaryd.api.get("/v1/services/web/forecast?requests_per_second=3").await.good();
    assert!(forecast.until_full_ms.is_some() && forecast.caveats[0].contains("30 seconds"), "{:?}", forecast.caveats);
}
