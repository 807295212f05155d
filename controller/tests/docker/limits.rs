//! What a canary uses of a real Engine's host, and stable beside it: too much sends it back.

use canary_controller::api::{Account, ServiceStatus};
use canary_controller::rollout::PhaseName;

use super::yard::Yard;
use crate::support::with_engine;

/// A first share that lasts, and limits that are soon held against.
const PLAN: &str = "steps = [30, 100]\nmin_duration = \"5m\"\nmax_duration = \"10m\"\n[services.web.docker.limits]\nmemory = 3\n\
                    processor = 3\nsustained = \"2s\"";

/// The release is sent back for this reason, and everybody is told how much it was.
async fn until_sent_back(yard: &Yard<'_>, reason: &str, words: &str) {
    let status = yard.until_phase(PhaseName::Aborted).await;
    assert_eq!(status.reason.as_deref(), Some(reason), "{status:?}");
    let said = status.excess.expect("how much it is");
    assert!(said.contains(words) && said.ends_with("and at most 3 times is allowed"), "{said}");
    let account: Account = yard.canaryd.api.get("/v1/services/web/account").await.good();
    assert_eq!(account.unready.as_ref(), Some(&said));
    let history = yard.canaryd.api.get("/v1/history?service=web&limit=1").await.text;
    assert!(history.contains(&said), "{history}");
}

#[test]
fn a_canary_that_takes_too_much_memory_is_sent_back() {
    with_engine(async |engine| {
        let yard = Yard::open(engine, 1, PLAN).await;
        let load = yard.load().await;
        let v2 = engine.image("v2", &["ENV MEMORY=96"]).await;
        yard.deploy(&v2).await;
        until_sent_back(&yard, "memory", "MiB of memory").await;
        load.stop().await;
    });
}

#[test]
fn a_canary_that_takes_too_much_processor_time_is_sent_back_and_one_like_stable_is_not() {
    with_engine(async |engine| {
        let yard = Yard::open(engine, 1, PLAN).await;
        let load = yard.load().await;
        let like = engine.image("v2", &["ENV MEMORY=4"]).await;
        yard.deploy(&like).await;
        let is_judged = |status: &ServiceStatus| {
            let is_within = |limit: &canary_controller::api::LimitStatus| {
                limit.canary.is_some() && limit.not_judged.is_none() && limit.exceeded_ms.is_none()
            };
            status.limits.len() == 2 && status.limits.iter().all(is_within)
        };
        let status = yard.until("it to be judged by both limits", is_judged).await;
        assert_eq!(status.phase, PhaseName::Progressing);
        yard.canaryd.api.abort().await.good::<serde_json::Value>();
        let dear = engine.image("v3", &["ENV BURN=4"]).await;
        yard.deploy(&dear).await;
        yard.until("its turn", |status| status.phase == PhaseName::Progressing).await;
        until_sent_back(&yard, "processor", "of processor time").await;
        load.stop().await;
    });
}
