//! A real Docker Engine of the test's own, in a network of its own.
//!
//! [`with_engine`] runs a test on the inside of that network, where the addresses of containers can be reached: the
//! requests that it makes go from there, and so do those of a canaryd that it starts. When it ends, however it ends,
//! nothing is left of it.
//!
//! `CANARYD_TEST_DOCKER_HOST` names another Engine. One test at a time uses it, and what these helpers have made there
//! is removed.

mod content;
mod daemon;
mod home;
mod program;
mod room;
mod swarm;

use std::env;
use std::fs::File;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};
use tokio::runtime::Builder;

pub(crate) use self::content::HEALTHCHECK;
pub(super) use self::content::PROJECT;
use self::daemon::Daemon;
use self::room::Room;
use super::{Identity, Relay};

/// Names an Engine to use instead of our own.
const HOST: &str = "CANARYD_TEST_DOCKER_HOST";

/// Seconds that an answer of an Engine may take.
const ANSWER_MAX: u64 = 60;

/// An Engine that answers.
pub(crate) struct Dockerd {
    pub(crate) docker: Docker,
    /// As canaryd's configuration names it.
    pub(crate) host: String,
    daemon: Option<Daemon>,
}

/// Runs a test with an Engine, or says why that cannot be done here.
pub(crate) fn with_engine(test: impl AsyncFnOnce(&Dockerd) + Send) {
    match env::var(HOST) {
        Ok(host) => with_given(&host, test),
        Err(_) => with_own_engine(test),
    }
}

/// The same for a test that does to its Engine what only one of our own allows.
pub(crate) fn with_own_engine(test: impl AsyncFnOnce(&Dockerd) + Send) {
    if let Ok(host) = env::var(HOST) {
        return skip(&format!("it is no test for {host}; unset {HOST}"));
    }
    if let Some(why) = daemon::what_is_missing() {
        return skip(&why);
    }
    let room = match Room::open() {
        Ok(room) => room,
        Err(why) => return skip(&why),
    };
    on_a_thread(async move || {
        room.enter_network();
        let engine = Dockerd::of_our_own(room).await;
        test(&engine).await;
    })
    .unwrap_or_else(|panic| resume_unwind(panic));
}

fn with_given(host: &str, test: impl AsyncFnOnce(&Dockerd) + Send) {
    let lock = File::create(env::temp_dir().join("canaryd-engine.lock")).expect("a temporary file");
    lock.lock().expect("whoever has it will end");
    let clear = || on_a_thread(async || Dockerd::given(host).clear().await);
    clear().unwrap_or_else(|panic| resume_unwind(panic));
    let ended = on_a_thread(async || test(&Dockerd::given(host)).await);
    // What the test says is said first.
    ended.and(clear()).unwrap_or_else(|panic| resume_unwind(panic));
}

/// Runs it on a thread of its own, with everything that it begins.
fn on_a_thread(work: impl AsyncFnOnce() + Send) -> thread::Result<()> {
    let run = || Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work());
    thread::scope(|scope| scope.spawn(run).join())
}

/// Where everything is to be shown, nothing may be skipped.
#[expect(clippy::print_stderr, reason = "whoever runs the tests has to know what they do not show")]
pub(super) fn skip(why: &str) {
    assert!(env::var("CI").as_deref() != Ok("true"), "nothing may be skipped here: {why}");
    eprintln!("SKIPPED, as there is no Docker Engine for it: {why}");
}

// === impl Dockerd ===

impl Dockerd {
    async fn of_our_own(room: Room) -> Self {
        let daemon = Daemon::new(room);
        let host = format!("unix://{}", daemon.socket().display());
        daemon.until_up(&host).await;
        Self { docker: client(&host).expect("it is up"), host, daemon: Some(daemon) }
    }

    fn given(host: &str) -> Self {
        let docker = client(host).unwrap_or_else(|error| panic!("{HOST} is {host}: {error}"));
        Self { docker, host: host.to_owned(), daemon: None }
    }

    /// Where everything is that it keeps.
    pub(crate) fn home(&self) -> PathBuf {
        self.daemon().home()
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.host.strip_prefix("unix://").expect("it is at a socket").into()
    }

    /// A socket in front of its own, which can be cut.
    pub(crate) fn relay(&self) -> Relay {
        Relay::to(self.socket())
    }

    /// Ends it in order, and starts it again. Containers end with it.
    pub(crate) async fn restart(&self) {
        self.daemon().terminate().await;
        self.come_back().await;
    }

    /// Starts it again, so that it listens there too, for those to whom this authority has given a certificate.
    pub(crate) async fn listen_also(&self, address: &str, authority: &Path, own: &Identity) {
        self.daemon().listen_also(address, authority, own);
        self.restart().await;
    }

    /// Ends it at once. Containers go on until it is back.
    pub(crate) async fn kill9(&self) {
        self.daemon().kill9().await;
    }

    /// Starts it again, with all that it had.
    pub(crate) async fn come_back(&self) {
        self.daemon().launch();
        self.daemon().until_up(&self.host).await;
    }

    fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().expect("a test that needs it asks for an Engine of its own")
    }
}

/// A client of an Engine, whose socket has to be there.
fn client(host: &str) -> Result<Docker, Error> {
    match host.strip_prefix("unix://") {
        Some(socket) => Docker::connect_with_unix(socket, ANSWER_MAX, API_DEFAULT_VERSION),
        None => Docker::connect_with_http(host, ANSWER_MAX, API_DEFAULT_VERSION),
    }
}
