//! The document and the interface that it describes are the same thing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;
use canary_controller::admin;
use canary_controller::api::{History, RolloutStory, Rollouts};
use canary_controller::rollout::PhaseName;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::support::{Answer, Canaryd, SLOW, Site};

/// Every page, and how it is asked.
const PAGES: [(&str, &str); 36] = [
    ("/healthz", "get"),
    ("/openapi.json", "get"),
    ("/readyz", "get"),
    ("/v1/backup", "get"),
    ("/v1/deployments", "post"),
    ("/v1/events", "get"),
    ("/v1/freeze", "post"),
    ("/v1/history", "get"),
    ("/v1/openapi", "get"),
    ("/v1/reload", "post"),
    ("/v1/rollouts", "post"),
    ("/v1/services", "get"),
    ("/v1/services/{name}", "get"),
    ("/v1/services/{name}/abort", "post"),
    ("/v1/services/{name}/account", "get"),
    ("/v1/services/{name}/adopt", "post"),
    ("/v1/services/{name}/deploy", "post"),
    ("/v1/services/{name}/forecast", "get"),
    ("/v1/services/{name}/freeze", "post"),
    ("/v1/services/{name}/made", "post"),
    ("/v1/services/{name}/park", "post"),
    ("/v1/services/{name}/pause", "post"),
    ("/v1/services/{name}/preflight", "post"),
    ("/v1/services/{name}/promote", "post"),
    ("/v1/services/{name}/resume", "post"),
    ("/v1/services/{name}/retry", "post"),
    ("/v1/services/{name}/rollback", "post"),
    ("/v1/services/{name}/rollouts", "get"),
    ("/v1/services/{name}/rollouts/{generation}", "get"),
    ("/v1/services/{name}/rollouts/{generation}/account", "get"),
    ("/v1/services/{name}/start", "post"),
    ("/v1/services/{name}/undo", "post"),
    ("/v1/services/{name}/unfreeze", "post"),
    ("/v1/services/{name}/unpark", "post"),
    ("/v1/unfreeze", "post"),
    ("/v1/why", "get"),
];

fn document() -> Value {
    serde_json::from_str(admin::document()).expect("JSON")
}

/// Every operation of the document.
fn operations(document: &Value) -> BTreeMap<(String, String), Value> {
    let mut operations = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            operations.insert((path.clone(), method.clone()), operation.clone());
        }
    }
    operations
}

/// Every `$ref` below a value.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

async fn send(canaryd: &Canaryd, method: Method, path: &str, fields: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).expect("a plain request");
    canaryd.api.try_send(request).await.expect("an answer")
}

#[test]
fn the_document_in_the_repository_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, admin::document()).expect("our own folder");
    }
    let kept = std::fs::read_to_string(&path).expect("docs/openapi.json");
    assert!(kept == admin::document(), "the interface has changed: write {} with GOLDEN=write", path.display());
}

#[test]
fn every_page_is_in_the_document_and_no_other() {
    let described: Vec<_> = operations(&document()).into_keys().collect();
    let pages: Vec<_> = PAGES.map(|(path, method)| (path.to_owned(), method.to_owned())).into();
    assert_eq!(described, pages);
}

#[test]
fn the_document_holds_together() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 30, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let operations = operations(&document);
    let names: BTreeSet<_> = operations.values().map(|operation| operation["operationId"].to_string()).collect();
    assert_eq!(names.len(), operations.len(), "each has a name of its own");
    for (page, operation) in &operations {
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{page:?} says nothing");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let is_described = response.get("$ref").or(response.get("description"));
            assert!(is_described.is_some_and(|text| text != ""), "{page:?} {status} says nothing");
        }
        let open = page.0 == "/healthz";
        assert_eq!(operation.get("security").is_some(), open, "{page:?}");
        assert_eq!(operation["responses"].get("401").is_none(), open, "{page:?}");
    }
}

#[tokio::test]
async fn every_page_takes_the_methods_of_the_document_and_names_them_to_others() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    for ((path, method), _) in operations(&document()) {
        let target = path.replace("{name}", "web").replace("{generation}", "1");
        let allowed = if method == "get" { "GET,HEAD" } else { "POST" };
        for asked in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            if asked.eq_ignore_ascii_case(&method) {
                continue;
            }
            let asked = asked.parse().expect("a method");
            let answer = send(&canaryd, asked, &target, &[], "").await;
            answer.problem(405);
            assert_eq!(answer.header("allow"), allowed, "{target}");
        }
    }
}

#[tokio::test]
async fn the_document_is_served_at_both_places() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    for path in ["/openapi.json", "/v1/openapi"] {
        let answer = canaryd.api.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        assert_eq!(answer.text, admin::document());
    }
}

#[tokio::test]
async fn a_body_says_what_it_is_and_an_empty_one_need_not() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let abort = "/v1/services/web/abort";
    for (fields, body, status) in [
        (&[][..], "", 409),
        (&[("content-type", "application/json")], "", 409),
        (&[("content-type", "Application/JSON;charset=utf-8")], "{}", 409),
        (&[], "{}", 415),
        (&[("content-type", "text/plain")], "", 415),
        (&[("content-type", "text/plain")], "{}", 415),
        (&[("content-type", "application/json"), ("content-type", "application/json")], "{}", 415),
    ] {
        send(&canaryd, Method::POST, abort, fields, body).await.problem(status);
    }
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_on_the_socket_too() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    for field in [("origin", "http://evil.test"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        for (method, path) in [(Method::GET, "/v1/services"), (Method::POST, "/v1/reload"), (Method::GET, "/healthz")] {
            let answer = send(&canaryd, method, path, &[field], "").await;
            answer.problem(403);
            assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{answer:?}");
        }
    }
    assert_eq!(send(&canaryd, Method::GET, "/v1/services", &[("sec-fetch-site", "none")], "").await.status, 200);
}

#[tokio::test]
async fn a_query_that_nobody_reads_is_refused() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    for path in ["/v1/services?x", "/v1/services/web?a=1", "/v1/backup?a=1", "/v1/services/web/rollouts/1?limit=1"] {
        assert!(canaryd.api.get(path).await.problem(400).message.starts_with("query: "), "{path}");
    }
    let abort = "/v1/services/web/abort?generation=3";
    let message = send(&canaryd, Method::POST, abort, &[], "").await.problem(400).message;
    assert_eq!(message, "query: this page takes none; a command has all it says in its body");
    for path in ["/healthz?t=1", "/readyz?t=1", "/v1/services?"] {
        assert_eq!(canaryd.api.get(path).await.status, 200, "{path}");
    }
    for path in ["/v1/history?x=1", "/v1/why?url=/&x=1", "/v1/services/web/rollouts?x=1", "/v1/events?x=1"] {
        canaryd.api.get(path).await.problem(400);
    }
}

#[tokio::test]
async fn an_idempotency_key_has_a_form() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let (abort, long) = ("/v1/services/web/abort", "k".repeat(256));
    for key in ["", "two words", "t\tab", "\u{e9}", &long] {
        let message = send(&canaryd, Method::POST, abort, &[("idempotency-key", key)], "").await.problem(400).message;
        assert!(message.starts_with("idempotency-key: an idempotency key has 1 to 255"), "{key}: {message}");
    }
    let two = [("idempotency-key", "a"), ("idempotency-key", "a")];
    send(&canaryd, Method::POST, abort, &two, "").await.problem(400);
    for key in ["a", &long[1..], "8e03978e-40d5-43e8-bc93-6894a57f9324"] {
        send(&canaryd, Method::POST, abort, &[("idempotency-key", key)], "").await.problem(409);
    }
}

#[tokio::test]
async fn the_generation_that_is_meant_is_compared() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let generation = canaryd.api.start("v2").await.done().transition.generation.get();
    canaryd.api.until_step(1).await;
    let abort = "/v1/services/web/abort";
    for other in [json!(generation + 1), json!(0), json!(7.0)] {
        let message = canaryd.api.post(abort, json!({ "generation": other })).await.problem(409).message;
        assert!(message.contains("the present one is 1"), "{message}");
    }
    for none in [json!(-1), json!(1.5), json!("1"), json!(1_u64 << 53)] {
        canaryd.api.post(abort, json!({ "generation": none })).await.problem(400);
    }
    assert_eq!(canaryd.api.status().await.phase, PhaseName::Progressing);
    canaryd.api.post(abort, json!({ "generation": generation })).await.done();
}

#[tokio::test]
async fn the_rollouts_of_a_service_are_told_from_its_history() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let of_web = "/v1/services/web/rollouts";
    assert_eq!(canaryd.api.get(of_web).await.good::<Rollouts>(), Rollouts::default());
    for release in ["v2", "v3"] {
        canaryd.api.start(release).await.done();
        canaryd.api.until_step(1).await;
        canaryd.api.abort().await.done();
    }
    let Rollouts { rollouts } = canaryd.api.get(of_web).await.good();
    let canaries: Vec<_> = rollouts.iter().map(|it| it.canary.as_ref().expect("a release").as_str()).collect();
    assert_eq!(canaries, ["v3", "v2"]);
    assert!(rollouts.iter().all(|it| it.phase == PhaseName::Aborted && it.weight_max_bp.bp() == 1_000), "{rollouts:?}");
    assert_eq!(canaryd.api.get(&format!("{of_web}?limit=1")).await.good::<Rollouts>().rollouts, rollouts[..1]);
    let story: RolloutStory = canaryd.api.get(&format!("{of_web}/1")).await.good();
    assert_eq!(story.summary, rollouts[1]);
    let of_first = |number: u64| {
        move |entry: &&canary_controller::api::HistoryEntry| {
            entry.transition.as_ref().is_some_and(|transition| transition.generation.get() == number)
        }
    };
    let history = canaryd.api.history().await;
    assert_eq!(story.entries.iter().collect::<Vec<_>>(), history.iter().filter(of_first(1)).collect::<Vec<_>>());
    for path in ["/3", "/0", "/99999999999999999999", "/x"] {
        let answer = canaryd.api.get(&format!("{of_web}{path}")).await;
        answer.problem(if path.len() == 2 && path != "/x" { 404 } else { 400 });
    }
    canaryd.api.get("/v1/services/nosuch/rollouts").await.problem(404);
    canaryd.api.get("/v1/services/nosuch/rollouts/1").await.problem(404);
}

#[tokio::test]
async fn a_removed_service_is_known_by_its_history() {
    let site = Site::new(SLOW).await;
    site.write(&format!("{}{}", site.config(SLOW), site.service("api", "Host(`api.test`)", SLOW)));
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.post("/v1/services/api/start", json!({ "release": "v2" })).await.done();
    canaryd.api.post("/v1/services/api/abort", json!({})).await.done();
    site.write(&site.config(SLOW));
    assert_eq!(canaryd.api.reload().await.status, 200);
    canaryd.api.get("/v1/services/api").await.problem(404);
    assert!(canaryd.api.get("/v1/history?service=api").await.good::<History>().entries.len() >= 2);
    assert_eq!(canaryd.api.get("/v1/services/api/rollouts").await.good::<Rollouts>().rollouts.len(), 1);
    canaryd.api.get("/v1/history?service=nosuch").await.problem(404);
}

#[tokio::test]
async fn a_bad_file_is_answered_with_the_places_of_its_faults() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    site.write(&site.config(SLOW).replace("stable = \"v1\"", "stable = \"v9\"").replace("fall = 2", "fall = 0"));
    let answer = canaryd.api.reload().await;
    answer.problem(409);
    let document: Value = serde_json::from_str(&answer.text).expect("JSON");
    let errors = document["errors"].as_array().expect("a list");
    let keys: Vec<_> = errors.iter().map(|error| error["key"].as_str().expect("a key")).collect();
    assert_eq!(keys, ["services.web.stable", "services.web.probe.fall"]);
    let text = std::fs::read_to_string(&site.config_path).expect("our own file");
    for (error, mark) in errors.iter().zip(["\"v9\"", "fall = 0"]) {
        let line = error["line"].as_u64().and_then(|line| usize::try_from(line).ok()).expect("a line");
        assert!(text.lines().nth(line - 1).expect("it is there").contains(mark), "{error}");
        assert!(error["column"].as_u64().is_some_and(|column| column > 1), "{error}");
    }
}

#[tokio::test]
async fn a_backup_is_a_file_of_sqlite() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let answer = canaryd.api.get("/v1/backup").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/vnd.sqlite3"));
    assert!(answer.text.starts_with("SQLite format 3\0"));
}

#[tokio::test]
async fn several_services_follow_the_plan_of_one_of_them() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let body = json!({ "releases": { "web": "v2" }, "plan_of": "api" });
    let message = canaryd.api.post("/v1/rollouts", body).await.problem(422).message;
    assert_eq!(message, "body: plan_of: `api` is none of the releases; name one of their services");
    canaryd.api.post("/v1/rollouts", json!({ "releases": {}, "plan_of": "web" })).await.problem(422);
    canaryd.api.post("/v1/rollouts", json!({ "releases": { "web": "v2" }, "plan_of": "web" })).await.done();
}
