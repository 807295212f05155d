//! What is wrong with a rollout: its weights, its clocks and its choices.

use crate::support::{assert_refused, case};

#[test]
fn weights_rise_from_above_zero_to_all() {
    assert_refused(&[
        case(
            "steps = [10, 25, 100] ",
            "steps = [10, 25, 10, 100] ",
            "canaryd.toml:19:18: services.web.rollout.steps[2]: 10% does not exceed the step before it (25%); weights must rise",
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = [10, 10, 100] ",
            "canaryd.toml:19:14: services.web.rollout.steps[1]: 10% does not exceed the step before it (10%); weights must rise",
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = [0, 100] ",
            "canaryd.toml:19:10: services.web.rollout.steps[0]: 0% is where a rollout begins, not a step; write a weight above it",
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = [10, 25] ",
            "canaryd.toml:19:14: services.web.rollout.steps[1]: the last step must be 100, not 25%; write 100 after it",
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = [100] ",
            "canaryd.toml:19:10: services.web.rollout.steps[0]: 100% alone is no canary; write a step below it, such as [10, 100]",
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = [10, 100, 100] ",
            "canaryd.toml:19:19: services.web.rollout.steps[2]: 100% does not exceed the step before it (100%); weights must rise",
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = [10, 100, 50] ",
            r#"canaryd.toml:19:19: services.web.rollout.steps[2]: 50% does not exceed the step before it (100%); weights must rise
canaryd.toml:19:19: services.web.rollout.steps[2]: the last step must be 100, not 50%; write 100 after it"#,
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = [] ",
            "canaryd.toml:19:9: services.web.rollout.steps: there is no step; write some, such as [10, 25, 100]",
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 100] ",
            "canaryd.toml:19:9: services.web.rollout.steps: 33 steps are too many; write at most 32",
        ),
        case(
            "steps = [10, 25, 100] ",
            r#"steps = [{ weight = 10 }, { weight = "5%" }, 100] "#,
            "canaryd.toml:19:27: services.web.rollout.steps[1]: 5% does not exceed the step before it (10%); weights must rise",
        ),
    ]);
}

#[test]
fn a_weight_is_a_percentage() {
    assert_refused(&[
        case(
            "steps = [10, 25, 100] ",
            r#"steps = ["ten", 101, -1, 0.001, 1e300, nan, 100] "#,
            r#"canaryd.toml:19:10: services.web.rollout.steps[0]: `ten` is not a weight; write percent, such as 10 or "0.5%"
canaryd.toml:19:17: services.web.rollout.steps[1]: `101` is outside 0% to 100%
canaryd.toml:19:22: services.web.rollout.steps[2]: `-1` is outside 0% to 100%
canaryd.toml:19:26: services.web.rollout.steps[3]: `0.001` is finer than 0.01%, the smallest share there is
canaryd.toml:19:33: services.web.rollout.steps[4]: `1e300` is not a weight; write percent, such as 10 or "0.5%"
canaryd.toml:19:40: services.web.rollout.steps[5]: `NaN` is not a weight; write percent, such as 10 or "0.5%""#,
        ),
        case(
            "steps = [10, 25, 100] ",
            r#"steps = [10, "all"] "#,
            r#"canaryd.toml:19:14: services.web.rollout.steps[1]: `all` is not a weight; write percent, such as 10 or "0.5%""#,
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = [true, 100] ",
            "canaryd.toml:19:10: services.web.rollout.steps[0]: boolean `true` stands here; write percent, such as 10, or a table, such as { weight = 10 }",
        ),
        case(
            "steps = [10, 25, 100] ",
            r#"steps = [{ weight = "x" }, 100] "#,
            r#"canaryd.toml:19:21: services.web.rollout.steps[0].weight: `x` is not a weight; write percent, such as 10 or "0.5%""#,
        ),
    ]);
}

#[test]
fn a_step_table_says_only_what_can_be() {
    assert_refused(&[
        case(
            "steps = [10, 25, 100] ",
            r#"steps = [{ min_duration = "1m" }, 100] "#,
            "canaryd.toml:19:10: services.web.rollout.steps[0]: `weight` is missing; write one, such as { weight = 10 }",
        ),
        case(
            "steps = [10, 25, 100] ",
            r#"steps = [{ weight = 10, pause = "auto" }, 100] "#,
            r#"canaryd.toml:19:33: services.web.rollout.steps[0].pause: `auto` is not a way to pause; write "manual" or leave it out"#,
        ),
        case(
            "steps = [10, 25, 100] ",
            r#"steps = [{ weight = 10, pauze = "manual" }, 100] "#,
            "canaryd.toml:19:25: services.web.rollout.steps[0].pauze: there is no such key; did you mean `pause`? the keys here are weight, min_duration, max_duration, pause, deadline",
        ),
        case(
            "steps = [10, 25, 100] ",
            r#"steps = [10, { weight = 100, pause = "manual", min_duration = "1m", max_duration = "1m" }] "#,
            r#"canaryd.toml:19:38: services.web.rollout.steps[1].pause: the step at 100% has only a weight, as probation is its time; remove this
canaryd.toml:19:63: services.web.rollout.steps[1].min_duration: the step at 100% has only a weight, as probation is its time; remove this
canaryd.toml:19:84: services.web.rollout.steps[1].max_duration: the step at 100% has only a weight, as probation is its time; remove this"#,
        ),
        case(
            "steps = [10, 25, 100] ",
            r#"steps = [{ weight = 10, min_duration = "16m" }, 100] "#,
            "canaryd.toml:19:40: services.web.rollout.steps[0].min_duration: 16m is longer than max_duration (15m); lower it or raise max_duration",
        ),
        case(
            "steps = [10, 25, 100] ",
            r#"steps = [{ weight = 10, max_duration = "59s" }, 100] "#,
            "canaryd.toml:19:40: services.web.rollout.steps[0].max_duration: 59s is shorter than min_duration (1m); raise it or lower min_duration",
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = [{ weight = 10, min_duration = 5 }, 100] ",
            r#"canaryd.toml:19:40: services.web.rollout.steps[0].min_duration: `5` has no unit; write a unit, such as "10s""#,
        ),
    ]);
}

#[test]
fn a_stay_is_no_longer_than_its_end() {
    assert_refused(&[
        case(
            r#"min_duration = "60s""#,
            r#"min_duration = "16m""#,
            "canaryd.toml:20:16: services.web.rollout.min_duration: 16m is longer than max_duration (15m); lower it or raise max_duration",
        ),
        case(
            r#"min_duration = "60s"
max_duration = "15m""#,
            r#"max_duration = "30s""#,
            "canaryd.toml:20:16: services.web.rollout.max_duration: 30s is shorter than min_duration (1m); raise it or lower min_duration",
        ),
        case(
            r#"max_duration = "15m""#,
            r#"max_duration = "0s""#,
            r#"canaryd.toml:21:16: services.web.rollout.max_duration: `0s` is too short; write at least "1ms""#,
        ),
    ]);
}

#[test]
fn a_choice_is_one_of_those_there_are() {
    assert_refused(&[
        case(
            r#"strategy = "canary""#,
            r#"strategy = "Canary""#,
            r#"canaryd.toml:18:12: services.web.rollout.strategy: `Canary` is not a choice; did you mean "canary"? write "canary", "blue-green", "rolling" or "recreate""#,
        ),
        case(
            r#"on_thin_evidence = "hold" "#,
            r#"on_thin_evidence = "wait" "#,
            r#"canaryd.toml:22:20: services.web.rollout.on_thin_evidence: `wait` is not a choice; write "hold", "promote" or "abort""#,
        ),
        case(
            "alpha = 0.05",
            "alpha = 0",
            "canaryd.toml:24:9: services.web.rollout.alpha: `0` is not between 0 and 0.5; write a probability of error, such as 0.05",
        ),
        case(
            "alpha = 0.05",
            "alpha = 0.5",
            "canaryd.toml:24:9: services.web.rollout.alpha: `0.5` is not between 0 and 0.5; write a probability of error, such as 0.05",
        ),
        case(
            "alpha = 0.05",
            "alpha = nan",
            "canaryd.toml:24:9: services.web.rollout.alpha: `nan` is not between 0 and 0.5; write a probability of error, such as 0.05",
        ),
        case(
            "alpha = 0.05",
            r#"alpha = "5%""#,
            r#"canaryd.toml:24:9: services.web.rollout.alpha: string "5%" stands here; write a number"#,
        ),
        case(
            r#"probation = "10m""#,
            r#"probation = "10"
ready_timeout = "0s""#,
            r#"canaryd.toml:23:13: services.web.rollout.probation: `10` has no unit; write a unit, such as "10s"
canaryd.toml:24:17: services.web.rollout.ready_timeout: `0s` is too short; write at least "1ms""#,
        ),
    ]);
}
