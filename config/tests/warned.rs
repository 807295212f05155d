//! What is right and hardly meant: it loads, and is said.

use std::path::Path;

use canary_config::file::Reading;

use crate::support::{GOOD, ROLLOUT, with};

/// The whole text of the warnings about a file that loads.
fn warned(text: &str) -> String {
    let Reading { result, warnings } = Reading::of_text(text, Path::new("canaryd.toml"));
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(warnings.is_empty(), warnings.iter().next().is_none());
    warnings.to_string()
}

fn warned_of_rollout(rollout: &str) -> String {
    warned(&with(ROLLOUT, rollout)).replace("canaryd.toml:", "").replace("services.web.rollout.", "")
}

#[test]
fn the_file_of_the_documentation_is_not_warned_of() {
    assert_eq!(warned(GOOD), "");
}

#[test]
fn a_warning_has_a_place_a_key_and_what_to_do() {
    let reading = Reading::of_text(&with("probation = \"10m\"", "probation = \"0s\""), Path::new("canaryd.toml"));
    let warning = reading.warnings.iter().next().unwrap();
    let position = warning.position().unwrap();
    assert_eq!((position.line, position.column, warning.key()), (23, 13, "services.web.rollout.probation"));
    assert!(warning.message().ends_with("write a time, such as \"10m\""));
    assert_eq!(
        warning.to_string(),
        "canaryd.toml:23:13: warning: services.web.rollout.probation: the old release leaves at 100% at once, so there \
         is nothing to undo and nobody watches the new one; write a time, such as \"10m\""
    );
}

#[test]
fn what_is_wrong_does_not_hide_what_is_hardly_meant() {
    let text = with("probation = \"10m\"", "probation = \"0s\"").replace("alpha = 0.05", "alpha = 5");
    let reading = Reading::of_text(&text, Path::new("canaryd.toml"));
    assert_eq!(reading.result.unwrap_err().iter().count(), 1);
    assert_eq!(reading.warnings.iter().count(), 1);
}

#[test]
fn a_duration_that_no_step_has_is_for_none() {
    let steps = "steps = [{ weight = 10, max_duration = \"5m\", min_duration = \"1m\" }, { weight = 20, max_duration = \"6m\" }, 100]\n";
    assert_eq!(
        warned_of_rollout(&format!("min_duration = \"1m\"\nmax_duration = \"9m\"\n{steps}")),
        "19:16: warning: max_duration: every step has its own, so this is for none; remove it"
    );
    assert_eq!(warned_of_rollout(steps), "");
}

#[test]
fn what_concerns_new_containers_is_for_nothing_where_none_is_made() {
    let docker = |mode: &str| with("[store]", &format!("[docker]\n{mode}keep_releases = 3\n[store]"));
    assert_eq!(
        warned(&docker("")),
        "canaryd.toml:8:17: warning: docker.keep_releases: nothing is deployed; write mode = \"provision\", or remove this"
    );
    assert_eq!(warned(&docker("mode = \"provision\"\n")), "");
}

#[test]
fn a_policy_and_a_time_for_what_waits_for_humans_are_for_nothing() {
    assert_eq!(
        warned_of_rollout("pause = \"manual\"\non_thin_evidence = \"promote\"\n"),
        "19:20: warning: on_thin_evidence: every step waits for a human, so none is passed by itself; write \"hold\""
    );
    assert_eq!(warned_of_rollout("pause = \"manual\"\non_thin_evidence = \"abort\"\n"), "");
    assert_eq!(
        warned_of_rollout("strategy = \"blue-green\"\npause = \"manual\"\nmin_duration = \"1m\"\n"),
        "20:16: warning: min_duration: a human decides when it has stood ready for long enough; remove this"
    );
}

#[test]
fn a_way_to_divide_what_is_never_divided_is_for_nothing() {
    for strategy in ["blue-green", "recreate"] {
        assert_eq!(
            warned_of_rollout(&format!("strategy = \"{strategy}\"\nassignment = \"ip\"\n")),
            format!(
                "19:14: warning: assignment: {strategy} gives a release all requests at once, so nothing is divided; \
                 remove this"
            )
        );
    }
    for strategy in ["canary", "rolling\"\nbatch = 1\nassignment = \"cookie"] {
        let said = warned_of_rollout(&format!("strategy = \"{strategy}\"\n"));
        assert!(!said.contains("assignment"), "{said}");
    }
}

#[test]
fn a_rolling_release_that_joins_whole_or_too_fast_is_named() {
    assert_eq!(
        warned_of_rollout("strategy = \"rolling\"\n"),
        "18:12: warning: strategy: release v1 takes all requests at once, as it has one instance; write strategy = \
         \"canary\" to go by shares\n\
         18:12: warning: strategy: release v2 takes all requests at once, as it has one instance; write strategy = \
         \"canary\" to go by shares"
    );
    let backends =
        |count: u16| (0..count).map(|n| format!("\"10.0.0.1:{}\"", 1_000 + n)).collect::<Vec<_>>().join(", ");
    let rolling = |first: u16, second: u16, batch: usize| {
        let rollout = format!("strategy = \"rolling\"\nbatch = {batch}\n");
        let text = with(ROLLOUT, &rollout).replace("\"127.0.0.1:9001\"", &backends(first));
        warned(&text.replace("\"127.0.0.1:9002\"", &backends(second).replace(".1:", ".2:")))
    };
    assert_eq!(rolling(3, 64, 2), "");
    assert_eq!(
        rolling(3, 65, 2),
        "canaryd.toml:19:9: warning: services.web.rollout.batch: 3 instances of release v2 join at a time, as it has 65 \
         and a rollout at most 32 steps; write batch = 3 or more"
    );
    assert_eq!(
        rolling(2, 5, 4),
        "canaryd.toml:19:9: warning: services.web.rollout.batch: release v1 takes all requests at once, as it has 2 \
         instances and 4 join at a time; write strategy = \"canary\" to go by shares"
    );
}

#[test]
fn health_that_is_nobodys_and_that_nobody_is_told_are_named() {
    let critical = with("stable = \"v1\"", "stable = \"v1\"\ncritical = true");
    let path = |text: &str| text.replace("[admin]", "health_path = \"/health\"\n[admin]");
    assert_eq!(
        warned(&critical),
        "canaryd.toml:12:12: warning: services.web.critical: no listener has a health_path, so nobody is told; write \
         one, such as \"/healthz\""
    );
    assert_eq!(
        warned(&path(GOOD)),
        "canaryd.toml:3:15: warning: listen.web.health_path: no service is critical, so the answer is 200 whatever is \
         ready; write critical = true in the services that it should be about"
    );
    assert_eq!(warned(&path(&critical)), "");
    assert_eq!(warned(&critical.replace("critical = true", "critical = false")), "");
}

#[test]
fn a_rule_of_the_older_grammar_is_read_and_warned_of_at_its_place() {
    let text = GOOD.replacen("rule = \"", "rule = \"Host(`a.test`, `b.test`) || ", 1);
    let reading = Reading::of_text(&text, Path::new("canaryd.toml"));
    let config = reading.result.expect("it is read");
    let warning = reading.warnings.iter().next().expect("it is warned of");
    let line = text.lines().nth(warning.position().expect("a place").line - 1).expect("a line of the file");
    assert!(line.starts_with("rule = "), "{line}");
    assert!(config.services.values().any(|service| service.rule.text().starts_with("Host(`a.test`, `b.test`)")));
    assert!(
        warning.key().ends_with(".rule") && warning.message().contains("Host(`a.test`) || Host(`b.test`)"),
        "{warning}"
    );
}
