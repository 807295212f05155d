//! What a release's containers said last is known after they have gone.

use canary_controller::api::{Account, ContainerEnd, LastWords};
use canary_controller::rollout::PhaseName;

use super::yard::Yard;
use crate::support::{QUICK, until, with_engine};

/// What is told of the release that was sent back last, once that holds.
async fn until_told(yard: &Yard<'_>, what: &str, is_so: impl Fn(&[LastWords]) -> bool) -> Vec<LastWords> {
    until(what, async || {
        let account: Account = yard.canaryd.api.get("/v1/services/web/account").await.good();
        if is_so(&account.last_words) { Ok(account.last_words) } else { Err(format!("{:?}", account.last_words)) }
    })
    .await
}

#[test]
fn a_canary_that_dies_leaves_its_last_words() {
    with_engine(async |engine| {
        let yard = Yard::open(engine, 1, QUICK).await;
        let v2 = engine.image("v2", &["ENV CRASH_AFTER=1000"]).await;
        yard.deploy(&v2).await;
        yard.until_phase(PhaseName::Aborted).await;
        let words = until_told(&yard, "its end", |words| words.iter().any(|one| one.ended.is_some())).await;
        let ended = Some(ContainerEnd { exit_code: 3, out_of_memory: false, was_told: false, error: None });
        assert_eq!((words.len(), &words[0].ended, &words[0].trouble), (1, &ended, &None));
        assert_eq!(words[0].log.last().map(String::as_str), Some("v2 crashes, as it was told"), "{words:?}");
        let shown = yard.until("the same in short", |status| !status.last_words.is_empty()).await.last_words;
        assert_eq!(shown[0].container, words[0].container);
    });
}

#[test]
fn a_canary_that_is_aborted_is_heard_before_it_is_stopped() {
    with_engine(async |engine| {
        let yard = Yard::open(engine, 1, "strategy = \"blue-green\"\npause = \"manual\"\nprobation = \"1s\"").await;
        let v2 = engine.image("v2", &["ENV ON_TERM=drain"]).await;
        let release = yard.deploy(&v2).await;
        yard.until("v2 to be ready", |status| {
            let mut canary = status.tracks.iter().filter(|track| track.release.as_str() == release);
            canary.any(|track| track.ready == 1)
        })
        .await;
        yard.canaryd.api.abort().await.good::<serde_json::Value>();
        let words = until_told(&yard, "its end", |words| words.iter().any(|one| one.ended.is_some())).await;
        let ended = words[0].ended.as_ref().expect("an end");
        assert_eq!((ended.exit_code, ended.was_told, ended.out_of_memory), (0, true, false));
        assert_eq!(words[0].log, ["v2 listens on 8080"]);
    });
}
