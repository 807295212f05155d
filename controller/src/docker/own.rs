//! Which container canaryd itself is, if it is one. It looks at nothing but what the kernel says of its own process.

use std::fs;

use crate::docker::sighting::ContainerId;

/// The length of an id in full, and of the part that a container has for its host name.
const ID_LENGTH: usize = 64;
const SHORT_LENGTH: usize = 12;

/// The files that an Engine puts into each container, from a folder that has its id for a name.
const BROUGHT: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/// The ids that this process's container may have, the surest first; an Engine knows at most one of them.
#[must_use]
pub fn candidates() -> Vec<ContainerId> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    of(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"), &read("/proc/sys/kernel/hostname"))
}

fn of(mountinfo: &str, cgroup: &str, hostname: &str) -> Vec<ContainerId> {
    // The fourth field is the source of a mount in its file system, the fifth where it is mounted. The host itself
    // sees the folders of containers too, but never mounted there.
    let mounts = mountinfo.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (source, place) = (fields.next()?, fields.next()?);
        BROUGHT.contains(&place).then_some(source)
    });
    let groups = cgroup.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let named = mounts.chain(groups).filter_map(id_in);
    let hostname = Some(hostname.trim()).filter(|name| name.len() == SHORT_LENGTH && is_hex(name));
    let mut candidates: Vec<ContainerId> = Vec::new();
    for id in named.chain(hostname).map(ContainerId::new) {
        if !candidates.contains(&id) {
            candidates.push(id);
        }
    }
    candidates
}

/// The id in a path: `/var/lib/docker/containers/ID/hosts`, `/docker/ID`, `/system.slice/docker-ID.scope`.
fn id_in(path: &str) -> Option<&str> {
    let mut words = path.rsplit(|letter: char| !letter.is_ascii_alphanumeric());
    words.find(|word| word.len() == ID_LENGTH && is_hex(word))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "03d81833b04f88565abe5cd6cd407e36d8ebbdbb632152493e438236259fbc13";
    const OTHER: &str = "1f07a172adbccb05c518785cf51fd8bfe874ffb811955205d3ffaa6e9fd2b58a";

    fn found(mountinfo: &str, cgroup: &str, hostname: &str) -> Vec<String> {
        of(mountinfo, cgroup, hostname).iter().map(|id| id.as_str().to_owned()).collect()
    }

    #[test]
    fn a_container_finds_itself_by_its_mounts_or_its_group_or_its_host_name() {
        let mounts = format!(
            "1 2 0:5 / /proc rw - proc proc rw\n\
             3 2 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n\
             4 2 8:1 /var/lib/docker/containers/{ID}/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
        );
        assert_eq!(found(&mounts, "0::/\n", "edge\n"), [ID]);
        assert_eq!(found("", &format!("12:cpu:/docker/{ID}\n0::/system.slice/docker-{ID}.scope\n"), ""), [ID]);
        assert_eq!(found("", "", "03d81833b04f\n"), ["03d81833b04f"]);
        assert_eq!(found(&mounts, "", "03d81833b04f"), [ID, "03d81833b04f"]);
    }

    #[test]
    fn the_host_that_has_containers_is_none() {
        let mounts = format!(
            "9 2 0:50 / /var/lib/docker/containers/{OTHER}/mounts/shm rw - tmpfs shm rw\n\
             8 2 8:1 /var/lib/docker/containers/{OTHER}/hosts /mnt/hosts rw - ext4 /dev/sda1 rw\n"
        );
        assert_eq!(found(&mounts, "0::/user.slice\n", "host\n"), Vec::<String>::new());
        assert_eq!(found("", "", "not-a-number\n"), Vec::<String>::new());
    }
}
