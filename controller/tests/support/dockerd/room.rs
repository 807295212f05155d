//! A room for an Engine: namespaces of processes, mounts and the network.
//!
//! The kernel clears it when its first process ends, and that one ends when it reads nothing more from us. So nothing
//! of it outlives us, whatever becomes of us.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::fd::AsFd as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What the first process does. Each room has a `/run` of its own, with the lock of iptables in it.
const KEEP: &str = "mount -t tmpfs tmpfs /run && ip link set lo up && echo ready && read -r _";

/// What has to be installed for it.
pub(super) const PROGRAMS: [&str; 4] = ["unshare", "nsenter", "docker-init", "ip"];

/// A room, which is cleared when this is dropped.
pub(super) struct Room {
    keeper: Child,
    word: Option<ChildStdin>,
    network: File,
}

// === impl Room ===

impl Room {
    /// Opens one, or tells why this machine has none.
    pub(super) fn open() -> Result<Self, String> {
        // The second one is the first process of the room: it buries the dead, which a shell does not.
        let own = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
        let mut keeper = Command::new("unshare");
        keeper.args(own).args(["docker-init", "--", "sh", "-c", KEEP]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = keeper.spawn().expect("unshare can be run");
        let (word, said) = (keeper.stdin.take(), keeper.stdout.take().expect("it is piped"));
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line).expect("it can be read");
        if line != "ready\n" {
            let status = keeper.wait().expect("our child");
            return Err(format!("this root may make no namespaces (unshare: {status})"));
        }
        let network = File::open(format!("/proc/{}/ns/net", keeper.id())).expect("it lasts");
        Ok(Self { keeper, word, network })
    }

    /// A program that will run in it.
    pub(super) fn command(&self, program: &str) -> Command {
        let keeper = self.keeper.id();
        let mut command = Command::new("nsenter");
        command.args([
            format!("--mount=/proc/{keeper}/ns/mnt"),
            format!("--net=/proc/{keeper}/ns/net"),
            format!("--pid=/proc/{keeper}/ns/pid_for_children"),
        ]);
        command.args(["--", program]).stdin(Stdio::null());
        command
    }

    /// Lays a wire from its network to that of another, and gives its ends these addresses.
    pub(super) fn wire(&self, other: &Self, addresses: [&str; 2]) {
        let ip = |room: &Self, words: &[&str]| {
            let mut command = Command::new("nsenter");
            // Processes are named by the numbers that they have on the outside.
            command.arg(format!("--net=/proc/{}/ns/net", room.keeper.id())).arg("ip").args(words);
            assert!(command.status().expect("nsenter can be run").success(), "ip {words:?}");
        };
        let keeper = other.keeper.id().to_string();
        ip(self, &["link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", &keeper]);
        for (room, address) in [self, other].into_iter().zip(addresses) {
            ip(room, &["address", "add", &format!("{address}/24"), "dev", "wire"]);
            ip(room, &["link", "set", "wire", "up"]);
        }
    }

    /// Takes this thread into its network: the sockets that it makes, and the processes and threads that it starts.
    pub(super) fn enter_network(&self) {
        move_into_link_name_space(self.network.as_fd(), Some(LinkNameSpaceType::Network)).expect("we are root");
    }

    /// Takes this thread into the network of a process that has this number in the room, and gives it its host name.
    pub(super) fn enter_network_of(&self, pid: i64) {
        let spaces = format!("/proc/{}/root/proc/{pid}/ns", self.keeper.id());
        let kinds = [("net", LinkNameSpaceType::Network), ("uts", LinkNameSpaceType::HostNameAndNISDomainName)];
        for (name, kind) in kinds {
            let space = File::open(format!("{spaces}/{name}")).expect("it runs");
            move_into_link_name_space(space.as_fd(), Some(kind)).expect("we are root");
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.word = None;
        // It has ended when all that was in the room has.
        self.keeper.wait().expect("our child");
    }
}
