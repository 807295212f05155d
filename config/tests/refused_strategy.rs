//! What is wrong with a rollout for the strategy that it has.

use crate::support::{Case, ROLLOUT, assert_refused, case};

/// The good file with another table in place of its rollout's.
const fn refused_with(rollout: &'static str, says: &'static str) -> Case {
    case(ROLLOUT, rollout, says)
}

#[test]
fn a_key_of_another_strategy_is_refused_with_what_to_write() {
    assert_refused(&[
        refused_with(
            r#"strategy = "canary"
batch = 2
"#,
            r#"canaryd.toml:19:9: services.web.rollout.batch: a canary goes through its steps, whatever its instances; remove this, or write strategy = "rolling""#,
        ),
        refused_with(
            r#"batch = 2
"#,
            r#"canaryd.toml:18:9: services.web.rollout.batch: a canary goes through its steps, whatever its instances; remove this, or write strategy = "rolling""#,
        ),
        refused_with(
            r#"strategy = "blue-green"
steps = [10, 100]
batch = 1
max_duration = "1m"
on_thin_evidence = "promote"
"#,
            r#"canaryd.toml:19:9: services.web.rollout.steps: blue-green waits at 0% and then takes all requests at once, so nothing is judged before that; remove this, or write strategy = "canary"
canaryd.toml:20:9: services.web.rollout.batch: blue-green waits at 0% and then takes all requests at once, so nothing is judged before that; remove this, or write strategy = "rolling"
canaryd.toml:21:16: services.web.rollout.max_duration: blue-green waits at 0% and then takes all requests at once, so nothing is judged before that; remove this, or write strategy = "canary"
canaryd.toml:22:20: services.web.rollout.on_thin_evidence: blue-green waits at 0% and then takes all requests at once, so nothing is judged before that; remove this, or write strategy = "canary""#,
        ),
        refused_with(
            r#"strategy = "rolling"
steps = [10, 100]
pause = "manual"
deadline = "1h"
max_duration = "1m"
on_thin_evidence = "hold"
"#,
            r#"canaryd.toml:19:9: services.web.rollout.steps: rolling goes on by itself, so many instances at a time as `batch` says; remove this, or write strategy = "canary"
canaryd.toml:20:9: services.web.rollout.pause: rolling goes on by itself, so many instances at a time as `batch` says; remove this, or write strategy = "canary" or "blue-green"
canaryd.toml:21:12: services.web.rollout.deadline: rolling goes on by itself, so many instances at a time as `batch` says; remove this, or write strategy = "canary" or "blue-green"
canaryd.toml:22:16: services.web.rollout.max_duration: rolling goes on by itself, so many instances at a time as `batch` says; remove this, or write strategy = "canary"
canaryd.toml:23:20: services.web.rollout.on_thin_evidence: rolling goes on by itself, so many instances at a time as `batch` says; remove this, or write strategy = "canary""#,
        ),
        refused_with(
            r#"strategy = "recreate"
steps = [10, 100]
batch = 1
pause = "manual"
deadline = "1h"
min_duration = "1m"
max_duration = "1m"
on_thin_evidence = "hold"
"#,
            r#"canaryd.toml:19:9: services.web.rollout.steps: recreate takes the old release away and then gives the new one all requests, without a step; remove this, or write strategy = "canary"
canaryd.toml:20:9: services.web.rollout.batch: recreate takes the old release away and then gives the new one all requests, without a step; remove this, or write strategy = "rolling"
canaryd.toml:21:9: services.web.rollout.pause: recreate takes the old release away and then gives the new one all requests, without a step; remove this, or write strategy = "canary" or "blue-green"
canaryd.toml:22:12: services.web.rollout.deadline: recreate takes the old release away and then gives the new one all requests, without a step; remove this, or write strategy = "canary" or "blue-green"
canaryd.toml:23:16: services.web.rollout.min_duration: recreate takes the old release away and then gives the new one all requests, without a step; remove this, or write strategy = "canary", "blue-green" or "rolling"
canaryd.toml:24:16: services.web.rollout.max_duration: recreate takes the old release away and then gives the new one all requests, without a step; remove this, or write strategy = "canary"
canaryd.toml:25:20: services.web.rollout.on_thin_evidence: recreate takes the old release away and then gives the new one all requests, without a step; remove this, or write strategy = "canary""#,
        ),
    ]);
}

#[test]
fn where_the_strategy_is_none_only_that_is_said() {
    assert_refused(&[
        refused_with(
            r#"strategy = "rolling-update"
batch = 2
"#,
            r#"canaryd.toml:18:12: services.web.rollout.strategy: `rolling-update` is not a choice; write "canary", "blue-green", "rolling" or "recreate""#,
        ),
        refused_with(
            r#"strategy = "bluegreen"
pause = "manual"
"#,
            r#"canaryd.toml:18:12: services.web.rollout.strategy: `bluegreen` is not a choice; did you mean "blue-green"? write "canary", "blue-green", "rolling" or "recreate""#,
        ),
    ]);
}

#[test]
fn a_deadline_needs_somebody_to_wait_for() {
    assert_refused(&[
        refused_with(
            r#"deadline = "1h"
"#,
            r#"canaryd.toml:18:12: services.web.rollout.deadline: nobody is waited for; write pause = "manual" too, or remove this"#,
        ),
        refused_with(
            r#"steps = [{ weight = 10, deadline = "1h" }, 100]
"#,
            r#"canaryd.toml:18:36: services.web.rollout.steps[0].deadline: nobody is waited for; write pause = "manual" too, or remove this"#,
        ),
        refused_with(
            r#"steps = [{ weight = 10, pause = "manual", deadline = "0s" }, { weight = 20, pause = "manual", deadline = "31days" }, { weight = 100, deadline = "1h" }]
"#,
            r#"canaryd.toml:18:54: services.web.rollout.steps[0].deadline: `0s` is too short; write at least "1ms"
canaryd.toml:18:106: services.web.rollout.steps[1].deadline: `31days` is too long; write at most "30days"
canaryd.toml:18:145: services.web.rollout.steps[2].deadline: the step at 100% has only a weight, as probation is its time; remove this"#,
        ),
        refused_with(
            r#"strategy = "blue-green"
deadline = "1h"
"#,
            r#"canaryd.toml:19:12: services.web.rollout.deadline: nobody is waited for; write pause = "manual" too, or remove this"#,
        ),
        refused_with(
            r#"pause = "auto"
deadline = 5
"#,
            r#"canaryd.toml:18:9: services.web.rollout.pause: `auto` is not a way to pause; write "manual" or leave it out
canaryd.toml:19:12: services.web.rollout.deadline: `5` has no unit; write a unit, such as "10s""#,
        ),
        refused_with(
            r#"strategy = "blue-green"
pause = "Manual"
"#,
            r#"canaryd.toml:19:9: services.web.rollout.pause: `Manual` is not a way to pause; write "manual" or leave it out"#,
        ),
    ]);
}

#[test]
fn one_mistake_is_not_said_twice() {
    assert_refused(&[refused_with(
        "deadline = \"1h\"\nsteps = [{ weight = \"x\", pause = \"manual\" }, 100]\n",
        "canaryd.toml:19:21: services.web.rollout.steps[0].weight: `x` is not a weight; write percent, such as 10 or \"0.5%\"",
    )]);
}

#[test]
fn a_batch_is_a_count() {
    assert_refused(&[
        refused_with(
            r#"strategy = "rolling"
batch = 0
"#,
            "canaryd.toml:19:9: services.web.rollout.batch: `0` is out of range; write 1 to 10000",
        ),
        refused_with(
            r#"strategy = "rolling"
batch = 10001
min_duration = "-1s"
"#,
            r#"canaryd.toml:19:9: services.web.rollout.batch: `10001` is out of range; write 1 to 10000
canaryd.toml:20:16: services.web.rollout.min_duration: `-1s` is not a duration; write one such as "250ms" or "1m30s""#,
        ),
        refused_with(
            r#"strategy = "rolling"
batch = "25%"
"#,
            r#"canaryd.toml:19:9: services.web.rollout.batch: string "25%" stands here; write a whole number"#,
        ),
    ]);
}

#[test]
fn what_every_strategy_has_is_checked_in_each() {
    assert_refused(&[
        refused_with(
            r#"strategy = "recreate"
ready_timeout = "0s"
probation = "31days"
alpha = 1
on_busy = "wait"
drain_timeout = 30
"#,
            r#"canaryd.toml:19:17: services.web.rollout.ready_timeout: `0s` is too short; write at least "1ms"
canaryd.toml:20:13: services.web.rollout.probation: `31days` is too long; write at most "30days"
canaryd.toml:21:9: services.web.rollout.alpha: `1` is not between 0 and 0.5; write a probability of error, such as 0.05
canaryd.toml:22:11: services.web.rollout.on_busy: `wait` is not a choice; write "reject", "supersede" or "queue"
canaryd.toml:23:17: services.web.rollout.drain_timeout: `30` has no unit; write a unit, such as "10s""#,
        ),
        refused_with(
            r#"strategy = "blue-green"
on_busy = "supercede"
min_duration = "1"
"#,
            r#"canaryd.toml:19:11: services.web.rollout.on_busy: `supercede` is not a choice; did you mean "supersede"? write "reject", "supersede" or "queue"
canaryd.toml:20:16: services.web.rollout.min_duration: `1` has no unit; write a unit, such as "10s""#,
        ),
        refused_with(
            r#"on_thin_evidence = "promot"
"#,
            r#"canaryd.toml:18:20: services.web.rollout.on_thin_evidence: `promot` is not a choice; did you mean "promote"? write "hold", "promote" or "abort""#,
        ),
    ]);
}
