//! A deployment whose containers a Compose makes that is none.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use canary_controller::api::AWAITS_COMPOSE;
use serde_json::json;

use crate::canaryctl::fake::{Answer, Ended, Fake};
use crate::canaryctl::fixture::{idle, with};
use crate::canaryctl::terminal::signal;

/// Says in `up` that it makes the containers, and does so for ever.
const COMPOSE: &str = r#"#!/bin/sh
case "$*" in
*" up "*) echo >"$FOLDER/up"; exec /bin/sleep 600 ;;
*" rm "*) echo "$*" >"$FOLDER/rm" ;;
"version --short") echo 1.29.2 ;;
*) printf 'services: {web: {image: "web:v2"}}\nversion: "3.9"\n' ;;
esac
"#;

/// A folder with that Compose and a file for it.
fn write_into(folder: &Path) {
    let program = folder.join("docker-compose");
    fs::write(&program, COMPOSE).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("file.yml"), "").unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("up")).status().unwrap().success());
}

#[test]
fn one_that_is_interrupted_before_compose_has_made_it_is_called_off() {
    let preflight = json!({
        "service": "web", "image": "web:v2", "pinned": "web@sha256:fedc", "release": "v2", "instances": 1,
        "strategy": "canary", "is_stable": false, "findings": [],
    });
    let shadow = json!({ "image": "web@sha256:fedc", "instances": 1, "labels": {} });
    let deploying = json!({ "deployment": "0badcafe", "shadow": shadow, "services": [preflight] });
    let own =
        json!({ "id": "0badcafe", "release": "v2", "image": "web:v2", "stage": AWAITS_COMPOSE, "in_stage_ms": 10 });
    let waits = with(idle(), json!({ "deployment": own }));
    let fake = Fake::saying(
        [idle(), deploying, waits, json!({ "deployment": "0badcafe" })].iter().map(Answer::ok).collect::<Vec<_>>(),
    );
    let folder = tempfile::tempdir().unwrap();
    write_into(folder.path());
    let mut command = fake.command(&["deploy", "web", "--from-compose", "--file", "file.yml"]);
    command.current_dir(folder.path()).env("PATH", folder.path()).env("FOLDER", folder.path());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It is there to be read once Compose is under way.
    assert_eq!(fs::read(folder.path().join("up")).unwrap(), b"\n");
    signal(&child, "INT");
    let ended = Ended::from(child.wait_with_output().unwrap());
    let stderr = "error: interrupted: the deployment is called off
hint: nothing of it is left; stable serves as before, see `canaryctl status web`
";
    assert_eq!((ended.code, ended.stderr.as_str()), (130, stderr));
    let last = fake.asked().pop().unwrap();
    let body =
        r#"{"deployment":"0badcafe","failure":"canaryctl was told to end before Compose had made the containers"}"#;
    assert_eq!((last.line.as_str(), last.body.as_str()), ("POST /v1/services/web/made", body));
    let removed = fs::read_to_string(folder.path().join("rm")).unwrap();
    assert!(removed.ends_with("--file - rm --force --stop -v\n"), "{removed}");
}
