//! How many files and sockets the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Takes all that the system grants. The usual soft limit of 1024 is less than one busy client may open, and without
/// descriptors neither probes nor the store work.
pub fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => tracing::debug!(?current, ?maximum, "the limit of open files is raised"),
        Err(why) => tracing::warn!(?current, ?maximum, %why, "the limit of open files cannot be raised"),
    }
}
