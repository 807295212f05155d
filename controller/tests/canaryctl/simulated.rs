//! What comes of made-up requests: the command that needs no canaryd.

use std::fs;
use std::process::Stdio;

use canary_controller::render::COLUMNS;
use serde_json::{Value, json};

use crate::canaryctl::fake::{Ended, canaryctl};
use crate::canaryctl::golden::assert_golden;
use crate::canaryctl::terminal::signal;

const HEAD: &str = "[listen.web]\naddress = \"127.0.0.1:0\"\n";

/// A plan that is soon over.
const QUICK: &str = "min_duration = \"5s\"\nmax_duration = \"1m\"\nprobation = \"30s\"\n";

/// A service with this rollout.
fn service(name: &str, rollout: &str) -> String {
    format!(
        "[services.{name}]\nrule = \"PathPrefix(`/{name}`)\"\nstable = \"v1\"\n\
         [services.{name}.releases.v1]\nbackends = [\"127.0.0.1:9001\", \"127.0.0.1:9002\", \"127.0.0.1:9003\"]\n\
         [services.{name}.rollout]\n{rollout}"
    )
}

/// What `canaryctl simulate` makes of a file; where the file is, does not matter.
fn simulate(text: &str, args: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("canaryd.toml");
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let mut ended: Ended = canaryctl(&[&["simulate", "--config", file], args].concat()).output().unwrap().into();
    ended.stderr = ended.stderr.replace(file, "canaryd.toml");
    ended
}

fn shown(rollout: &str, args: &[&str]) -> String {
    let ended = simulate(&(HEAD.to_owned() + &service("web", rollout)), args);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{args:?}");
    let fits = |line: &str| line.chars().count() <= COLUMNS;
    assert!(args.contains(&"--json") || ended.stdout.lines().all(fits), "{}", ended.stdout);
    ended.stdout
}

fn document(rollout: &str, args: &[&str]) -> Value {
    serde_json::from_str(&shown(rollout, &[args, &["--json"]].concat())).unwrap()
}

#[test]
fn a_canary_that_turns_bad_is_found() {
    let args = ["--traffic", "40rps", "--canary", "errors=5% after=25%", "--runs", "40", "--seed", "7"];
    assert_golden("simulated_bad", &shown("", &args));
    assert_golden("simulated_bad_json", &shown("", &[&args[..], &["--json"]].concat()));
}

#[test]
fn aborts_of_a_good_canary_are_called_false() {
    let args = ["--traffic", "2400/min", "--stable", "errors=2% latency=80ms", "--runs", "30"];
    assert_golden("simulated_good", &shown(QUICK, &args));
    let better = document(QUICK, &[&args[..], &["--canary", "errors=0% latency=x0.9"]].concat());
    assert_eq!((&better["traffic"]["is_as_good"], &better["false_aborts"]["count"]), (&json!(true), &json!(0)));
    let worse = document(QUICK, &[&args[..], &["--canary", "errors=0% latency=x1.1"]].concat());
    assert_eq!((&worse["traffic"]["is_as_good"], &worse["false_aborts"]), (&json!(false), &Value::Null));
}

#[test]
fn thin_traffic_is_held_and_limits_are_said() {
    let rollout = format!(
        "{QUICK}profile = \"calm\"\n[services.web.rollout.guardrails]\nerror_rate = \"3%\"\np99 = \"2s\"\n\
         [services.web.rollout.blast_radius]\nmax_failed_requests = 50\n"
    );
    assert_golden("simulated_thin", &shown(&rollout, &["--traffic", "9000/h", "--runs", "20"]));
}

#[test]
fn every_strategy_says_what_of_it_is_simulated() {
    let plans = [
        "strategy = \"blue-green\"\nmin_duration = \"10s\"\nprobation = \"30s\"\n",
        "strategy = \"blue-green\"\npause = \"manual\"\nprobation = \"30s\"\n",
        "strategy = \"rolling\"\nmin_duration = \"10s\"\nprobation = \"30s\"\n",
        "strategy = \"recreate\"\nprobation = \"30s\"\n",
        "assignment = \"cookie\"\nprobation = \"30s\"\n[services.web.rollout.blast_radius]\nmax_users = 3\n",
    ];
    let args = ["--traffic", "40rps", "--canary", "errors=30%", "--runs", "20"];
    let texts = plans.map(|plan| format!("# {}\n{}", plan.replace('\n', "  "), shown(plan, &args)));
    assert_golden("simulated_strategies", &texts.join("\n"));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let args = ["--traffic", "20rps", "--canary", "errors=10%", "--runs", "20", "--seed"];
    let of = |seed| shown("", &[&args[..], &[seed]].concat());
    let first = of("3");
    assert_eq!(first, of("3"));
    assert_ne!(first.replace("seed 3", "seed 4"), of("4"));
}

#[test]
fn what_the_file_says_changes_what_comes_of_it() {
    let outcome = |rollout: &str| {
        let args = ["--traffic", "40rps", "--stable", "errors=1%", "--canary", "errors=4%", "--runs", "20"];
        document(rollout, &args)["outcome"].clone()
    };
    let usual = outcome(QUICK);
    for (rollout, reason) in [
        (format!("{QUICK}[services.web.rollout.blast_radius]\nmax_failed_requests = 1\n"), "failed-requests"),
        (format!("{QUICK}alpha = 0.4\n"), "error-rate"),
        (format!("{QUICK}profile = \"calm\"\n"), "error-rate"),
        (format!("{QUICK}profile = \"low_traffic\"\n"), "error-rate"),
        (format!("{QUICK}steps = [40, 60, 100]\n"), "error-rate"),
        (QUICK.replace("1m", "2m"), "error-rate"),
        (QUICK.replace("1m", "6s") + "on_thin_evidence = \"abort\"\n", "thin-evidence"),
    ] {
        let changed = outcome(&rollout);
        assert_ne!(changed, usual, "{rollout}");
        assert!(changed["aborted_for"][reason].as_u64() > Some(0), "{rollout}: {changed}");
    }
    let promoted = outcome(&(QUICK.replace("1m", "6s") + "on_thin_evidence = \"promote\"\n"));
    assert!(promoted["uncertified"].as_u64() > Some(0), "{promoted}");
}

#[test]
fn a_good_canary_takes_as_long_as_the_file_says() {
    for (seconds, full_ms) in [(30, 60_000), (45, 90_000)] {
        let rollout = format!("min_duration = \"{seconds}s\"\nprobation = \"1s\"\n");
        let outcome = &document(&rollout, &["--traffic", "300rps", "--stable", "errors=0%", "--runs", "9"])["outcome"];
        assert_eq!((&outcome["promoted"], &outcome["full_ms"]["median"]), (&json!(9), &json!(full_ms)), "{outcome}");
    }
}

#[test]
fn no_canary_may_be_beyond_a_limit_of_the_file() {
    let plan = "strategy = \"recreate\"\nprobation = \"1m\"\n";
    for (limit, canary, reason) in [
        ("error_rate = \"3%\"", "errors=8%", "guardrail-error-rate"),
        ("p99 = \"500ms\"", "latency=x3", "guardrail-latency"),
    ] {
        let args = ["--traffic", "40rps", "--stable", "errors=4%", "--canary", canary, "--runs", "20"];
        let limited = format!("{plan}[services.web.rollout.guardrails]\n{limit}\n");
        let [free, limited] = [plan, &limited].map(|plan| document(plan, &args)["outcome"]["aborted_for"].clone());
        assert_eq!(free, json!({}), "{canary}");
        assert!(limited[reason].as_u64() > Some(10), "{limit}: {limited}");
    }
}

#[test]
fn a_bad_word_says_what_to_write() {
    let text = HEAD.to_owned() + &service("web", "");
    for (args, stderr) in [
        (
            ["--canary", "errors=5"],
            "error: --canary: 'errors=5' is no share of the requests; write a percentage from 0% to 100%, such as\n       5% \
             or 0.1%\n",
        ),
        (
            ["--stable", "latency=x2"],
            "error: --stable: 'latency=x2' is no latency; write a time above 0 and up to 1m, such as 80ms\n",
        ),
    ] {
        let ended = simulate(&text, &[&["--traffic", "40rps"], &args[..]].concat());
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (2, "", stderr));
    }
}

#[test]
fn a_bad_file_says_where() {
    let ended = simulate(&(HEAD.to_owned() + &service("web", "steps = [25, 10]\n")), &["--traffic", "40rps"]);
    assert!(ended.stderr.starts_with("error: canaryd.toml:9:"), "{}", ended.stderr);
    assert!(ended.stderr.ends_with("hint: `canaryctl lint canaryd.toml` says all that is wrong with it\n"));
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
}

#[test]
fn the_service_is_named_where_there_is_a_choice() {
    let text = [HEAD, &service("web", ""), &service("api", "")].concat();
    let failed = |args: &[&str], what: &str| {
        let ended = simulate(&text, &[&["--traffic", "40rps"], args].concat());
        let stderr = format!("error: {what}\nhint: name one of these with --service: api, web\n");
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr), (2, "", stderr));
    };
    failed(&[], "canaryd.toml declares several services");
    failed(&["--service", "wev"], "canaryd.toml declares no service wev");
    let ended = simulate(&text, &["--traffic", "40rps", "--service", "api", "--canary", "errors=100%", "--runs", "1"]);
    assert!(ended.stdout.starts_with("service      api\n") && ended.code == 0, "{}", ended.stderr);
}

#[test]
fn what_would_take_hours_is_refused_at_once() {
    let text = HEAD.to_owned() + &service("web", "min_duration = \"7d\"\nmax_duration = \"7d\"\n");
    let ended = simulate(&text, &["--traffic", "40rps"]);
    let stderr =
        "error: 1000 rollouts of 14days 10m and longer are too many at such a rate\nhint: --runs 7 can be simulated\n";
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (2, "", stderr));
}

#[test]
fn an_interruption_ends_with_130() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("canaryd.toml");
    fs::write(&file, HEAD.to_owned() + &service("web", "")).unwrap();
    // Hours of work for what these tests are built as.
    let args = ["simulate", "--config", file.to_str().unwrap(), "--traffic", "9000rps", "--runs", "900"];
    let child = canaryctl(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    // SIGINT and SIGTERM are 2 and 15. The process waits for both in this order, and then begins.
    let caught = || {
        let status = fs::read_to_string(&status).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
        u64::from_str_radix(&mask, 16).unwrap() & (1 << 1 | 1 << 14)
    };
    while caught() != (1 << 1 | 1 << 14) {
        std::thread::yield_now();
    }
    signal(&child, "INT");
    let ended: Ended = child.wait_with_output().unwrap().into();
    assert_eq!((ended.code, ended.stdout.as_str()), (130, ""));
    assert_eq!(ended.stderr, "error: interrupted\nhint: fewer --runs take less time\n");
}
