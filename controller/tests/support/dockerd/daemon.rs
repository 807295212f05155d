//! The Engine's process, and all that it is given.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, MutexGuard};
use std::{env, thread};

use serde_json::json;

use super::client;
use super::home::Home;
use super::room::{self, Room};
use crate::support::{Identity, until};

/// What has to be installed.
const PROGRAMS: [&str; 3] = ["dockerd", "containerd", "iptables"];

/// The file that says where it listens besides its socket.
const FAR_HOST: &str = "far-host";

/// Bytes of its log that a failure shows.
const LOG_TAIL: usize = 2000;

/// A process in a room. Both end when this is dropped, and everything in the room with them.
pub(super) struct Daemon {
    // The order is that in which they go.
    room: Room,
    process: Mutex<Process>,
    home: Home,
}

/// What stands for it on the outside of the room.
struct Process(Child);

// === impl Daemon ===

impl Daemon {
    /// Starts it.
    pub(super) fn new(room: Room) -> Self {
        let home = Home::new();
        let process = Mutex::new(Process(launch(&room, &home)));
        Self { room, process, home }
    }

    pub(super) fn room(&self) -> &Room {
        &self.room
    }

    pub(super) fn socket(&self) -> PathBuf {
        socket(&self.home)
    }

    pub(super) fn home(&self) -> PathBuf {
        self.home.folder.clone()
    }

    /// Notes where it is to listen too when it is launched next, with TLS.
    pub(super) fn listen_also(&self, address: &str, authority: &Path, own: &Identity) {
        let config =
            json!({ "tlsverify": true, "tlscacert": authority, "tlscert": &own.cert, "tlskey": &own.key }).to_string();
        fs::write(self.home.config(), config).expect("our own folder takes a file");
        fs::write(self.home.path(FAR_HOST), format!("tcp://{address}")).expect("our own folder takes a file");
    }

    /// Starts it once more, after it has ended.
    pub(super) fn launch(&self) {
        *self.process() = Process(launch(&self.room, &self.home));
    }

    pub(super) async fn until_up(&self, host: &str) {
        until("an answer of the Engine", async || {
            if let Some(status) = self.process().0.try_wait().expect("our child") {
                panic!("the Engine ended with {status}: {}", self.log());
            }
            let answered = async { client(host)?.ping().await };
            answered.await.map(drop).map_err(|error| format!("{error}; {}", self.log()))
        })
        .await;
    }

    pub(super) async fn terminate(&self) {
        self.signal("TERM").await;
    }

    pub(super) async fn kill9(&self) {
        self.signal("KILL").await;
    }

    /// Sends it a signal which ends it, and waits for that.
    async fn signal(&self, signal: &str) {
        let pid = self.home.path("pid");
        let mut kill = self.room.command("sh");
        kill.args(["-c", "kill -s \"$1\" \"$(cat \"$2\")\"", "sh", signal]).arg(pid);
        assert!(kill.status().expect("sh can be run").success(), "{signal} was not sent");
        until("the end of the Engine", async || {
            let ended = self.process().0.try_wait().expect("our child");
            ended.ok_or_else(|| self.log())
        })
        .await;
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().expect("nobody panics who holds it")
    }

    /// The last of what it said.
    fn log(&self) -> String {
        let log = fs::read(self.home.path("log")).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_TAIL)..]).into_owned()
    }
}

impl Drop for Daemon {
    #[expect(clippy::print_stderr, reason = "a test that fails shows what it saw")]
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the Engine said last: {}", self.log());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.wait().expect("our child");
    }
}

fn launch(room: &Room, home: &Home) -> Child {
    let log = File::options().create(true).append(true).open(home.path("log")).expect("our own folder takes a file");
    let mut command = room.command("dockerd");
    command.arg("--config-file").arg(home.config());
    command.arg("--data-root").arg(home.path("data"));
    command.arg("--exec-root").arg(home.path("exec"));
    command.arg("--pidfile").arg(home.path("pid"));
    command.arg("--host").arg(format!("unix://{}", socket(home).display()));
    if let Ok(host) = fs::read_to_string(home.path(FAR_HOST)) {
        command.arg("--host").arg(host);
    }
    command.arg("--cgroup-parent").arg(home.control_group());
    // On some machines it would ask systemd for the groups, which is not in the room.
    command.args(["--exec-opt", "native.cgroupdriver=cgroupfs"]);
    command.stdout(log.try_clone().expect("a file")).stderr(log);
    command.spawn().expect("nsenter can be run")
}

fn socket(home: &Home) -> PathBuf {
    home.path("docker.sock")
}

/// Why none can be had here, if so.
pub(super) fn what_is_missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("only root may start one".to_owned());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &&str| env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let missing: Vec<_> = room::PROGRAMS.into_iter().chain(PROGRAMS).filter(|program| !is_there(program)).collect();
    (!missing.is_empty()).then(|| format!("{} is not there; run: .ci/setup test", missing.join(", ")))
}
