//! The page that Prometheus reads: well formed, complete, and in step with what clients and the judge saw.

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use canary_controller::rollout::PhaseName;

use crate::support::{Canaryd, Client, Page, SLOW, Site, until};

/// Every name, with its labels in the order of the alphabet.
const SERIES: [(&str, &[&str]); 20] = [
    ("canaryd_requests_total", &["code", "release", "service", "track"]),
    ("canaryd_request_duration_seconds_count", &["release", "service", "track"]),
    ("canaryd_picks_total", &["release", "service", "track"]),
    ("canaryd_judged_total", &["outcome", "release", "service", "track"]),
    ("canaryd_unplaced_total", &["service"]),
    ("canaryd_attempts_total", &["backend", "outcome", "release", "service"]),
    ("canaryd_attempt_duration_seconds_count", &["backend", "release", "service"]),
    ("canaryd_backend_in_flight", &["backend", "release", "service"]),
    ("canaryd_backend_up", &["backend", "release", "service"]),
    ("canaryd_weight_ratio", &["release", "service"]),
    ("canaryd_rollout_phase", &["phase", "service"]),
    ("canaryd_rollout_step", &["service"]),
    ("canaryd_rollout_evidence", &["metric", "service", "test"]),
    ("canaryd_transitions_total", &["reason", "service", "to"]),
    ("canaryd_parked_requests", &["service"]),
    ("canaryd_parked_total", &["outcome", "service"]),
    ("canaryd_parked_duration_seconds_count", &["service"]),
    ("canaryd_store_healthy", &[]),
    ("canaryd_build_info", &["version"]),
    ("process_cpu_seconds_total", &[]),
];

/// Debian's promtool. That it is missing is a failure: a check that was not made has shown nothing.
fn promtool() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/usr/bin/promtool");
    let on_path = env::var_os("PATH").into_iter().flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let places = env::var_os("PROMTOOL").map(PathBuf::from).into_iter();
    let mut places = places.chain(on_path.map(|folder| folder.join("promtool"))).chain([tools]);
    places.find(|place| place.is_file()).expect("promtool is missing; run make setup")
}

fn assert_lints(page: &Page) {
    let mut check = Command::new(promtool());
    check.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut check = check.spawn().expect("promtool can be run");
    check.stdin.take().expect("it is piped").write_all(page.text.as_bytes()).expect("it reads all");
    let output = check.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}\n{}", String::from_utf8_lossy(&said), page.text);
}

fn count(value: u64) -> f64 {
    value as f64
}

/// A canaryd at its first step that has answered so many requests, all of them looked at.
async fn at_first_step(site: &Site, requests: u64) -> (Canaryd, crate::support::Tally) {
    let canaryd = Canaryd::start(site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    let tally = Client::sample(canaryd.web().await, requests).await;
    until("every request on the page", async || {
        let page = canaryd.page().await;
        let judged = page.sum("canaryd_judged_total", &[]);
        if judged >= count(requests) { Ok(()) } else { Err(judged.to_string()) }
    })
    .await;
    (canaryd, tally)
}

#[tokio::test]
async fn promtool_finds_no_fault_before_and_in_a_rollout() {
    let site = Site::new(SLOW).await;
    assert_lints(&Canaryd::start(&site).await.page().await);
    let (canaryd, _) = at_first_step(&site, 50).await;
    assert_lints(&canaryd.page().await);
    canaryd.api.abort().await.done();
    assert_lints(&canaryd.page().await);
}

#[tokio::test]
async fn every_name_is_there_with_its_labels_and_few_buckets() {
    let site = Site::new(SLOW).await;
    let (canaryd, _) = at_first_step(&site, 700).await;
    let page = canaryd.page().await;
    for (name, labels) in SERIES {
        let labels: Vec<_> = labels.iter().map(|label| (*label).to_owned()).collect();
        let seen: Vec<_> = page.label_names(name).into_iter().collect();
        assert_eq!(seen, [labels], "{name} in {}", page.text);
    }
    let buckets = page.buckets();
    assert!(!buckets.is_empty());
    assert!(buckets.values().all(|count| *count <= 16), "{buckets:?}");
    for test in ["abort", "promote"] {
        page.value("canaryd_rollout_evidence", &[("metric", "err"), ("test", test)]);
    }
    let phase = |name| page.value("canaryd_rollout_phase", &[("service", "web"), ("phase", name)]);
    assert_eq!((phase("progressing"), phase("idle")), (1.0, 0.0));
    assert_eq!(page.value("canaryd_weight_ratio", &[("release", "v2")]), 0.1);
    assert_eq!(page.value("canaryd_weight_ratio", &[("release", "v1")]), 0.9);
    assert_eq!(page.value("canaryd_rollout_step", &[]), 1.0);
    assert_eq!(page.value("canaryd_store_healthy", &[]), 1.0);
    assert_eq!(page.value("canaryd_transitions_total", &[("to", "progressing"), ("reason", "ready")]), 1.0);
}

#[tokio::test]
async fn the_page_counts_what_clients_saw_and_what_the_judge_saw() {
    let site = Site::new(SLOW).await;
    site.v2.fail_every(40);
    let (canaryd, tally) = at_first_step(&site, 600).await;
    let (page, status) = (canaryd.page().await, canaryd.api.status().await);
    let failed = page.value("canaryd_judged_total", &[("track", "canary"), ("outcome", "server_error")]);
    // What the canary failed, stable answered in its place: the clients saw that, and the judge where it had been drawn.
    for (track, release, rescued) in [("stable", "v1", -failed), ("canary", "v2", failed)] {
        let labels = [("service", "web"), ("release", release), ("track", track)];
        let (answered, drawn) = (count(tally.of(release)), count(tally.of(release)) + rescued);
        for (name, expected) in
            [("canaryd_picks_total", drawn), ("canaryd_judged_total", drawn), ("canaryd_requests_total", answered)]
        {
            assert_eq!(page.sum(name, &labels), expected, "{name} {release}: {tally:?}");
        }
        assert_eq!(page.value("canaryd_request_duration_seconds_count", &labels), answered);
        let attempts = if track == "canary" { drawn } else { answered };
        assert_eq!(page.sum("canaryd_attempts_total", &[("release", release)]), attempts);
        let shown = status.tracks.iter().find(|shown| shown.track == track).expect("it is shown");
        assert_eq!(count(shown.requests), drawn, "{status:?}");
        assert_eq!(count(shown.errors), rescued.max(0.0), "{status:?}");
    }
    tally.assert_flawless();
    let evidence = status.evidence.expect("a trial has evidence");
    assert!((page.value("canaryd_rollout_evidence", &[("metric", "total")]) - evidence.ln_abort).abs() < 1e-9);
}

#[tokio::test]
async fn a_retired_release_leaves_no_series_behind() {
    let site = Site::new(SLOW).await;
    let (canaryd, _) = at_first_step(&site, 50).await;
    canaryd.api.promote_full().await.done();
    Client::sample(canaryd.web().await, 10).await.assert_only("v2");
    assert!(canaryd.page().await.has(&[("release", "v1")]));
    canaryd.api.promote().await.done();
    canaryd.api.until_phase(PhaseName::Idle).await;
    until("the end of v1's series", async || {
        let page = canaryd.page().await;
        if page.has(&[("release", "v1")]) { Err(page.text) } else { Ok(()) }
    })
    .await;
    assert!(canaryd.page().await.has(&[("release", "v2")]));
    // One that was sent back is shown until the next one is tried.
    canaryd.api.start("v3").await.done();
    canaryd.api.until_step(1).await;
    canaryd.api.abort().await.done();
    canaryd.api.start("v1").await.done();
    canaryd.api.until_step(1).await;
    until("the end of v3's series", async || {
        let page = canaryd.page().await;
        if page.has(&[("release", "v3")]) { Err(page.text) } else { Ok(()) }
    })
    .await;
}

#[tokio::test]
async fn the_page_is_shown_to_whoever_has_the_token() {
    let site = Site::new(SLOW).await;
    let token = "open-sesame-0123456789";
    std::fs::write(site.path("token"), format!("{token}\n")).expect("our own folder");
    let key = format!("[metrics]\nbearer_token_file = \"{}\"", site.path("token").display());
    site.write(&site.config(SLOW).replace("[metrics]", &key));
    let canaryd = Canaryd::start(&site).await;
    for wrong in [None, Some(""), Some("open"), Some("open-sesame-0123456780"), Some("open-sesame-01234567890")] {
        let answer = canaryd.metrics_with(wrong).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"));
        assert!(!answer.text.contains("canaryd_"), "{}", answer.text);
    }
    let answer = canaryd.metrics_with(Some(token)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    assert!(!answer.text.contains(token) && !canaryd.said().contains(token));
}
