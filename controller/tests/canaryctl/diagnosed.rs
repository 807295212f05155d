//! What `doctor` finds: every text, whole, and how it ends.

use canary_controller::api::Overview;
use canary_controller::render::{self, Color, Findings};
use serde_json::{Value, json};

use crate::canaryctl::answers::{freeze_of_all, standstill};
use crate::canaryctl::fake::{Answer, Ended, Fake};
use crate::canaryctl::fixture::{aborted, down, held_thin, idle, overview, parsed, store_trouble, with};
use crate::canaryctl::golden::assert_golden;

/// Everything at once that can be wrong.
fn ill() -> Value {
    let container = |name: &str, fields: Value| {
        let plain = json!({
            "id": "5ed2013b40f6", "name": name, "release": "v1", "image": "web:v1", "state": "running", "open": 0,
            "restarts": 0,
        });
        with(plain, fields)
    };
    let containers = json!([
        container(
            "web-1",
            json!({ "state": "unhealthy", "detail": "its Docker health check fails: no\u{1b}[2J", "restarts": 1 })
        ),
        container("web-2", json!({ "state": "stopped", "detail": "exit code 3", "restarts": 12 })),
        container("web-3", json!({ "trouble": "cannot stop web-3: it is stuck" })),
        container(
            "web-4",
            json!({
                "drift": "v0 is neither stable nor on trial; in /srv/docker-compose.yml write `image: web:v1` for the service web",
                "doubts": ["it has no health check; add HEALTHCHECK to its Dockerfile", "it is doubtful"],
            })
        ),
    ]);
    json!({
        "store": store_trouble(),
        "services": [
            with(aborted(), json!({ "name": "api" })),
            with(held_thin(), json!({ "name": "docs", "parked": standstill(), "waiting": 3 })),
            with(idle(), json!({ "name": "mail", "stable": "-" })),
            with(down(), json!({ "containers": containers })),
        ],
        "docker": {
            "trouble": "Docker at unix:///var/run/docker.sock does not answer: permission denied",
            "faults": ["worker-1: it says no port and exposes none; add the label canary.port"],
        },
        "freezes": [freeze_of_all()],
    })
}

fn found(overview: &Value, only: Option<&str>) -> String {
    let overview: Overview = parsed(overview);
    render::doctor(&Findings::of(&overview, only), Color::Never)
}

fn ended(args: &[&str], document: &Value) -> Ended {
    Fake::saying([Answer::ok(document)]).run(args)
}

#[test]
fn everything_that_is_wrong_and_what_to_do() {
    assert_golden("doctor", &found(&ill(), None));
}

#[test]
fn what_is_wrong_with_one_service_and_with_what_all_need() {
    assert_golden("doctor_of_one", &found(&ill(), Some("mail")));
}

#[test]
fn who_is_well_is_told_so() {
    let well = with(overview(), json!({ "services": [idle()] }));
    assert_eq!(found(&well, None), "✔ nothing is wrong, and nothing is doubtful\n");
}

#[test]
fn a_finding_ends_with_12_and_none_with_0() {
    let well = with(overview(), json!({ "services": [idle()] }));
    assert_eq!((ended(&["doctor"], &well).code, ended(&["doctor", "web"], &well).code), (0, 0));
    let ill = ended(&["doctor"], &ill());
    assert_eq!((ill.code, ill.stderr.as_str()), (12, ""));
    let json = ended(&["doctor", "--json"], &well).stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!({ "findings": [] }));
}
