//! Bad canaries against clients that ask 300 times a second, by the real binary.
//!
//! How soon a canary is gone is told in its own requests: a tenth of 300 a second are 150 in five seconds, however busy
//! the machine is that runs this.

mod trial;

use std::time::Duration;

use canary_controller::rollout::PhaseName;

use crate::support::{End, Manner, Origin, until};

use self::trial::{Setup, Trial, pair};

/// Five failures convict a dead canary, and at most four of its requests are in flight then. A stable that nobody has
/// heard of by the fifth, which is chance, takes a few more. It is much less than its share of five seconds.
const HANDFUL: u64 = 20;

/// Attempts after which it is known how long stable takes, and more.
const KNOWN: u64 = 200;

/// How long a request takes at a healthy backend, and how much longer at a slow one.
const USUAL: Duration = Duration::from_millis(10);
const SLOWNESS: u32 = 10;

/// Successes after which any number of a canary's requests may be in flight, and some more.
const PROVED: u64 = 80;

/// Fails in every way in which a request may be lost that has come to a backend. It answers well in between, so that it
/// is not dead.
const IN_EVERY_WAY: Manner = Manner::InTurn(&[
    Manner::FailsEvery(1),
    Manner::Well,
    Manner::Resets,
    Manner::Well,
    Manner::CutsShort,
    Manner::Well,
    Manner::Hangs,
    Manner::Well,
]);

/// A rollout that goes on in spite of that for as long as its test lasts, and who hangs is given up soon.
const BLIND: &str = r#"
[services.web.timeouts]
read = "1s"
[services.web.rollout]
steps = [50, 100]
alpha = 1e-12
"#;

/// What stands in its way is nobody's migration but one that cannot be taken back.
const FOR_GOOD: &str = r#"
[services.web.hooks]
pre_deploy = { url = "http://127.0.0.1:9/", retries = 0, on_failure = "ignore", reversible = false }
"#;

async fn rollout_of(canary: [Origin; 2]) -> Trial {
    Setup::of(canary).await.start().await
}

#[tokio::test]
async fn a_canary_that_refuses_connections_costs_no_client_an_answer() {
    let canary = [Origin::refusing("v2"), Origin::refusing("v2")];
    let ended = Setup { posts_every: 5, ..Setup::of(canary).await }.start().await.ended().await;
    assert_eq!(ended.reason, "no-connection");
    assert!(ended.picks() <= HANDFUL, "{} requests until it was gone", ended.picks());
    // Nothing was sent, so that a POST is as safe as a GET.
    ended.assert_flawless_but_for(&[]);
    assert!(ended.ends.posts.values().all(End::is_good), "{:?}", ended.ends.posts);
    ended.assert_executed_once();
    assert_eq!([ended.judged("connect_failed"), ended.rescued("connect_failed")], [ended.picks(); 2]);
}

#[tokio::test]
async fn a_canary_that_answers_500_to_all_costs_no_client_an_answer() {
    let ended = rollout_of(pair("v2", Manner::FailsEvery(1)).await).await.ended().await;
    assert_eq!(ended.reason, "never-healthy");
    assert!(ended.picks() <= HANDFUL, "{} requests until it was gone", ended.picks());
    ended.assert_flawless_but_for(&[]);
    assert_eq!([ended.judged("server_error"), ended.rescued("server_error"), ended.served()], [ended.picks(); 3]);
}

#[tokio::test]
async fn a_canary_that_only_a_human_sends_back_keeps_its_share_until_then() {
    let canary = pair("v2", Manner::FailsEvery(1)).await;
    let trial = Setup { more: FOR_GOOD, ..Setup::of(canary).await }.start().await;
    let api = &trial.canaryd.api;
    let held = api.until_phase(PhaseName::Held).await;
    assert_eq!((held.reason.as_deref(), held.weight.bp()), (Some("never-healthy"), 1_000));
    let missing = held.missing.expect("a word is missing").what;
    assert!(missing.contains("`reversible = false`"), "{missing}");
    trial.picked_again().await;
    assert_eq!(api.status().await.phase, PhaseName::Held);
    api.post("/v1/services/web/abort", serde_json::json!({})).await.done();
    let ended = trial.ended().await;
    assert_eq!(ended.reason, "command");
    // What it failed, stable has answered.
    ended.assert_flawless_but_for(&[]);
}

#[tokio::test]
async fn a_canary_that_hangs_costs_no_client_an_answer() {
    let canary = pair("v2", Manner::Hangs).await;
    let ended = Setup { known: KNOWN, ..Setup::of(canary).await }.start().await.ended().await;
    assert_eq!(ended.reason, "never-healthy");
    // Four are in flight at a time, and each is waited for a second: the fifth is given up after two.
    assert!(ended.picks() <= HANDFUL, "{} requests until it was gone", ended.picks());
    ended.assert_flawless_but_for(&[]);
    assert_eq!([ended.judged("unanswered"), ended.rescued("unanswered"), ended.served()], [ended.picks(); 3]);
}

#[tokio::test]
async fn a_canary_that_begins_to_hang_costs_no_client_an_answer() {
    let trial = rollout_of(pair("v2", Manner::Well).await).await;
    let served = || trial.canary.iter().map(Origin::served).sum::<u64>();
    until(
        "a canary that has shown itself",
        async || {
            if served() >= PROVED { Ok(()) } else { Err(served().to_string()) }
        },
    )
    .await;
    trial.canary.iter().for_each(|origin| origin.behave(Manner::Hangs));
    let ended = trial.ended().await;
    assert_eq!(ended.reason, "failure-run");
    ended.assert_flawless_but_for(&[]);
    // What was in flight when it was convicted is rescued as well.
    let hung = ended.judged("unanswered");
    assert_eq!([ended.rescued("unanswered"), ended.picks() - ended.judged("success")], [hung; 2]);
}

#[tokio::test]
async fn a_canary_that_answers_500_to_one_in_twenty_costs_no_client_an_answer() {
    let ended = rollout_of(pair("v2", Manner::FailsEvery(20)).await).await.ended().await;
    assert_eq!(ended.reason, "error-rate");
    ended.assert_flawless_but_for(&[]);
    let failures = ended.judged("server_error");
    assert!(failures > 0 && failures * 10 <= ended.picks(), "{failures} of {}", ended.picks());
    assert_eq!([ended.rescued("server_error"), ended.picks() - ended.judged("success")], [failures; 2]);
}

#[tokio::test]
async fn a_canary_that_resets_within_its_answers_is_judged_by_each_of_them() {
    let ended = rollout_of(pair("v2", Manner::CutsShort).await).await.ended().await;
    assert_eq!(ended.reason, "never-healthy");
    assert!(ended.picks() <= HANDFUL, "{} requests until it was gone", ended.picks());
    // Whose head was sent is past help, and whose was not is rescued. Each is one failure.
    ended.assert_flawless_but_for(&[End::Cut]);
    let lost_or_rescued = ended.gets(&End::Cut) + ended.rescued("reset");
    assert_eq!([ended.judged("reset"), ended.served(), lost_or_rescued], [ended.picks(); 3]);
    assert!(ended.gets(&End::Cut) > 0);
}

#[tokio::test]
async fn a_canary_that_is_ten_times_slower_costs_no_client_an_answer() {
    let canary = pair("v2", Manner::Thinks(USUAL * SLOWNESS)).await;
    let setup = Setup { stable: pair("v1", Manner::Thinks(USUAL)).await, ..Setup::of(canary).await };
    let ended = setup.start().await.ended().await;
    assert!(ended.reason.starts_with("latency-"), "{}", ended.reason);
    ended.assert_flawless_but_for(&[]);
    assert_eq!([ended.judged("success"), ended.served()], [ended.picks(); 2]);
}

#[tokio::test]
async fn a_post_that_has_come_to_the_canary_is_executed_once_however_that_fails() {
    let canary = pair("v2", IN_EVERY_WAY).await;
    let setup = Setup { posts_every: 2, more: BLIND, ..Setup::of(canary).await };
    let trial = setup.start().await;
    trial.canaryd.api.until_step(1).await;
    trial.load.more(900).await;
    assert_eq!(trial.canaryd.api.status().await.phase, PhaseName::Progressing, "it was to go on");
    let ended = trial.stopped().await;
    ended.assert_executed_once();
    let by = |status, release: &str| End::Answered { status, release: release.into() };
    ended.assert_flawless_but_for(&[End::Cut]);
    // Its own words where it had any, ours where it had none.
    let bad = [by(500, "v2"), by(502, ""), by(504, ""), End::Cut];
    let count = |end: &End| ended.ends.posts.values().filter(|own| *own == end).count();
    assert!(bad.iter().all(|end| count(end) > 0), "{:?}", bad.each_ref().map(count));
    let good = ended.ends.posts.values().filter(|end| end.is_good()).count();
    assert_eq!(good + bad.iter().map(count).sum::<usize>(), ended.ends.posts.len(), "{:?}", ended.ends.posts);
}
