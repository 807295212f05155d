//! What is wrong with how a rollout divides, judges and limits, and with what a service may repeat or show.

use crate::support::{Case, ROLLOUT, assert_refused, case, refused, with};

/// The good file with another table in place of its rollout's.
const fn refused_with(rollout: &'static str, says: &'static str) -> Case {
    case(ROLLOUT, rollout, says)
}

/// The good file with this key in its service.
const fn service_with(key: &'static str, says: &'static str) -> Case {
    case(r#"stable = "v1""#, key, says)
}

#[test]
fn requests_are_divided_in_one_of_the_ways_there_are() {
    assert_refused(&[
        refused_with(
            "assignment = \"session\"\n",
            r#"canaryd.toml:18:14: services.web.rollout.assignment: `session` is not a choice; write "request", "cookie", "ip" or "header:NAME""#,
        ),
        refused_with(
            "assignment = \"cookies\"\n",
            r#"canaryd.toml:18:14: services.web.rollout.assignment: `cookies` is not a choice; did you mean "cookie"? write "request", "cookie", "ip" or "header:NAME""#,
        ),
        refused_with(
            "assignment = \"heade:x-user\"\n",
            r#"canaryd.toml:18:14: services.web.rollout.assignment: `heade:x-user` is not a choice; did you mean "header:NAME"? write "request", "cookie", "ip" or "header:NAME""#,
        ),
        refused_with(
            "strategy = \"recreate\"\nassignment = \"header\"\n",
            r#"canaryd.toml:19:14: services.web.rollout.assignment: `header` is not a choice; did you mean "header:NAME"? write "request", "cookie", "ip" or "header:NAME""#,
        ),
    ]);
}

#[test]
fn a_field_tells_clients_apart() {
    assert_refused(&[
        refused_with(
            "assignment = \"header:\"\n",
            r#"canaryd.toml:18:14: services.web.rollout.assignment: `` is not the name of a header field; write one such as "header:x-user-id""#,
        ),
        refused_with(
            "assignment = \"header: x-user\"\n",
            r#"canaryd.toml:18:14: services.web.rollout.assignment: ` x-user` is not the name of a header field; write one such as "header:x-user-id""#,
        ),
        refused_with(
            "assignment = \"header:Cookie\"\n",
            r#"canaryd.toml:18:14: services.web.rollout.assignment: `Cookie` holds every cookie of a client and changes with each; write "cookie""#,
        ),
        refused_with(
            "assignment = \"header:host\"\n",
            r#"canaryd.toml:18:14: services.web.rollout.assignment: `host` is the same for every client; write one that tells them apart, as "header:x-user-id""#,
        ),
        refused_with(
            "assignment = \"header:Proxy-Connection\"\n",
            r#"canaryd.toml:18:14: services.web.rollout.assignment: `Proxy-Connection` is about a connection and not about a client; write one such as "header:x-user-id""#,
        ),
    ]);
}

#[test]
fn a_profile_is_one_of_four() {
    assert_refused(&[
        refused_with(
            "profile = \"low-traffic\"\n",
            r#"canaryd.toml:18:11: services.web.rollout.profile: `low-traffic` is not a choice; did you mean "low_traffic"? write "balanced", "strict", "calm" or "low_traffic""#,
        ),
        refused_with(
            "profile = \"fast\"\nalpha = 0.7\n",
            r#"canaryd.toml:18:11: services.web.rollout.profile: `fast` is not a choice; write "balanced", "strict", "calm" or "low_traffic"
canaryd.toml:19:9: services.web.rollout.alpha: `0.7` is not between 0 and 0.5; write a probability of error, such as 0.05"#,
        ),
    ]);
}

#[test]
fn a_guardrail_is_a_rate_or_a_time() {
    let key = "canaryd.toml:18:29: services.web.rollout.guardrails.error_rate:";
    for (rate, says) in [
        ("0", "`0` would refuse a release at its first failure; write more than 0%"),
        ("\"100%\"", "`100%` is never exceeded; write less than 100%"),
        ("101", "`101` is not between 0% and 100%"),
        ("0.001", "`0.001` is finer than 0.01%, the smallest rate there is"),
        ("\"few\"", "`few` is not a rate; write percent, such as 1 or \"0.5%\""),
        ("true", "boolean `true` stands here; write percent, such as 10 or \"0.5%\""),
    ] {
        let text = with(ROLLOUT, &format!("guardrails = {{ error_rate = {rate} }}\n"));
        assert_eq!(refused(&text), format!("{key} {says}"));
    }
    assert_refused(&[
        refused_with(
            "guardrails = { p99 = 500, error_rate = 0 }\n",
            r#"canaryd.toml:18:22: services.web.rollout.guardrails.p99: `500` has no unit; write a unit, such as "10s"
canaryd.toml:18:40: services.web.rollout.guardrails.error_rate: `0` would refuse a release at its first failure; write more than 0%"#,
        ),
        refused_with(
            "guardrails = { p99 = \"0s\" }\n",
            r#"canaryd.toml:18:22: services.web.rollout.guardrails.p99: `0s` is too short; write at least "1ms""#,
        ),
        refused_with(
            "guardrails = { eror_rate = 1 }\n",
            "canaryd.toml:18:16: services.web.rollout.guardrails.eror_rate: there is no such key; did you mean `error_rate`? the keys here are error_rate, p99",
        ),
    ]);
}

#[test]
fn a_budget_is_a_count_and_users_are_known_by_a_key() {
    let nobody = "nobody knows one client from another where each request falls anew; write assignment = \"cookie\" in the rollout, or remove this";
    for assignment in ["", "assignment = \"request\"\n"] {
        let text = with(ROLLOUT, &format!("blast_radius.max_users = 10\n{assignment}"));
        let says = format!("canaryd.toml:18:26: services.web.rollout.blast_radius.max_users: {nobody}");
        assert_eq!(refused(&text), says);
    }
    assert_refused(&[
        refused_with(
            "blast_radius = { max_failed_requests = 0 }\n",
            "canaryd.toml:18:40: services.web.rollout.blast_radius.max_failed_requests: `0` is out of range; write 1 to 1000000000",
        ),
        // What the assignment should have been, nobody knows, so nothing is said about users.
        refused_with(
            "assignment = \"cokie\"\nblast_radius = { max_users = -1 }\n",
            r#"canaryd.toml:18:14: services.web.rollout.assignment: `cokie` is not a choice; did you mean "cookie"? write "request", "cookie", "ip" or "header:NAME"
canaryd.toml:19:30: services.web.rollout.blast_radius.max_users: `-1` is out of range; write 1 to 1000000000"#,
        ),
    ]);
}

#[test]
fn what_may_be_repeated_is_said_with_yes_or_no() {
    assert_refused(&[
        service_with(
            r#"rescue = { idempotent_methods = "PUT" }"#,
            r#"canaryd.toml:11:33: services.web.rescue.idempotent_methods: string "PUT" stands here; write true or false"#,
        ),
        service_with(
            "rescue = { idempotent_key = true }",
            "canaryd.toml:11:12: services.web.rescue.idempotent_key: there is no such key; did you mean `idempotency_key`? the keys here are idempotent_methods, idempotency_key",
        ),
        service_with(
            r#"preview = { secret = "x" }"#,
            "canaryd.toml:11:13: services.web.preview.secret: there is no such key; the keys here are secret_file",
        ),
    ]);
}
