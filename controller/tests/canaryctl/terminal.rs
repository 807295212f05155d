//! A terminal: what it shows, and what becomes of it.

use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::json;

use crate::canaryctl::fake::{Answer, Fake, PATIENCE};
use crate::canaryctl::fixture::{overview, probation, progressing, with};

const HOME: &str = "\u{1b}[H";

/// A process at a terminal of its own.
struct Terminal {
    child: Child,
    written: mpsc::Receiver<Vec<u8>>,
    seen: String,
}

/// Sends a signal to a process of ours.
pub(super) fn signal(child: &Child, name: &str) {
    // A process that has not been waited for keeps its number, so this reaches nobody else.
    let script = ["-c", "kill -s \"$1\" \"$2\"", "sh", name, &child.id().to_string()];
    assert!(Command::new("sh").args(script).status().unwrap().success());
}

// === impl Terminal ===

impl Terminal {
    fn run(mut command: Command, columns: u16, rows: u16) -> Self {
        command.env("TERM", "xterm");
        Self::open(command, columns, rows)
    }

    fn open(mut command: Command, columns: u16, rows: u16) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let theirs = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let theirs = File::options().read(true).write(true).open(theirs).unwrap();
        tcsetwinsize(&theirs, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        command.stdout(theirs.try_clone().unwrap()).stderr(theirs);
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        // What is left open of the other end would keep ours from ending.
        drop(command);
        let (sender, written) = mpsc::channel();
        let mut ours = File::from(ours);
        thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(count @ 1..) = ours.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, written, seen: String::new() }
    }

    /// Reads until it has shown this.
    fn until(&mut self, text: &str) {
        while !self.seen.contains(text) {
            let bytes = self.written.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{text}: {:?}", self.seen));
            self.seen += &String::from_utf8_lossy(&bytes);
        }
    }

    /// The exit code, and everything that it has shown.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        while let Ok(bytes) = self.written.recv_timeout(PATIENCE) {
            self.seen += &String::from_utf8_lossy(&bytes);
        }
        (code, self.seen)
    }
}

#[test]
fn watch_draws_over_what_was_there_and_ends_with_the_verdict() {
    let fake = Fake::saying([progressing(), progressing(), probation()].map(|service| Answer::ok(&service)));
    let (code, seen) = Terminal::run(fake.command(&["watch", "web"]), 100, 50).end();
    let frames: Vec<_> = seen.split(HOME).skip(1).collect();
    assert_eq!((code, frames.len()), (Some(0), 2), "{seen:?}");
    assert!(frames[0].contains("▶ progressing for 4m 12s") && frames[1].contains("◷ probation"), "{seen:?}");
    // Every line is cleared behind its text, and everything below; nothing is cleared before it is drawn over.
    assert!(frames.iter().all(|frame| frame.ends_with("\u{1b}[J") && frame.contains("\u{1b}[K\r\n")), "{seen:?}");
    assert!(!seen.contains("\u{1b}[2J") && !seen.contains("\u{1b}[?"), "no mode of the terminal is touched");
}

#[test]
fn a_small_terminal_shows_what_it_has_room_for() {
    let fake = Fake::saying([Answer::ok(&probation())]);
    let (_, seen) = Terminal::run(fake.command(&["watch", "web", "--color", "never"]), 20, 5).end();
    let lines: Vec<_> = seen.trim_start_matches(HOME).split("\u{1b}[K\r\n").collect();
    assert_eq!(
        lines[..4],
        ["service      web", "phase        ◷ proba\u{1b}[0m", "why          the evi\u{1b}[0m", "… 12 more lines"]
    );
    assert_eq!(lines[4..], ["\u{1b}[J"]);
}

#[test]
fn an_interrupted_watch_ends_with_130_and_says_how_to_go_on() {
    let fake = Fake::saying([Answer::ok(&progressing())]);
    let mut terminal = Terminal::run(fake.command(&["watch", "web", "--color", "never"]), 80, 50);
    terminal.until("canaryctl abort web");
    signal(&terminal.child, "INT");
    let (code, seen) = terminal.end();
    let end = "error: interrupted\r\nhint: the rollout goes on; `canaryctl watch web` takes it up again\r\n";
    assert_eq!(code, Some(130));
    assert!(seen.ends_with(end), "{seen:?}");
}

#[test]
fn a_status_that_is_watched_goes_on_until_interrupted() {
    let changed = with(overview(), json!({ "services": [probation()] }));
    let fake = Fake::saying([Answer::ok(&overview()), Answer::Bytes(Vec::new()), Answer::ok(&changed)]);
    let mut terminal = Terminal::run(fake.command(&["status", "--watch"]), 100, 50);
    terminal.until("billing-");
    terminal.until("canaryd does not answer; asking again");
    terminal.until("◷ probation");
    signal(&terminal.child, "TERM");
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(0), "{seen:?}");
}

#[test]
fn a_dumb_terminal_gets_lines() {
    let fake = Fake::saying([Answer::ok(&probation())]);
    let mut command = fake.command(&["watch", "web"]);
    command.env("TERM", "dumb");
    let (code, seen) = Terminal::open(command, 80, 24).end();
    assert_eq!((code, seen.as_str()), (Some(0), "web v2: 100%, in probation\r\n"));
}
