//! What is said of the commands: help, completions and man pages, all made from the same types.

use crate::canaryctl::fake::{Ended, canaryctl};
use crate::canaryctl::golden::assert_golden;

const COMMANDS: [&str; 31] = [
    "deploy",
    "preflight",
    "rollback",
    "start",
    "promote",
    "pause",
    "resume",
    "abort",
    "undo",
    "retry",
    "adopt",
    "freeze",
    "unfreeze",
    "park",
    "unpark",
    "status",
    "watch",
    "rollouts",
    "history",
    "events",
    "explain",
    "plan",
    "doctor",
    "why",
    "reload",
    "lint",
    "simulate",
    "backup",
    "restore",
    "completion",
    "man",
];

fn printed(args: &[&str]) -> String {
    let ended: Ended = canaryctl(args).output().unwrap().into();
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{args:?}");
    ended.stdout
}

#[test]
fn help_lists_the_commands_and_explains_the_exit_codes() {
    let help = printed(&["--help"]);
    assert_golden("help", &help);
    let is_listed = |command: &&str| help.contains(&format!("\n  {command} "));
    assert!(COMMANDS.iter().all(is_listed), "{help}");
    assert_eq!(printed(&["--version"]), format!("canaryctl {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_command_has_its_help() {
    let helps = COMMANDS.map(|command| format!("$ canaryctl {command} --help\n{}\n", printed(&[command, "--help"])));
    assert_golden("help_of_commands", &helps.concat());
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed(&["completion", shell]);
        assert!(COMMANDS.iter().all(|command| script.contains(command)), "{shell}: {script}");
    }
}

#[test]
fn the_man_page_is_whole() {
    let page = printed(&["man"]).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    assert_golden("man", &page);
}

#[test]
fn every_command_has_its_man_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    assert_eq!(printed(&["man", pages.to_str().unwrap()]), "");
    let mut written: Vec<_> =
        std::fs::read_dir(pages).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut expected: Vec<_> = COMMANDS.iter().map(|command| format!("canaryctl-{command}.1")).collect();
    expected.push("canaryctl.1".to_owned());
    written.sort();
    expected.sort();
    assert_eq!(written, expected);
}
