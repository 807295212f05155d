//! An edge in a process of its own, so that what is measured is the edge and not its clients.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{self, Command, Stdio};

use super::Edge;

/// Set in the process that is the edge.
const ROLE: &str = "CANARY_TEST_EDGE";
const SAYS: &str = "the edge is at ";

pub(crate) struct Child {
    pub(crate) address: SocketAddr,
    process: process::Child,
}

impl Child {
    /// Runs the test of this name again, in another process under `ulimit -n`. To be called first in that test: there
    /// it serves until its parent ends, and then returns `None`.
    pub(crate) fn of_test(name: &str, open_files_max: usize, start: impl FnOnce() -> Edge) -> Option<Self> {
        if env::var_os(ROLE).is_some() {
            let edge = start();
            // At the beginning of a line, whatever the test harness has written on this one.
            writeln!(io::stdout(), "\n{SAYS}{}", edge.address).unwrap();
            io::stdin().read_to_end(&mut Vec::new()).unwrap();
            return None;
        }
        let mut process = Command::new("sh")
            .args(["-c", &format!("ulimit -n {open_files_max}; exec \"$0\" \"$@\"")])
            .arg(env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(ROLE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find_map(|line| line.strip_prefix(SAYS)?.parse().ok());
        Some(Self { address: address.expect("the edge says where it is"), process })
    }

    /// The resident memory in bytes.
    pub(crate) fn resident(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
