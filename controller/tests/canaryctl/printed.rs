//! What goes to standard output, and what happens when nobody reads it.

use std::process::Stdio;
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::canaryctl::accounts::convicted;
use crate::canaryctl::answers::{
    forecast, freeze_of_all, freeze_of_web, freeze_window, history, parked, reloaded, rollouts, started,
    started_together, story, why,
};
use crate::canaryctl::fake::{Answer, Fake};
use crate::canaryctl::fixture::{overview, progressing, with};
use crate::canaryctl::golden::assert_golden;

#[test]
fn json_is_the_document_that_was_served() {
    let newer = with(overview(), json!({ "field_of_a_newer_canaryd": [1.10, "\u{9b}31m", null] }));
    let answers: [(&[&str], Value); 16] = [
        (&["status"], newer),
        (&["status", "web"], progressing()),
        (&["start", "web", "v2"], started()),
        (&["history"], history()),
        (&["reload"], reloaded()),
        (&["start", "web=v2", "api=v7"], started_together()),
        (&["retry", "web"], started()),
        (&["freeze", "--all"], json!({ "freezes": [freeze_of_all()] })),
        (&["unfreeze", "web"], json!({ "freezes": [freeze_of_all()] })),
        (&["park", "web"], parked()),
        (&["unpark", "web"], with(parked(), json!({ "parked": null, "waiting": 0 }))),
        (&["rollouts", "web"], rollouts()),
        (&["history", "web", "--rollout", "7"], story()),
        (&["why", "/"], why()),
        (&["plan", "web"], forecast()),
        (&["explain", "web"], with(convicted(), json!({ "course": [], "evidence": null, "conviction": null }))),
    ];
    for (args, document) in answers {
        let ended = Fake::saying([Answer::ok(&document)]).run(&[args, &["--json"]].concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{args:?}");
        assert_eq!(serde_json::from_str::<Value>(&ended.stdout).unwrap(), document, "{args:?}");
        assert!(ended.stdout.lines().count() > 3, "it is for people too: {}", ended.stdout);
        assert!(!ended.stdout.contains('\u{9b}'), "a terminal would obey it");
    }
}

#[test]
fn every_command_prints_its_own_text() {
    let freezes = || json!({ "freezes": [freeze_of_all(), freeze_of_web(), freeze_window()] });
    let answers: [(&[&str], Value, &str); 16] = [
        (&["status"], overview(), "overview"),
        (&["status", "web"], progressing(), "status_progressing"),
        (&["history"], history(), "history"),
        (&["history", "web"], history(), "history"),
        (&["history", "web", "--rollout", "7"], story(), "story"),
        (&["rollouts", "web"], rollouts(), "rollouts"),
        (&["why", "shop.example/cart"], why(), "why"),
        (&["plan", "web"], forecast(), "plan"),
        (&["explain", "web", "7"], convicted(), "explain_convicted"),
        (&["reload"], reloaded(), "reloaded"),
        (&["freeze", "--all"], freezes(), "freezes"),
        (&["unfreeze", "web"], freezes(), "freezes"),
        (&["park", "web"], parked(), "parked"),
        (&["park", "web"], with(parked(), json!({ "requests": 0, "waiting": 0 })), "parked_never"),
        (&["unpark", "web"], with(parked(), json!({ "parked": null })), "unparked"),
        (&["start", "web=v2", "api=v7"], started_together(), "started_together"),
    ];
    for (args, document, name) in answers {
        let ended = Fake::saying([Answer::ok(&document)]).run(args);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{args:?}");
        assert_golden(name, &ended.stdout);
    }
    for verb in ["promote", "pause", "resume", "abort", "undo", "retry"] {
        let ended = Fake::saying([Answer::ok(&started())]).run(&[verb, "web"]);
        assert_eq!(ended.stdout, "◌ web v2: preparing (rollout 7); no request until it is ready\n");
    }
}

#[test]
fn without_a_terminal_there_is_no_color_unless_it_is_wanted() {
    let run =
        |args: &[&str]| Fake::saying([Answer::ok(&progressing())]).run(&[&["status", "web"], args].concat()).stdout;
    assert_golden("status_progressing", &run(&[]));
    assert_golden("status_progressing", &run(&["--color", "never"]));
    assert!(run(&["--color", "always"]).contains("\u{1b}[36m▶ progressing"));
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let (word, waits) = mpsc::channel();
    let Answer::Bytes(bytes) = Answer::ok(&overview()) else { panic!("bytes") };
    let fake = Fake::saying([Answer::After(waits, bytes)]);
    let mut child = fake.command(&["status"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The reader goes before there is anything to read.
    drop(child.stdout.take());
    word.send(()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn a_full_disk_is_a_failure() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let fake = Fake::saying([Answer::ok(&overview())]);
    let output = fake.command(&["status"]).stdout(full).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.starts_with("error: standard output: No space left on device"), "{stderr}");
}
